"""MPEG damage concealment: counts frames lost to junk bytes, and mutes noise decoded next to them."""

from __future__ import annotations

import numpy as np

from bridge.audiofile.mpeg import Frame, VbrTable, read_frames
from bridge.audiofile.sound import DecodedBlock
from bridge.audiofile.window import Window

_TOO_LOUD = 2.0
"""Peak ratio to everything before: music does not grow so much within a frame, decoded garbage does."""
_LOUD = 0.5
_FADE = 0.99
"""Decay of the peak hold, per frame."""
_TOLERANCE_BYTES = 2.0


class Damage:
    """Damage state of one stream in ``window``, which begins with ``table``."""

    def __init__(self, window: Window, table: VbrTable) -> None:
        self._window, self._table = window, table
        self._count = self._bytes = self._largest = 0
        self._smallest = 1 << 16
        self._ahead: tuple[int, int] | None = None
        self._peak = self._peak_before = 0.0
        self._since: int | None = (
            None  # bytes of sound since the last junk, while frames may still need some from before
        )

    def count_lost(self, frame: Frame, done: int) -> int:
        """Count the frames that the junk before ``frame`` replaced; ``done``: frames of the stream so far.

        Inserted bytes lengthen a file, overwritten ones do not. The table's frame count distinguishes them. Without a
        table, at a constant bit rate, overwritten bytes leave room for a whole number of frames.
        """
        self._since = 0
        if not self._count:
            return 0
        mean = self._bytes / self._count
        if self._table.count:
            if self._ahead is None:
                self._ahead = self._look_ahead(frame, done)
            missing, junk = self._ahead
            return max(min(round(missing * frame.junk / junk), int(2 * frame.junk / mean) + 1), 0)
        whole = round(frame.junk / mean)
        constant = self._largest - self._smallest <= 1
        return whole if constant and abs(frame.junk - whole * mean) <= _TOLERANCE_BYTES else 0

    def _look_ahead(self, first: Frame, done: int) -> tuple[int, int]:
        """Frames missing from the stream compared with its table, and all junk bytes from here on."""
        count, junk = 0, first.junk
        for frame in read_frames(self._window, first.at):
            if frame.table or frame.header.kind != first.header.kind:
                break
            count += 1
            junk += frame.junk
        return self._table.count - done - count, junk

    def filter_block(self, frame: Frame, block: DecodedBlock) -> DecodedBlock:
        """``block``, decoded from ``frame``; muted where it is noise next to damage."""
        self._count += 1
        self._bytes += frame.header.size
        self._largest = max(self._largest, frame.header.size)
        self._smallest = min(self._smallest, frame.header.size)
        peak = float(np.max(np.abs(block.samples), initial=0.0))
        tainted = self._is_tainted(frame)
        self._peak_before = self._peak
        self._peak = self._peak * _FADE if tainted else max(self._peak * _FADE, peak)
        return mute_block(block) if tainted and self._is_noise(peak, self._peak) else block

    def _is_tainted(self, frame: Frame) -> bool:
        """Whether ``frame`` depends on bytes before the junk (bit reservoir or overlap)."""
        if self._since is None:
            return False
        if frame.header.layer == 3 and frame.reach > self._since:
            self._since += len(frame.data) - frame.header.side
            return True
        tainted = self._since == 0 and frame.header.layer == 3  # its overlap with the one before
        self._since = None if not tainted else len(frame.data) - frame.header.side
        return tainted

    def filter_last(self, block: DecodedBlock) -> DecodedBlock:
        """``block``, the last before junk; muted where it is noise."""
        peak = float(np.max(np.abs(block.samples), initial=0.0))
        if not self._is_noise(peak, self._peak_before):
            return block
        self._peak = self._peak_before
        return mute_block(block)

    def _is_noise(self, peak: float, before: float) -> bool:
        return not peak <= max(_TOO_LOUD * before, _LOUD)


def mute_block(block: DecodedBlock) -> DecodedBlock:
    """Zeros of the same length."""
    return DecodedBlock(np.zeros_like(block.samples), block.rate, block.layout)
