"""Engine wiring: from the engines by role to a plan of workers, rings and latency paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.control import Control
from bridge.core.engine import EngineSpec, EventPort
from bridge.core.latency import MIDI_PORTS, Path, buffering_frames
from bridge.errors import BridgeError, EngineError
from bridge.runtime.resampled_engine import load_engine_at_rate
from bridge.runtime.shared.layout import (
    CLOCK_PORT,
    FORESEEN_RING,
    HOST_RING,
    MAX_CONTROLS,
    SEPARATED,
    SOUND_RING,
    Plan,
    WorkerPlan,
)

ROLES: tuple[str, ...] = ("separation", "mir", "accompaniment", "synth")
"""The roles of engines; each may read only the output of those before it."""

NEEDED_ANALYSES: tuple[str, ...] = ("chords", "beats")
"""Event outputs that a mir engine must have; each is also rendered to a MIDI port."""

ANALYSES: tuple[str, ...] = (*NEEDED_ANALYSES, "onsets", "notes")
"""Event outputs of the mir engine, those that it need not have included; each is published, and read by other engines.

Onsets and notes go to the Bus only: the DAW has better MIDI notes on its own track, and a wrong note of a tracker is
worse when it sounds than when it is displayed.
"""

NEEDED_OUTPUTS: Mapping[str, frozenset[str]] = {
    "separation": frozenset(STEMS[:SEPARATED]),
    "mir": frozenset(NEEDED_ANALYSES),
    "accompaniment": frozenset({"midi"}),
    "synth": frozenset({"audio"}),
}
"""The outputs that an engine needs for a role."""

ANALYSER_OF: Mapping[str, str] = {"beats": "beat", "chords": "chord", "onsets": "beat", "notes": "note"}
"""The audio input that each of ANALYSES is made from, where an engine has it."""


PLAYED: dict[str, str] = {"midi": "accompaniment", "sound": SOUND_RING}
"""The rings from a player to a synth, by port: its notes, and its program and volume changes."""


@dataclass(frozen=True, slots=True)
class Node:
    """An engine in the graph, with its latencies at the graph's rate.

    ``ahead_frames``: by how much a synth runs ahead of the input, which its latency has taken off.
    """

    role: str
    name: str
    spec: EngineSpec
    latencies: Mapping[str, int]
    lead_frames: int
    ahead_frames: int = 0

    @property
    def runs_ahead(self) -> bool:
        """Whether its reserve is part of a lead instead of a delay."""
        return self.spec.predicts or self.ahead_frames > 0

    @property
    def audio_latency(self) -> int:
        """The latency of its audio outputs, which all have the same; 0 where there are none."""
        return max((self.latencies[port.name] for port in self.spec.audio(self.spec.outputs)), default=0)


@dataclass(frozen=True, slots=True)
class Wiring:
    """The nodes in the order of ROLES, and their plan."""

    plan: Plan
    nodes: tuple[Node, ...]

    @property
    def controls(self) -> tuple[Control, ...]:
        """The controls of all engines."""
        return tuple(control for node in self.nodes for control in node.spec.controls)


def _check(role: str, name: str, spec: EngineSpec) -> None:
    outputs = {port.name for port in spec.outputs}
    needed = NEEDED_OUTPUTS[role]
    if needed - outputs:
        raise EngineError(f"engine {name!r} cannot do {role}: it has no output {', '.join(sorted(needed - outputs))}")
    if role == "synth" and "midi" not in {port.name for port in spec.events(spec.inputs)}:
        raise EngineError(f"engine {name!r} cannot do {role}: it has no input midi")
    if any(port.channels != CHANNELS for port in (*spec.audio(spec.inputs), *spec.audio(spec.outputs))):
        raise EngineError(f"engine {name!r}: its audio ports must be stereo here")
    if len(spec.controls) > MAX_CONTROLS:
        raise EngineError(f"engine {name!r} declares {len(spec.controls)} controls; {MAX_CONTROLS} fit")


def make_node(role: str, name: str, rate: int, reserve: int, further: int = 0) -> Node:
    """Load and prepare engine ``name`` once, for its spec and its latencies at ``rate`` in Hz.

    At a rate that is not one of its own it is the resampled engine, whose hop and delay differ. An engine that
    predicts leads by its hop and the reserve, which covers the buffering of any period, and by ``further`` frames,
    the time that its reader needs.
    """
    engine = load_engine_at_rate(name, rate)
    spec = engine.spec
    _check(role, name, spec)
    lead = spec.hop + reserve + further if spec.predicts else 0
    try:
        engine.prepare(rate, spec.hop, lead)
        latencies = {port.name: engine.latency_frames(port.name) for port in spec.outputs}
    except EngineError:
        raise
    except Exception as error:  # an engine may fail with anything at an unexpected rate
        why = str(error) if isinstance(error, BridgeError) else f"{type(error).__name__}: {error}"
        raise EngineError(f"engine {name!r} cannot be prepared for {rate} Hz: {why}") from error
    return Node(role, name, spec, latencies, lead)


def _find_ring(port: str, role: str, before: tuple[str, ...]) -> str:
    """The ring that ``role`` reads for event input ``port``; empty without a writer, and the port stays silent."""
    if role == "synth":
        return PLAYED.get(port, "")
    if port in ANALYSES and "mir" in before:
        return f"mir.{port}"
    return HOST_RING if port == "midi" else ""


def _plan_worker(index: int, node: Node, before: tuple[str, ...]) -> WorkerPlan:
    events_in = [port.name for port in node.spec.inputs if isinstance(port, EventPort)]
    reads = {port: ring for port in events_in if (ring := _find_ring(port, node.role, before))}
    return WorkerPlan(
        role=node.role,
        engine=node.name,
        index=index,
        hop=node.spec.hop,
        lead_frames=node.lead_frames,
        ahead_frames=node.ahead_frames,
        controls=tuple(control.name for control in node.spec.controls),
        reads=reads,
        writes=_map_analyses(node) if node.role == "mir" else _map_player_ports(node),
        renders={port: port for port in NEEDED_ANALYSES} | {CLOCK_PORT: "beats"} if node.role == "mir" else {},
        waits_for=_find_writers(reads.values(), before),
    )


def _find_writers(rings: Iterable[str], before: tuple[str, ...]) -> tuple[int, ...]:
    """The workers, by their place in ``before``, that write ``rings``."""
    writers = {"mir" if ring.startswith("mir.") else "accompaniment" for ring in rings if ring != HOST_RING}
    return tuple(index for index, role in enumerate(before) if role in writers)


def _map_analyses(node: Node) -> dict[str, str]:
    return {port.name: f"mir.{port.name}" for port in node.spec.outputs if port.name in ANALYSES}


def _map_player_ports(node: Node) -> dict[str, str]:
    rings = PLAYED | {"foreseen": FORESEEN_RING} if node.role == "accompaniment" else {}
    return {port: ring for port, ring in rings.items() if port in node.latencies}


def wire(engines: Mapping[str, str], rate: int, reserves: Mapping[str, int]) -> Wiring:
    """The wiring of ``engines`` (role to name; a role without a name is left out) at ``rate``.

    A synth without an accompaniment is left out, too. Else it runs ahead of the input: its hop at frame f is the audio
    of the notes from f + ahead on, where ahead is the time that it needs itself, so that its audio has no more delay
    than the notes. The player decides earlier by that much. If the player does not predict, the synth runs behind.
    """
    roles = tuple(role for role in ROLES if engines.get(role) and (role != "synth" or engines.get("accompaniment")))
    made: dict[str, Node] = {}
    if "synth" in roles:
        synth = make_node("synth", engines["synth"], rate, reserves["synth"])
        needs = synth.spec.hop + reserves["synth"] + synth.audio_latency
        player = make_node("accompaniment", engines["accompaniment"], rate, reserves["accompaniment"], needs)
        ahead = -player.latencies["midi"] - player.spec.hop - reserves["accompaniment"]
        latencies = {port: frames - ahead for port, frames in synth.latencies.items()}
        made = {"accompaniment": player, "synth": replace(synth, latencies=latencies, ahead_frames=ahead)}
    nodes = tuple(made.get(role) or make_node(role, engines[role], rate, reserves[role]) for role in roles)
    workers = tuple(_plan_worker(i, node, roles[:i]) for i, node in enumerate(nodes))
    rings = (HOST_RING, *MIDI_PORTS, *(f"mir.{port}" for port in ANALYSES), FORESEEN_RING, SOUND_RING)
    return Wiring(Plan(rate=rate, workers=workers, rings=rings), nodes)


def input_delay_of(player: Node, synth: Node, period: int) -> int:
    """Frames by which a synth has to run behind the input, so that its notes are there in any case.

    0, unless a period is longer than the reserve of the player, which may take that long.
    """
    reserve = -player.latencies["midi"] - synth.ahead_frames - player.spec.hop
    return max(period - reserve, 0)


def upstream_frames(separation: Node, period: int, reserve: int) -> int:
    """Frames after frame f by which its stems are there in any case: their hop is complete and processed."""
    row = paths_of(separation, period, reserve, 0)[0]
    return row.model + separation.spec.hop + row.reserve


def paths_of(node: Node, period: int, reserve: int, offset: int, upstream: int = 0) -> tuple[Path, ...]:
    """The ledger's rows for a node: buffering by its hop and the period, its reserve, the user's offset.

    ``upstream``: frames that it waits for its sources: stems, or notes.

    A worker that runs beside the callback has at least one period, however small its reserve: the input of one
    callback can be output in the next at the earliest. A reserve of 0 is for a driver that waits.
    """
    buffering = buffering_frames(node.spec.hop, period)
    least = period if reserve > 0 else 0
    reserve = max(reserve, least)

    def row(name: str, ports: tuple[str, ...], model: int, spare: int) -> Path:
        return Path(name, ports, model, buffering, spare, offset, period, upstream=upstream)

    if node.role == "separation":
        pairs = {name: (f"{name}_1", f"{name}_2") for name in (*STEMS, "mix")}
        return tuple(row(name, ports, node.audio_latency, reserve) for name, ports in pairs.items())
    if node.role == "mir":
        # an analysis without a MIDI port has a row too: the delay of its publication
        analyses = tuple(name for name in ANALYSES if name in node.latencies)
        ports = {name: (name,) if name in MIDI_PORTS else () for name in analyses}
        ahead = -(upstream + buffering + reserve + offset)
        return (
            *(row(name, ports[name], node.latencies[name], reserve) for name in analyses),
            row(CLOCK_PORT, (CLOCK_PORT,), ahead, reserve),
        )
    if node.role == "synth":
        # as for a player that leads, below
        spare = max(-node.audio_latency - buffering - upstream, least) if node.runs_ahead else reserve
        return (row("band", ("band_1", "band_2"), node.audio_latency, spare),)
    # a player that leads is on time: its reserve is the lead minus the buffering, except with huge periods
    spare = max(node.lead_frames - buffering, least)
    return (row("accompaniment", ("accompaniment",), node.latencies["midi"], spare),)
