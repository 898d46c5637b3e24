"""File sound: an audio file as the sound of a track, at the rate, gain and sample format of the session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.audiofile import Song
from bridge.core.audio import Audio
from engines.offline.rates import StreamResampler
from export.files.bwf import round_samples
from export.session.session import SampleFormat, SessionSound

BLOCK_FRAMES = 1 << 16

Block = NDArray[np.float64]
"""Shape (frames, channels)."""


@dataclass(frozen=True, slots=True)
class FileSound:
    """The file at ``path``, of ``channels`` channels, times ``gain``; silence is added where it ends before ``frames``.

    ``rate``: of the session, in Hz.
    """

    path: Path
    rate: int
    channels: int
    frames: int
    gain: float
    sample_format: SampleFormat

    def read_blocks(self) -> Iterator[Block]:
        """The audio, as `SessionSound` says. Raises: BridgeError."""
        left = self.frames
        for block in read_file(self.path, self.rate, self.channels):
            kept = block[:left]
            left -= len(kept)
            if len(kept):
                yield round_samples(kept * self.gain, self.sample_format)
        while left:
            silence = np.zeros((min(left, BLOCK_FRAMES), self.channels))
            left -= len(silence)
            yield silence


@dataclass(frozen=True, slots=True)
class ResidualSound:
    """What is missing from the sum of ``stems`` to ``mix``: with it they sum to the mix exactly."""

    mix: SessionSound
    stems: Sequence[SessionSound]
    sample_format: SampleFormat

    @property
    def channels(self) -> int:
        return self.mix.channels

    @property
    def frames(self) -> int:
        return self.mix.frames

    def read_blocks(self) -> Iterator[Block]:
        """The audio, as `SessionSound` says. Raises: BridgeError."""
        for mix, *stems in read_aligned([self.mix.read_blocks(), *(stem.read_blocks() for stem in self.stems)]):
            yield round_samples(mix - sum(stems), self.sample_format)


def read_file(path: Path, rate: int, channels: int) -> Iterator[Block]:
    """The blocks of an audio file at ``rate`` Hz; another rate is resampled without delay. Raises: ConfigError."""
    with Song(path) as song:
        if song.rate == rate:
            blocks: Iterator[Audio] = song.read_blocks()
        else:
            blocks = _resample(song, rate)
        yield from (block[:channels].T.astype(np.float64) for block in blocks)


def _resample(song: Song, rate: int) -> Iterator[Audio]:
    resampler = StreamResampler(song.rate, rate, 2)
    for block in song.read_blocks():
        yield resampler.push(block)
    yield resampler.finish()


def read_aligned(streams: Sequence[Iterator[Block]]) -> Iterator[list[Block]]:
    """Blocks of ``streams`` side by side, of one length; a stream that has ended goes on with silence."""
    pending = [_pull(stream) for stream in streams]
    widths = [0 if block is None else block.shape[1] for block in pending]
    while any(block is not None for block in pending):
        size = min(len(block) for block in pending if block is not None)
        yield [
            np.zeros((size, width)) if block is None else block[:size]
            for block, width in zip(pending, widths, strict=True)
        ]
        pending = [
            None if block is None else block[size:] if len(block) > size else _pull(stream)
            for block, stream in zip(pending, streams, strict=True)
        ]


def _pull(stream: Iterator[Block]) -> Block | None:
    """The next block that is not empty; None at the end."""
    return next((block for block in stream if len(block)), None)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Measurement of a mix and its stems. ``frames``: of each, the mix first. ``peak``: the largest of all, linear.

    ``residual_peak``: of the mix minus the stems.
    """

    frames: tuple[int, ...]
    peak: float
    residual_peak: float


def measure_sounds(
    mix: Path, stems: Sequence[Path], rate: int, channels: int, on_read: Callable[[int], None]
) -> Measurement:
    """Read all files once. ``on_read`` gets the frames of the mix that were read so far.

    Raises:
        ConfigError: A file cannot be read.
    """
    frames, peak, residual_peak = [0] * (1 + len(stems)), 0.0, 0.0

    def count(number: int, blocks: Iterator[Block]) -> Iterator[Block]:
        for block in blocks:
            frames[number] += len(block)
            yield block

    files = (mix, *stems)
    streams = [count(number, read_file(path, rate, channels)) for number, path in enumerate(files)]
    for first, *others in read_aligned(streams):
        residual = first - sum(others)
        peak = max(peak, *(float(np.abs(block).max()) for block in chain([first], others)))
        residual_peak = max(residual_peak, float(np.abs(residual).max()))
        on_read(frames[0])
    return Measurement(tuple(frames), peak, residual_peak)
