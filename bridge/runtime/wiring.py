"""Who hears whom: from engines by role to a plan of workers, rings and paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.control import Control
from bridge.core.engine import EngineSpec, EventPort
from bridge.core.latency import Path, buffering_frames
from bridge.errors import EngineError
from bridge.runtime.engines import engine_for
from bridge.runtime.shared.layout import (
    CLOCK_PORT,
    FORESEEN_RING,
    HOST_RING,
    MAX_CONTROLS,
    MIDI_PORTS,
    SEPARATED,
    Plan,
    WorkerPlan,
)

ROLES: tuple[str, ...] = ("separation", "mir", "accompaniment")
"""What engines do here, each listening only to those before it."""

NEEDED_ANALYSES: tuple[str, ...] = ("chords", "beats")
"""Event outputs that a mir engine must have; each is also rendered to a MIDI port."""

ANALYSES: tuple[str, ...] = (*NEEDED_ANALYSES, "onsets", "notes")
"""Event outputs of the mir engine, those that it need not have included; each is published, and heard by others.

Onsets and notes go to the Bus alone: whoever wants them as MIDI has better ones on the DAW's own track, and a
tracker's wrong note hurts more when it sounds than when it is read.
"""

AUDIO_PATHS: tuple[str, ...] = (*STEMS, "mix")
PATHS: tuple[str, ...] = (*AUDIO_PATHS, *MIDI_PORTS)
"""Every path of the ledger; a path's place is its bit in the ping word."""


ANALYSER_OF: Mapping[str, str] = {"beats": "beat", "chords": "chord", "onsets": "beat", "notes": "note"}
"""Of each of ANALYSES the audio input that it is heard by, where an engine has one."""


@dataclass(frozen=True, slots=True)
class Node:
    """An engine in the graph: what it is, and what it delays at the graph's rate."""

    role: str
    name: str
    spec: EngineSpec
    latencies: Mapping[str, int]
    lead_frames: int

    @property
    def audio_latency(self) -> int:
        """The latency of its audio outputs, which all have the same; 0 where there are none."""
        return max((self.latencies[port.name] for port in self.spec.audio(self.spec.outputs)), default=0)


@dataclass(frozen=True, slots=True)
class Wiring:
    """The nodes in order of ROLES and the plan that they give."""

    plan: Plan
    nodes: tuple[Node, ...]

    @property
    def controls(self) -> tuple[Control, ...]:
        """What the engines let a user set."""
        return tuple(control for node in self.nodes for control in node.spec.controls)


def _check(role: str, name: str, spec: EngineSpec) -> None:
    outputs = {port.name for port in spec.outputs}
    needed = {"separation": set(STEMS[:SEPARATED]), "mir": set(NEEDED_ANALYSES), "accompaniment": {"midi"}}[role]
    if needed - outputs:
        raise EngineError(f"engine {name!r} cannot do {role}: it has no output {', '.join(sorted(needed - outputs))}")
    if any(port.channels != CHANNELS for port in (*spec.audio(spec.inputs), *spec.audio(spec.outputs))):
        raise EngineError(f"engine {name!r}: its audio ports must be stereo here")
    if len(spec.controls) > MAX_CONTROLS:
        raise EngineError(f"engine {name!r} declares {len(spec.controls)} controls; {MAX_CONTROLS} fit")


def make_node(role: str, name: str, rate: int, reserve: int) -> Node:
    """Load and prepare engine ``name`` once, to learn what it is and what it delays, at ``rate`` in Hz.

    Where that is not one of its own, it is the engine resampled, whose hop and delay differ.
    One that predicts leads by its hop and the reserve, whatever the period: that covers the buffering of any.
    """
    engine = engine_for(name, rate)
    spec = engine.spec
    _check(role, name, spec)
    lead = spec.hop + reserve if spec.predicts else 0
    engine.prepare(rate, spec.hop, lead)
    latencies = {port.name: engine.latency_frames(port.name) for port in spec.outputs}
    return Node(role, name, spec, latencies, lead)


