"""Host session: one host process for many tests, and the audio that goes through it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.core.audio import Audio
from chains.document.chain import Chain, Member
from chains.process.audio_file import create_segment, map_segment, write_segment
from chains.process.host_process import HostProcess
from chains.process.messages import LoadResult, MidiNote, RenderRequest, RenderResult
from chains.process.verdict import HostVerdict

RATE = 48_000
ANY = frozenset({HostVerdict.NOT_FINITE, HostVerdict.SILENT})
"""Verdicts that a test looks at itself."""


@dataclass(frozen=True)
class Rendered:
    """What came out: audio, shape (2, frames), and both results."""

    audio: Audio
    result: RenderResult
    loaded: LoadResult


class HostSession:
    """Loads chains and renders audio through them, in one child for all tests."""

    def __init__(self, process: HostProcess, folder: Path) -> None:
        self.process, self.folder = process, folder
        self._names = (f"segment-{number}" for number in itertools.count())

    def load(self, *members: Member, host: str = "auto", rate: int = RATE) -> LoadResult:
        """Load a chain of these members."""
        return self.process.load(Chain(members=members), rate, host=host, folder=str(self.folder))

    def render(
        self,
        chain: Chain,
        audio: Audio,
        *,
        host: str = "auto",
        rate: int = RATE,
        tail_frames: int = 0,
        block_frames: int = 8192,
        tempo_bpm: float = 0.0,
        beats_s: tuple[float, ...] = (),
        sidechains: Mapping[str, Audio] | None = None,
        notes: tuple[MidiNote, ...] = (),
        is_compensated: bool = True,
    ) -> Rendered:
        """Load a chain and render audio, shape (2, n), through it; ``tail_frames`` more come out."""
        loaded = self.process.load(chain, rate, host=host, folder=str(self.folder))
        source = write_segment(self.folder / next(self._names), audio)
        sink = create_segment(self.folder / next(self._names), 2, audio.shape[1] + tail_frames)
        keys = {name: write_segment(self.folder / next(self._names), one) for name, one in (sidechains or {}).items()}
        request = RenderRequest(
            source, sink, block_frames, tempo_bpm, beats_s, keys, notes, is_compensated, resets=True
        )
        result = self.process.render(request, accepts=ANY)
        out = np.array(map_segment(sink))
        for segment in (source, sink, *keys.values()):
            Path(segment.path).unlink()
        return Rendered(out, result, loaded)

    def render_again(self, audio: Audio, block_frames: int = 8192, block_sizes: tuple[int, ...] = ()) -> Audio:
        """Render audio, shape (2, n), through what is loaded, from silence."""
        source = write_segment(self.folder / next(self._names), audio)
        sink = create_segment(self.folder / next(self._names), 2, audio.shape[1])
        self.process.render(RenderRequest(source, sink, block_frames, block_sizes=block_sizes), accepts=ANY)
        out = np.array(map_segment(sink))
        for segment in (source, sink):
            Path(segment.path).unlink()
        return out


def make_noise(frames: int, level: float = 0.1) -> Audio:
    """Noise, shape (2, frames), the same each time."""
    return (np.random.default_rng(7).standard_normal((2, frames)) * level).astype(np.float32)


def make_impulse(frames: int, at: int, level: float = 0.3) -> Audio:
    """Silence with one impulse, shape (2, frames)."""
    audio = np.zeros((2, frames), np.float32)
    audio[:, at] = level
    return audio


def find_peaks(audio: Audio, threshold: float = 1e-4) -> list[int]:
    """The frames at which the first channel is above a threshold."""
    return [int(frame) for frame in np.flatnonzero(np.abs(audio[0]) > threshold)]


def measure_difference_db(audio: Audio, other: Audio) -> float:
    """The largest difference of two signals, in dB of full scale; -240: none."""
    return float(20.0 * np.log10(max(1e-12, float(np.max(np.abs(audio - other))))))
