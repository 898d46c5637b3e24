"""Song stream: a song at any rate, decoded ahead by a thread of its own, for a reader that must not wait for a disk."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import numpy as np
import soxr

from bridge.audiofile.song import Song
from bridge.core.audio import CHANNELS, Audio

log = logging.getLogger(__name__)

BLOCKS_AHEAD = 4
"""Blocks of 65,536 frames or less that are decoded ahead: 6 s at 44.1 kHz, 2 MB."""
POLL_S = 0.1
"""Interval at which a full queue looks whether the stream is closed."""


_Block: TypeAlias = tuple[int, Audio]
"""A block: its first frame in the song, and its samples."""


class _Pass(threading.Thread):
    """One reading of the song from its start; without an end where it repeats."""

    def __init__(self, path: Path, rate: int, repeats: bool) -> None:
        super().__init__(name="song", daemon=True)
        self._path, self._rate, self._repeats = path, rate, repeats
        self.blocks: queue.Queue[_Block | Exception | None] = queue.Queue(BLOCKS_AHEAD)
        self.left = threading.Event()

    def run(self) -> None:
        try:
            again = False
            while not self.left.is_set() and (self._repeats or not again):
                start = 0
                for block in _decode(self._path, self._rate, remarks=not again):
                    self._put((start, block))
                    start += block.shape[1]
                    if self.left.is_set():
                        return
                again = True
            self._put(None)
        except Exception as error:  # noqa: BLE001  (raised again where the song is read)
            self._put(error)

    def _put(self, block: _Block | Exception | None) -> None:
        while not self.left.is_set():
            try:
                self.blocks.put(block, timeout=POLL_S)
            except queue.Full:
                continue
            return


def _decode(path: Path, rate: int, remarks: bool) -> Iterator[Audio]:
    """The song as blocks of shape (channels, frames) at ``rate``; ``remarks``: log what was wrong with the file."""
    with Song(path) as song:
        blocks = song.read_blocks()
        yield from blocks if song.rate == rate else _resample(blocks, song.rate, rate)
        for note in song.notes if remarks else ():
            log.warning("%s: %s", path.name, note)


def _resample(blocks: Iterator[Audio], rate_from: int, rate: int) -> Iterator[Audio]:
    resampler = soxr.ResampleStream(rate_from, rate, CHANNELS, dtype="float32", quality="VHQ")
    for block in blocks:
        yield np.asarray(resampler.resample_chunk(np.ascontiguousarray(block.T)), np.float32).T
    yield np.asarray(resampler.resample_chunk(np.zeros((0, CHANNELS), np.float32), last=True), np.float32).T


class SongStream:
    """A context manager: the song ``path`` at ``rate`` Hz; ``repeats``: from its start again behind its end.

    One thread calls `read` and `rewind`.
    """

    def __init__(self, path: Path, rate: int, repeats: bool = False) -> None:
        self._path, self._rate, self._repeats = path, rate, repeats
        self._pass: _Pass
        self._block: Audio
        self.position = 0
        """The frame of the song that comes next."""

    def __enter__(self) -> SongStream:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pass.left.set()
        self._pass.join()

    def _begin(self) -> None:
        self._block, self.position = np.zeros((CHANNELS, 0), np.float32), 0
        self._pass = _Pass(self._path, self._rate, self._repeats)
        self._pass.start()

    def read(self, out: Audio) -> int:
        """Fill ``out``, shape (channels, frames), with what comes next, and with silence behind the song's end.

        Returns how many frames were left of the song.

        Raises:
            ConfigError: The song cannot be read, or holds no audio.
        """
        filled = 0
        while filled < out.shape[1]:
            if not self._block.shape[1] and not self._take():
                out[:, filled:] = 0.0
                break
            count = min(out.shape[1] - filled, self._block.shape[1])
            out[:, filled : filled + count] = self._block[:, :count]
            self._block = self._block[:, count:]
            filled += count
            self.position += count
        return filled

    def _take(self) -> bool:
        """Take the next block; False at the end."""
        taken = self._pass.blocks.get()
        if isinstance(taken, Exception):
            self._pass.blocks.put(taken)
            raise taken
        if taken is None:
            self._pass.blocks.put(None)  # the end is found again by the next call
            return False
        self.position, self._block = taken
        return True

    def rewind(self) -> None:
        """Go back to the start of the song."""
        self._pass.left.set()
        self._pass.join()
        self._begin()