def _wire(index: int, node: Node, before: tuple[str, ...]) -> WorkerPlan:
    events_in = [port.name for port in node.spec.inputs if isinstance(port, EventPort)]
    reads = {port: HOST_RING if port == "midi" else f"mir.{port}" for port in events_in}
    unknown = [port for port in events_in if port != "midi" and (port not in ANALYSES or "mir" not in before)]
    for port in unknown:
        reads.pop(port)  # nobody says it: the port stays silent
    return WorkerPlan(
        role=node.role,
        engine=node.name,
        index=index,
        hop=node.spec.hop,
        lead_frames=node.lead_frames,
        controls=tuple(control.name for control in node.spec.controls),
        reads=reads,
        writes=_analyses(node) if node.role == "mir" else _own_ports(node),
        renders={port: port for port in NEEDED_ANALYSES} | {CLOCK_PORT: "beats"} if node.role == "mir" else {},
        waits_for=(before.index("mir"),) if any(ring.startswith("mir.") for ring in reads.values()) else (),
    )


def _analyses(node: Node) -> dict[str, str]:
    return {port.name: f"mir.{port.name}" for port in node.spec.outputs if port.name in ANALYSES}


def _own_ports(node: Node) -> dict[str, str]:
    rings = {"midi": "accompaniment", "foreseen": FORESEEN_RING} if node.role == "accompaniment" else {}
    return {port: ring for port, ring in rings.items() if port in node.latencies}


def wire(engines: Mapping[str, str], rate: int, reserves: Mapping[str, int]) -> Wiring:
    """The wiring of ``engines`` (role to name; a role without a name is left out) at ``rate``."""
    roles = tuple(role for role in ROLES if engines.get(role))
    nodes = tuple(make_node(role, engines[role], rate, reserves[role]) for role in roles)
    workers = tuple(_wire(i, node, roles[:i]) for i, node in enumerate(nodes))
    rings = (HOST_RING, *MIDI_PORTS, *(f"mir.{port}" for port in ANALYSES), FORESEEN_RING)
    return Wiring(Plan(rate=rate, workers=workers, rings=rings), nodes)


def upstream_frames(separation: Node, period: int, reserve: int) -> int:
    """How long after frame f its stems are there in any case: once the hop that gives them is whole and answered."""
    row = paths_of(separation, period, reserve, 0)[0]
    return row.model + separation.spec.hop + row.reserve


def paths_of(node: Node, period: int, reserve: int, offset: int, upstream: int = 0) -> tuple[Path, ...]:
    """The ledger's rows for a node: buffering by its hop and the period, its reserve, the user's offset.

    ``upstream``: frames that it waits for stems.

    A worker that runs beside the callback has at least a period, however little it asked for: what arrives in
    one callback can be given in the next. A reserve of 0 is for a driver that waits.
    """
    buffering = buffering_frames(node.spec.hop, period)
    least = period if reserve > 0 else 0
    reserve = max(reserve, least)

    def row(name: str, ports: tuple[str, ...], model: int, spare: int) -> Path:
        return Path(name, ports, model, buffering, spare, offset, period, upstream=upstream)

    if node.role == "separation":
        pairs = {name: (f"{name}_1", f"{name}_2") for name in AUDIO_PATHS}
        return tuple(row(name, ports, node.audio_latency, reserve) for name, ports in pairs.items())
    if node.role == "mir":
        # what has no MIDI port has a row too: so late it is published
        heard = tuple(name for name in ANALYSES if name in node.latencies)
        ports = {name: (name,) if name in MIDI_PORTS else () for name in heard}
        ahead = -(upstream + buffering + reserve + offset)
        return (
            *(row(name, ports[name], node.latencies[name], reserve) for name in heard),
            row(CLOCK_PORT, (CLOCK_PORT,), ahead, reserve),
        )
    # what leads is on time, its reserve being all of the lead that the buffering leaves, save with huge periods
    spare = max(node.lead_frames - buffering, least)
    return (row("accompaniment", ("accompaniment",), node.latencies["midi"], spare),)
