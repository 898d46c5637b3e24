"""Engine wiring: from the engines by role to a plan of workers, rings and latency paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bridge.core.audio import CHANNELS
from bridge.core.control import Control
from bridge.core.engine import EngineSpec
from bridge.core.latency import MIDI_PORTS, Path, buffering_frames
from bridge.core.role import HOST_RING, ROLES
from bridge.errors import BridgeError, EngineError
from bridge.runtime.resampled_engine import load_engine_at_rate
from bridge.runtime.shared.layout import CALLBACK_RINGS, MAX_CONTROLS, Plan, WorkerPlan

EVENT_RINGS: tuple[str, ...] = tuple(
    ring for role in ROLES.values() for ring in role.writes.values() if ring not in MIDI_PORTS
)
"""The rings of events that go from engine to engine or to the Bus, and to no MIDI port."""


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


def _check_ports(role: str, name: str, spec: EngineSpec) -> None:
    """Refuse an engine whose ports or controls do not fit its role, with an `EngineError`."""
    needed_out, needed_in = ROLES[role].needed_outputs, ROLES[role].needed_inputs
    if missing := needed_out - {port.name for port in spec.outputs}:
        raise EngineError(f"engine {name!r} cannot be used for {role}: it has no output {', '.join(sorted(missing))}")
    if missing := needed_in - {port.name for port in spec.events(spec.inputs)}:
        raise EngineError(f"engine {name!r} cannot be used for {role}: it has no input {', '.join(sorted(missing))}")
    if any(port.channels != CHANNELS for port in (*spec.audio(spec.inputs), *spec.audio(spec.outputs))):
        raise EngineError(f"engine {name!r}: its audio ports must be stereo here")
    if len(spec.controls) > MAX_CONTROLS:
        raise EngineError(f"engine {name!r} declares {len(spec.controls)} controls; {MAX_CONTROLS} fit")


def make_node(role: str, name: str, rate: int, reserve: int, further: int = 0) -> Node:
    """Load and prepare engine ``name`` once, for its spec and its latencies at ``rate`` in Hz.

    At a rate that is not one of its own it is the resampled engine, whose hop and delay differ. An engine that
    predicts leads by its hop and the reserve, which covers the buffering of any period, and by ``further`` frames,
    the time that its reader needs.

    Raises:
        EngineError: The engine lacks a port that the role needs, or cannot be prepared at this rate.
    """
    engine = load_engine_at_rate(name, rate)
    spec = engine.spec
    _check_ports(role, name, spec)
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


def _plan_worker(index: int, node: Node, before: tuple[str, ...]) -> WorkerPlan:
    """The plan of the worker for ``node``; ``before``: the roles of the workers before it."""
    role = ROLES[node.role]
    writers = {ring: index for index, other in enumerate(before) for ring in ROLES[other].writes.values()}
    # an event input without a writer stays silent
    events_in = {port.name for port in node.spec.events(node.spec.inputs)}
    reads = {p: ring for p, ring in role.reads.items() if p in events_in and (ring == HOST_RING or ring in writers)}
    return WorkerPlan(
        role=node.role,
        engine=node.name,
        index=index,
        hop=node.spec.hop,
        lead_frames=node.lead_frames,
        ahead_frames=node.ahead_frames,
        controls=tuple(control.name for control in node.spec.controls),
        choices={control.name: control.choices for control in node.spec.controls if control.user_choices},
        reads=reads,
        writes={port: ring for port, ring in role.writes.items() if port in node.latencies},
        renders=dict(role.renders),
        waits_for=tuple(sorted({writers[ring] for ring in reads.values() if ring != HOST_RING})),
    )


def wire(engines: Mapping[str, str], rate: int, reserves: Mapping[str, int]) -> Wiring:
    """The wiring of ``engines`` (role to name; a role without a name is left out) at ``rate``.

    A synth without an accompaniment is left out, too. Else it runs ahead of the input: its hop at frame f is the audio
    of the notes from f + ahead on, where ahead is the time that it needs itself, so that its audio has no more delay
    than the notes. The player decides earlier by that much. If the player does not predict, the synth runs behind.
    """
    roles = tuple(
        role for role, spec in ROLES.items() if engines.get(role) and (not spec.sounds or engines.get(spec.sounds))
    )
    made: dict[str, Node] = {}
    for role in roles:
        if ROLES[role].sounds:
            made |= _make_player_and_synth(ROLES[role].sounds, role, engines, rate, reserves)
    nodes = tuple(made.get(role) or make_node(role, engines[role], rate, reserves[role]) for role in roles)
    workers = tuple(_plan_worker(i, node, roles[:i]) for i, node in enumerate(nodes))
    return Wiring(Plan(rate=rate, workers=workers, rings=(*CALLBACK_RINGS, *EVENT_RINGS)), nodes)


def _make_player_and_synth(
    player_role: str, synth_role: str, engines: Mapping[str, str], rate: int, reserves: Mapping[str, int]
) -> dict[str, Node]:
    """The nodes of a synth and of the role that it sounds, by role."""
    synth = make_node(synth_role, engines[synth_role], rate, reserves[synth_role])
    needs = synth.spec.hop + reserves[synth_role] + synth.audio_latency
    player = make_node(player_role, engines[player_role], rate, reserves[player_role], needs)
    ahead = -player.latencies["midi"] - player.spec.hop - reserves[player_role]
    latencies = {port: frames - ahead for port, frames in synth.latencies.items()}
    return {player_role: player, synth_role: replace(synth, latencies=latencies, ahead_frames=ahead)}


def compute_input_delay(player: Node, synth: Node, period: int) -> int:
    """Frames by which a synth has to run behind the input, so that its notes are there in any case.

    0, unless a period is longer than the reserve of the player, which may take that long.
    """
    reserve = -player.latencies["midi"] - synth.ahead_frames - player.spec.hop
    return max(period - reserve, 0)


def compute_upstream(separation: Node, period: int, reserve: int) -> int:
    """Frames after frame f by which its stems are there in any case: their hop is complete and processed."""
    row = make_paths(separation, period, reserve, 0)[0]
    return row.model + separation.spec.hop + row.reserve


def make_paths(node: Node, period: int, reserve: int, offset: int, upstream: int = 0) -> tuple[Path, ...]:
    """The ledger's rows for a node: buffering by its hop and the period, its reserve, the user's offset.

    ``upstream``: frames that it waits for its sources: stems, or notes.

    A worker that runs beside the callback has at least one period, however small its reserve: the input of one
    callback can be output in the next at the earliest. A reserve of 0 is for a driver that waits.
    """
    buffering = buffering_frames(node.spec.hop, period)
    least = period if reserve > 0 else 0
    role = ROLES[node.role]
    if role.leads:
        # it is on time: its reserve is the lead less the buffering, except with huge periods
        reserve = max(node.lead_frames - buffering, least)
    elif role.sounds and node.runs_ahead:
        reserve = max(-node.audio_latency - buffering - upstream, least)
    else:
        reserve = max(reserve, least)
    rows = []
    for path in role.paths:
        if path.output and path.output not in node.latencies:
            continue
        model = node.latencies[path.output] if path.output else node.audio_latency
        if path.on_time:
            model = -(upstream + buffering + reserve + offset)
        rows.append(Path(path.name, path.ports, model, buffering, reserve, offset, period, upstream=upstream))
    return tuple(rows)
