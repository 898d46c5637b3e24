"""Process session: a host process that is never replaced unseen, with audio as arrays."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from bridge.core.audio import Audio
from chains.checks.host_session import LARGEST_BLOCK_FRAMES, Rendered, RenderSettings
from chains.document.chain import Chain
from chains.process.audio_file import create_segment, map_segment, write_segment
from chains.process.host_process import HostProcess
from chains.process.limits import Limits
from chains.process.messages import AudioSegment, LoadResult, ParametersResult, RenderRequest, StateResult
from chains.process.verdict import HostVerdict

ACCEPTED = frozenset({HostVerdict.NOT_FINITE, HostVerdict.SILENT})
"""Verdicts that are no error of a render here: checks of their own judge them."""
_NEVER = 1 << 62


class ProcessSession:
    """A `HostSession` on a host process. ``folder``: of the chain's file. ``host``: that loads the plugins."""

    def __init__(self, host: str = "auto", folder: str = "", limits: Limits | None = None) -> None:
        self._host, self._folder = host, folder
        # a fresh child would hide what grows, and what differs from render to render
        self._process = HostProcess(replace(limits or Limits(), renders=_NEVER, growth_bytes=_NEVER))
        self._stack = ExitStack()
        self._audio = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sideman-check-")))
        self._number = 0

    @property
    def is_running(self) -> bool:
        """Whether the process can take requests."""
        return self._process.pid is not None

    def load(self, chain: Chain, rate: int) -> LoadResult:
        """Load ``chain``; raises PluginError."""
        return self._process.load(chain, rate, block_frames=LARGEST_BLOCK_FRAMES, host=self._host, folder=self._folder)

    def render(self, source: Audio, settings: RenderSettings) -> Rendered:
        """Render ``source``, shape (2, frames), through the chain; raises PluginError."""
        frames = source.shape[1] + settings.tail_frames
        segments: list[AudioSegment] = []
        try:
            segments.append(self._write(source))
            segments.append(create_segment(self._name_segment(), source.shape[0], frames))
            keys = {name: self._write(audio) for name, audio in settings.sidechains.items()}
            segments += keys.values()
            request = RenderRequest(
                segments[0],
                segments[1],
                block_frames=settings.block_frames,
                tempo_bpm=settings.tempo_bpm,
                sidechains=keys,
                notes=tuple(settings.notes),
                is_compensated=settings.is_compensated,
                resets=settings.resets,
                block_sizes=tuple(settings.block_sizes),
            )
            result = self._process.render(request, accepts=ACCEPTED)
            return Rendered(np.array(map_segment(segments[1])), result)
        finally:
            for segment in segments:
                Path(segment.path).unlink(missing_ok=True)

    def read_parameters(self, member: str, values: Mapping[str, float | str]) -> ParametersResult:
        """The parameters of a member after ``values`` were set; raises PluginError."""
        return self._process.read_parameters(member, dict(values))

    def save_state(self, member: str) -> StateResult:
        """The state of a member; raises PluginError."""
        return self._process.save_state(member)

    def measure_memory(self) -> int:
        """Resident memory of the process in bytes; 0 where it has ended."""
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss) if self._process.pid else 0
        except psutil.Error:
            return 0

    def close(self) -> None:
        """End the process and remove its audio."""
        self._process.restart()
        self._stack.close()

    def _write(self, audio: Audio) -> AudioSegment:
        return write_segment(self._name_segment(), audio)

    def _name_segment(self) -> Path:
        self._number += 1
        return self._audio / f"{self._number}.f32"
