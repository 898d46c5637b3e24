"""Insert ring: what a worker does with the memory of its insert point: reads blocks, returns them, stamps them.

All frames are those of the point's send ring. A block that begins at frame s and is processed with latency L belongs
to the frames from s - L on; it is written there, and its stamp says so. So the callback needs no more than the frame.
"""

from __future__ import annotations

from bridge.core.audio import Audio
from bridge.core.insert import INSERT_POINTS
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.layout import INSERT_CAPACITY, INSERT_STAMPS, MIN_INSERT_BLOCK, InsertArrays
from bridge.runtime.shared.rings import read_audio, write_audio
from bridge.runtime.shared.slots import (
    INSERT_BLOCKS,
    INSERT_DONE_EPOCH,
    INSERT_DROPPED,
    INSERT_EPOCH,
    INSERT_HEAD,
    INSERT_HEARTBEAT,
    INSERT_LATENCY,
    INSERT_ORIGIN,
    INSERT_PROGRESS,
    STAMP_SHIFT,
)

MAX_BACKLOG_FRAMES = INSERT_CAPACITY // 2
"""Frames behind the input at which a worker drops the blocks it missed."""


class InsertRing:
    """The worker's end of one insert point."""

    def __init__(self, arrays: InsertArrays, point: str, block_frames: int) -> None:
        """``point``: one of INSERT_POINTS. ``block_frames``: as `Graph.set_insert` has it."""
        index = INSERT_POINTS.index(point)
        self.words = arrays.words[index]
        self._send, self._return, self._stamps = arrays.sends[index], arrays.returns[index], arrays.stamps[index]
        self._block = block_frames
        self._epoch = self._origin = self._start = 0

    def begin_epoch(self) -> bool:
        """Go to the beginning of a new epoch, if there is one: the processor must then be reset."""
        epoch = observe(self.words, INSERT_EPOCH)
        if epoch == self._epoch:
            return False
        origin = int(self.words[INSERT_ORIGIN])
        if observe(self.words, INSERT_EPOCH) != epoch:
            return False  # another one began meanwhile; the next call sees it
        self._epoch, self._origin, self._start = epoch, origin, origin
        publish(self.words, INSERT_PROGRESS, origin)
        publish(self.words, INSERT_DONE_EPOCH, epoch)
        return True

    def drop_missed(self) -> bool:
        """Pass over blocks whose input is about to be overwritten: the processor must then be reset."""
        behind = observe(self.words, INSERT_HEAD) - self._start
        if self._epoch == 0 or behind <= MAX_BACKLOG_FRAMES:
            return False
        missed = behind // self._block - 1
        self.words[INSERT_DROPPED] += missed
        self._start += missed * self._block
        return True

    def read(self, block: Audio) -> bool:
        """Read the next block into ``block``, shape (2, block_frames); False while it is not complete."""
        if self._epoch == 0 or observe(self.words, INSERT_HEAD) < self._start + self._block:
            return False
        read_audio(self._send, self._start, block, INSERT_CAPACITY)
        return True

    def write(self, block: Audio | None, latency_frames: int) -> None:
        """Return the processed ``block``, late by ``latency_frames``; None: it failed, and its input is played."""
        publish(self.words, INSERT_LATENCY, latency_frames)
        if block is not None:
            frame = self._start - latency_frames
            early = min(max(0, self._origin - frame), self._block)  # before the origin the previous epoch is in force
            write_audio(self._return, 0, frame + early, block[:, early:], INSERT_CAPACITY)
            stamp = (self._epoch << STAMP_SHIFT) + frame
            publish(self._stamps, self._start // MIN_INSERT_BLOCK % INSERT_STAMPS, stamp)
        self._start += self._block
        self.words[INSERT_BLOCKS] += 1
        self.words[INSERT_HEARTBEAT] += 1
        publish(self.words, INSERT_PROGRESS, self._start)
