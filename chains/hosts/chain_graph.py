"""Chain graph: the loaded members of a chain in the order of the signal, with branches, sends and buses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from chains.hosts.member import HostedMember


@dataclass(frozen=True, slots=True)
class NodePath:
    """Nodes one behind the other; without nodes: the signal as it is."""

    nodes: tuple[Node, ...] = ()

    @property
    def latency_frames(self) -> int:
        """The sum of the latencies of its nodes."""
        return sum(node.latency_frames for node in self.nodes)


@dataclass(frozen=True, slots=True)
class MemberNode:
    """A member; ``sends``: linear gain by the name of the bus that also gets its output."""

    member: HostedMember
    sends: dict[str, float] = field(default_factory=dict)

    @property
    def latency_frames(self) -> int:
        """Its latency now."""
        return self.member.latency_frames


@dataclass(frozen=True, slots=True)
class BranchNode:
    """Parallel paths with their linear gains, summed; ``sends`` as of a member."""

    label: str
    paths: tuple[NodePath, ...]
    gains: tuple[float, ...]
    sends: dict[str, float] = field(default_factory=dict)

    @property
    def latency_frames(self) -> int:
        """The largest latency of its paths: the others are delayed to it."""
        return max((path.latency_frames for path in self.paths), default=0)


Node: TypeAlias = MemberNode | BranchNode


@dataclass(frozen=True, slots=True)
class BusNode:
    """An auxiliary bus: what is sent to it goes through ``path`` and is added to the end, times ``gain``."""

    name: str
    path: NodePath
    gain: float


@dataclass(frozen=True, slots=True)
class ChainGraph:
    """The main path, and the buses in an order in which each sends only to later ones."""

    main: NodePath
    buses: tuple[BusNode, ...] = ()

    @property
    def members(self) -> tuple[HostedMember, ...]:
        """Every member: of the main path, of the branches in it, of the buses."""
        return tuple(node.member for node in self.walk() if isinstance(node, MemberNode))

    def walk(self) -> Iterator[Node]:
        """Yield every node in the order of the signal, those of branches before the branches' sum."""
        yield from _walk(self.main)
        for bus in self.buses:
            yield from _walk(bus.path)

    @property
    def latency_frames(self) -> int:
        """The latency of the whole: of the main path or, if larger, of the latest bus, to which all is aligned."""
        return self.find_arrivals()[1]

    def find_arrivals(self) -> tuple[dict[str, int], int]:
        """The latency of the latest send to each bus, and that of the whole."""
        arrivals = {bus.name: 0 for bus in self.buses}
        latest = _collect_arrivals(self.main, 0, arrivals)
        for bus in self.buses:
            latest = max(latest, _collect_arrivals(bus.path, arrivals[bus.name], arrivals))
        return arrivals, latest


def _walk(path: NodePath) -> Iterator[Node]:
    for node in path.nodes:
        if isinstance(node, BranchNode):
            for one in node.paths:
                yield from _walk(one)
        yield node


def _collect_arrivals(path: NodePath, at: int, arrivals: dict[str, int]) -> int:
    """The latency behind a path that begins at latency ``at``; notes the latest send to each bus."""
    for node in path.nodes:
        if isinstance(node, BranchNode):
            at = max((_collect_arrivals(one, at, arrivals) for one in node.paths), default=at)
        else:
            at += node.latency_frames
        for bus in node.sends:
            arrivals[bus] = max(arrivals[bus], at)
    return at
