"""MPEG damage: how many frames were lost to bytes that are none, and which samples near them are no music."""

from __future__ import annotations

import numpy as np

from bridge.audiofile.mpeg import Frame, Table, frames
from bridge.audiofile.sound import Piece
from bridge.audiofile.window import Window

_TOO_LOUD = 2.0
"""Times as loud as all before: no music grows so within a frame, but what is decoded from garbage does."""
_LOUD = 0.5
_FADE = 0.99
"""How the loudest sample so far is forgotten, a frame."""
_TOLERANCE_BYTES = 2.0


class Damage:
    """Follows the frames of a part of ``window`` behind ``table``."""

    def __init__(self, window: Window, table: Table) -> None:
        self._window, self._table = window, table
        self._count = self._bytes = self._largest = 0
        self._smallest = 1 << 16
        self._ahead: tuple[int, int] | None = None
        self._peak = self._peak_before = 0.0
        self._since: int | None = (
            None  # bytes of sound since the last junk, while frames may still need some from before
        )

    def lost(self, frame: Frame, done: int) -> int:
        """How many frames the junk in front of ``frame`` took the place of; ``done``: frames of the part so far.

        Bytes that were put in between lengthen a file, those that were written over do not. The table tells them
        apart; without one, at a constant rate, the latter leave room for a whole number of frames.
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
        """The frames that the part lacks of what its table says, and all its junk from here on."""
        count, junk = 0, first.junk
        for frame in frames(self._window, first.at):
            if frame.table or frame.header.kind != first.header.kind:
                break
            count += 1
            junk += frame.junk
        return self._table.count - done - count, junk

    def take(self, frame: Frame, piece: Piece) -> Piece:
        """``piece``, decoded from ``frame``; silent where it is near damage and no music."""
        self._count += 1
        self._bytes += frame.header.size
        self._largest = max(self._largest, frame.header.size)
        self._smallest = min(self._smallest, frame.header.size)
        peak = float(np.max(np.abs(piece.samples), initial=0.0))
        tainted = self._is_tainted(frame)
        self._peak_before = self._peak
        self._peak = self._peak * _FADE if tainted else max(self._peak * _FADE, peak)
        return silent(piece) if tainted and self._is_noise(peak, self._peak) else piece

    def _is_tainted(self, frame: Frame) -> bool:
        """Whether ``frame`` needs bytes that lay in front of junk."""
        if self._since is None:
            return False
        if frame.header.layer == 3 and frame.reach > self._since:
            self._since += len(frame.data) - frame.header.side
            return True
        tainted = self._since == 0 and frame.header.layer == 3  # its overlap with the one before
        self._since = None if not tainted else len(frame.data) - frame.header.side
        return tainted

    def last(self, piece: Piece) -> Piece:
        """``piece``, the last in front of junk; silent where it is no music."""
        peak = float(np.max(np.abs(piece.samples), initial=0.0))
        if not self._is_noise(peak, self._peak_before):
            return piece
        self._peak = self._peak_before
        return silent(piece)

    def _is_noise(self, peak: float, before: float) -> bool:
        return not peak <= max(_TOO_LOUD * before, _LOUD)


def silent(piece: Piece) -> Piece:
    """As long, of zeros."""
    return Piece(np.zeros_like(piece.samples), piece.rate, piece.layout)
