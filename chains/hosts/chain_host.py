"""Chain host: loads one chain and answers the requests of its parent process."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from pathlib import Path

from bridge.errors import BridgeError, ConfigError
from chains.document.chain import Chain
from chains.hosts.automation import compute_curves
from chains.hosts.chain_graph import ChainGraph, NodePath
from chains.hosts.chain_loading import ChainLoading
from chains.hosts.member import HostedMember, refuse
from chains.hosts.offline_graph import render_chain
from chains.hosts.offline_run import OfflineRun
from chains.process.audio_file import map_segment
from chains.process.messages import (
    LoadRequest,
    LoadResult,
    ParametersRequest,
    ParametersResult,
    RenderRequest,
    RenderResult,
    StateRequest,
    StateResult,
)

_MAX_WARNINGS = 32


class ChainHost:
    """Holds one loaded chain. All calls come from the main thread of one process."""

    def __init__(self) -> None:
        self._chain = Chain()
        self._graph = ChainGraph(NodePath())
        self._loading: ChainLoading | None = None

    def load(self, request: LoadRequest, report_step: Callable[[str, str], None]) -> LoadResult:
        """Load a chain in place of the one before; ``report_step``: called with step and plugin before each.

        Raises:
            PluginError: A plugin cannot be loaded, or refuses its state or a parameter.
            ConfigError: A plugin or file is missing, or the chain cannot run in this host.
        """
        started_s = time.monotonic()
        self._close()
        loading = ChainLoading(
            request.rate, request.block_frames, Path(request.folder or "."), report_step, request.host
        )
        self._loading, self._chain = loading, request.chain
        try:
            self._graph = loading.load(request.chain)
        except BaseException:
            self._close()
            raise
        return LoadResult(
            tuple(member.facts() for member in loading.loaded),
            self._graph.latency_frames,
            time.monotonic() - started_s,
        )

    def _close(self) -> None:
        self._graph = ChainGraph(NodePath())
        if self._loading:
            self._loading.close()
        self._loading, self._chain = None, Chain()

    def render(self, request: RenderRequest, report_progress: Callable[[int], None]) -> RenderResult:
        """Render audio through the chain; ``report_progress``: called with the number of frames that are done.

        Raises:
            PluginError: A member cannot do it.
            ConfigError: No chain is loaded, or the audio is not stereo.
            BridgeError: The disk is full.
        """
        loading = self._get_loading()
        source, sink = map_segment(request.source), map_segment(request.sink, writable=True)
        if source.shape[0] != 2 or sink.shape[0] != 2:
            channels = f"{source.shape[0]} and {sink.shape[0]}"
            raise ConfigError(f"source and sink have {channels} channels", "give two: a mono source in both")
        started_s = time.process_time()
        frames = sink.shape[1]
        tempo_bpm = request.tempo_bpm or self._chain.tempo_bpm
        run = OfflineRun(
            loading.rate,
            frames,
            max(1, request.block_frames),
            Path(request.sink.path).parent,
            report_progress,
            request.is_compensated,
            request.resets,
            compute_curves(self._chain, loading.loaded, frames, loading.rate, request.beats_s, tempo_bpm),
            request.beats_s,
            tempo_bpm,
            {name: map_segment(one) for name, one in request.sidechains.items()},
            request.notes,
            loading.report_step,
            tuple(max(1, size) for size in request.block_sizes),
        )
        try:
            render_chain(self._graph, source, sink, run)
        except OSError as error:
            raise BridgeError(f"{run.folder}: no room for work audio ({error.strerror})", "free some space") from error
        return RenderResult(
            frames,
            self._graph.latency_frames,
            tuple((frame, latency) for _, frame, latency in run.latency_changes),
            run.bad_frames,
            float(max(sink.max(), -sink.min())) if sink.size else 0.0,
            time.process_time() - started_s,
            tuple(run.warnings[:_MAX_WARNINGS]),
            tuple(run.bad_members[:_MAX_WARNINGS]),
        )

    def handle_parameters(self, request: ParametersRequest) -> ParametersResult:
        """Set parameters of a member, if any are given, and read all of them.

        Raises:
            PluginError: There is no such member or parameter, or it does not take the value.
        """
        member = self._find(request.member, "parameters")
        for name, value in request.values.items():
            if isinstance(value, str):
                member.set_parameter(name, value)
            else:
                member.set_raw(name, float(value))
        if request.values:
            member.settle()
        return ParametersResult(member.parameters(), member.latency_frames)

    def handle_state(self, request: StateRequest) -> StateResult:
        """Load the state of a member, if one is given, and read it.

        Raises:
            PluginError: There is no such member, or it refuses the state.
        """
        member = self._find(request.member, "state")
        if request.state:
            try:
                data = base64.b64decode(request.state, validate=True)
            except binascii.Error as error:
                raise refuse(member.label, "state", f"the state is no base64 ({error})", "capture it again") from error
            member.load_state(data)
        return StateResult(base64.b64encode(member.save_state()).decode("ascii"), member.latency_frames)

    def _get_loading(self) -> ChainLoading:
        if not self._loading:
            raise ConfigError("no chain is loaded", "load one first")
        return self._loading

    def _find(self, label: str, step: str) -> HostedMember:
        members = {member.label: member for member in self._get_loading().loaded}
        if label not in members:
            raise refuse(label, step, "the chain has no such member", f"it has: {', '.join(members) or 'none'}")
        return members[label]
