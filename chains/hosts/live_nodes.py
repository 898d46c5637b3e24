"""Live nodes: the members, branches and sends of a chain as they process one block after the other, aligned."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from bridge.core.audio import Audio
from chains.hosts.chain_graph import BranchNode, MemberNode, NodePath
from chains.hosts.delay_line import DelayLine
from chains.hosts.member import StreamingMember

MakeLine = Callable[[], DelayLine]


class LiveSend:
    """What goes to one bus, delayed to the latest of all that go there."""

    def __init__(self, bus: str, gain: float, line: DelayLine) -> None:
        self.bus, self._gain, self._line = bus, np.float32(gain), line
        self._arrival = 0

    def arrive(self, at: int, arrivals: dict[str, int]) -> None:
        """Note the latency of what is sent."""
        self._arrival = at
        arrivals[self.bus] = max(arrivals.get(self.bus, 0), at)

    def align(self, arrivals: Mapping[str, int]) -> None:
        """Delay to the latest arrival."""
        self._line.set_delay(arrivals[self.bus] - self._arrival)

    def process(self, block: Audio, buses: Mapping[str, Audio]) -> None:
        """Add a block to the bus."""
        buses[self.bus][:] += self._line.process(block) * self._gain

    def reset(self) -> None:
        """Continue from silence."""
        self._line.reset()


class LiveMember:
    """A member; frames that are not finite become silence and are counted."""

    def __init__(self, node: MemberNode, block_frames: int, make_line: MakeLine) -> None:
        assert isinstance(node.member, StreamingMember)
        self._member: StreamingMember = node.member
        self._block_frames = block_frames
        self.sends = [LiveSend(bus, gain, make_line()) for bus, gain in node.sends.items()]
        self._bad_frames = 0

    @property
    def bad_frames(self) -> dict[str, int]:
        """Frames that were not finite, by its label; empty without any."""
        return {self._member.label: self._bad_frames} if self._bad_frames else {}

    def arrive(self, at: int, arrivals: dict[str, int]) -> int:
        """The latency behind it, of a signal that comes with latency ``at``."""
        at += self._member.latency_frames
        for send in self.sends:
            send.arrive(at, arrivals)
        return at

    def process(self, block: Audio, buses: Mapping[str, Audio]) -> Audio:
        """Process a block; behind a reset, silence comes out for as long as the latency."""
        out = self._member.feed(block, self._block_frames)
        if out.shape[1] < block.shape[1]:
            padded = np.zeros_like(block)
            padded[:, block.shape[1] - out.shape[1] :] = out
            out = padded
        if not np.isfinite(out).all():
            bad = ~np.isfinite(out).all(axis=0)
            out[:, bad] = 0.0
            self._bad_frames += int(np.count_nonzero(bad))
        for send in self.sends:
            send.process(out, buses)
        return out

    def reset(self) -> None:
        """Continue from silence."""
        self._member.reset()
        for send in self.sends:
            send.reset()


class LiveBranches:
    """Parallel paths, each delayed to the latest, summed with their gains."""

    def __init__(self, node: BranchNode, block_frames: int, make_line: MakeLine) -> None:
        self._paths = [LivePath(path, block_frames, make_line) for path in node.paths]
        self._gains = [np.float32(gain) for gain in node.gains]
        self._lines = [make_line() for _ in node.paths]
        self._sends = [LiveSend(bus, gain, make_line()) for bus, gain in node.sends.items()]

    @property
    def sends(self) -> list[LiveSend]:
        """Its own sends and those in its paths."""
        return [*self._sends, *(send for path in self._paths for send in path.sends)]

    @property
    def bad_frames(self) -> dict[str, int]:
        """Frames that were not finite, by the member's label."""
        return {label: frames for path in self._paths for label, frames in path.bad_frames.items()}

    def arrive(self, at: int, arrivals: dict[str, int]) -> int:
        """The latency behind it, of a signal that comes with latency ``at``; the paths are aligned to it."""
        ends = [path.arrive(at, arrivals) for path in self._paths]
        latest = max(ends, default=at)
        for line, end in zip(self._lines, ends, strict=True):
            line.set_delay(latest - end)
        for send in self._sends:
            send.arrive(latest, arrivals)
        return latest

    def process(self, block: Audio, buses: Mapping[str, Audio]) -> Audio:
        """Process a block."""
        total = np.zeros_like(block)
        for path, gain, line in zip(self._paths, self._gains, self._lines, strict=True):
            total += line.process(path.process(block, buses)) * gain
        for send in self._sends:
            send.process(total, buses)
        return total

    def reset(self) -> None:
        """Continue from silence."""
        for path, line in zip(self._paths, self._lines, strict=True):
            path.reset()
            line.reset()
        for send in self._sends:
            send.reset()


class LivePath:
    """Nodes one behind the other."""

    def __init__(self, path: NodePath, block_frames: int, make_line: MakeLine) -> None:
        self._nodes = [
            LiveBranches(node, block_frames, make_line)
            if isinstance(node, BranchNode)
            else LiveMember(node, block_frames, make_line)
            for node in path.nodes
        ]

    @property
    def sends(self) -> list[LiveSend]:
        """All sends in it."""
        return [send for node in self._nodes for send in node.sends]

    @property
    def bad_frames(self) -> dict[str, int]:
        """Frames that were not finite, by the member's label."""
        return {label: frames for node in self._nodes for label, frames in node.bad_frames.items()}

    def arrive(self, at: int, arrivals: dict[str, int]) -> int:
        """The latency behind it, of a signal that comes with latency ``at``."""
        for node in self._nodes:
            at = node.arrive(at, arrivals)
        return at

    def process(self, block: Audio, buses: Mapping[str, Audio]) -> Audio:
        """Process a block."""
        for node in self._nodes:
            block = node.process(block, buses)
        return block

    def reset(self) -> None:
        """Continue from silence."""
        for node in self._nodes:
            node.reset()
