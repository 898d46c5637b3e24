"""Offline graph: a whole signal through a chain, member by member, each aligned, so that all branches are.

Members of Pedalboard work in place, block by block: what comes out never lies behind what went in.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from chains.hosts.chain_graph import BranchNode, ChainGraph, MemberNode, NodePath
from chains.hosts.member import HostedMember, StreamingMember, WholeMember
from chains.hosts.offline_run import CURVE_FRAMES, OfflineRun
from chains.hosts.stream_pass import is_automated, stream_members
from chains.hosts.work_audio import make_work_audio

_MARGIN_FRAMES = 8192
"""Frames more than the latencies say: they may grow while the render runs."""
_MIX_FRAMES = 1 << 16
"""Frames that are summed at a time, so that they fit a cache."""


def render_chain(graph: ChainGraph, source: Audio, sink: Audio, run: OfflineRun) -> None:
    """Render ``source``, shape (2, n), through a chain into ``sink``, shape (2, run.frames), aligned.

    Raises:
        PluginError: A member cannot do it.
        OSError: The disk is full.
    """
    latency = sum(member.latency_frames for member in graph.members)
    frames = run.frames + (latency + _MARGIN_FRAMES if latency else 0)
    work = make_work_audio(frames, run.folder) if latency or run.frames < CURVE_FRAMES else sink
    if work.shape[1] < CURVE_FRAMES:
        work = make_work_audio(CURVE_FRAMES, run.folder)
    count = min(source.shape[1], work.shape[1])
    work[:, :count] = source[:, :count]
    work[:, count:] = 0.0
    run.passes = len(graph.members)
    render = _GraphRender(graph, run, {bus.name: make_work_audio(work.shape[1], run.folder) for bus in graph.buses})
    render.process(work)
    if work is not sink:
        sink[:] = work[:, : run.frames]
    run.report_progress(run.frames)


class _GraphRender:
    """One render: the signals of the buses, and, where latencies are not taken off, what aligns them."""

    def __init__(self, graph: ChainGraph, run: OfflineRun, buses: dict[str, Audio]) -> None:
        self._graph, self._run, self._buses = graph, run, buses
        self._arrivals, self._latest = graph.find_arrivals()

    def process(self, work: Audio) -> None:
        """Process ``work``, shape (2, frames), in place."""
        self._delay(work, self._latest - self._render_path(self._graph.main, work, 0))
        for bus in self._graph.buses:
            signal = self._buses[bus.name]
            self._delay(signal, self._latest - self._render_path(bus.path, signal, self._arrivals[bus.name]))
            _add(work, signal, bus.gain)

    def _render_path(self, path: NodePath, work: Audio, at: int) -> int:
        """Process ``work``, whose latency is ``at``, and feed the buses; the latency behind the path."""
        for nodes in _group_nodes(path, self._run):
            node = nodes[-1]
            if isinstance(node, BranchNode):
                at = self._render_branches(node, work, at)
            elif len(nodes) == 1:
                render_member(node.member, work, self._run)
                at += node.latency_frames
            else:
                members = [one.member for one in nodes if not isinstance(one, BranchNode)]
                self._run.report_step("render", members[0].label)
                stream_members([one for one in members if isinstance(one, StreamingMember)], work, self._run)
                at += sum(one.latency_frames for one in nodes)
            for bus, gain in node.sends.items():
                late = self._arrivals[bus] - at
                if late and not self._run.is_compensated:
                    sent = work.copy()
                    self._delay(sent, late)
                    _add(self._buses[bus], sent, gain)
                else:
                    _add(self._buses[bus], work, gain)
        return at

    def _render_branches(self, node: BranchNode, work: Audio, at: int) -> int:
        total = make_work_audio(work.shape[1], self._run.folder)
        latest = at + node.latency_frames
        for path, gain in zip(node.paths, node.gains, strict=True):
            branch = make_work_audio(work.shape[1], self._run.folder)
            branch[:] = work
            self._delay(branch, latest - self._render_path(path, branch, at))
            _add(total, branch, gain)
        work[:] = total
        return latest

    def _delay(self, signal: Audio, frames: int) -> None:
        """Delay a signal in place, where latencies are not taken off."""
        if frames > 0 and not self._run.is_compensated:
            signal[:, frames:] = signal[:, :-frames].copy()
            signal[:, :frames] = 0.0


def _group_nodes(path: NodePath, run: OfflineRun) -> list[list[BranchNode | MemberNode]]:
    """The nodes of a path, built-in effects in a row in one group: they take each block one after the other.

    A group ends behind an effect that sends, and behind one with a latency, so that the next one's blocks begin with
    the signal. Plugins are alone, so that the one that crashes is known.
    """
    groups: list[list[BranchNode | MemberNode]] = []
    is_open = False
    for node in path.nodes:
        streams = (
            not isinstance(node, BranchNode)
            and isinstance(node.member, StreamingMember)
            and not node.member.reports_latency
            and not is_automated(node.member, run)
        )
        if streams and is_open:
            groups[-1].append(node)
        else:
            groups.append([node])
        is_open = streams and not node.sends and node.latency_frames == 0
    return groups


def _add(total: Audio, signal: Audio, gain: float) -> None:
    """Add a signal times a gain, piece by piece."""
    for start in range(0, total.shape[1], _MIX_FRAMES):
        piece = slice(start, start + _MIX_FRAMES)
        total[:, piece] += signal[:, piece] * np.float32(gain)


def render_member(member: HostedMember, work: Audio, run: OfflineRun) -> None:
    """Process ``work``, shape (2, frames), through one member, in place.

    Raises:
        PluginError: The member cannot do it.
    """
    run.report_step("render", member.label)
    if isinstance(member, WholeMember):
        if not run.resets:
            run.warnings.append(f"{member.label}: it takes whole signals and cannot go on where the last one ended")
        expected = member.latency_frames
        out = member.render(work, run)
        if member.latency_frames != expected:
            run.note_latency(member.label, 0, expected, member.latency_frames)
        latency = min(member.latency_frames, work.shape[1]) if run.is_compensated else 0
        run.silence_bad_frames(member.label, out)
        work[:, : work.shape[1] - latency] = out[:, latency : work.shape[1]]
        work[:, work.shape[1] - latency :] = 0.0
        run.advance(1, 1)
    elif isinstance(member, StreamingMember):
        stream_members((member,), work, run)
