"""MIDI time code: quarter frames and full frames to a position, forward and backward, with pieces that got lost.

MIDI 1.0 Detailed Specification, MIDI Time Code. Piece k of a message is sent k quarter frames behind the frame that the
message names, in both directions: so each piece is a position as soon as one whole message is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.midi import QUARTER_FRAME

PIECES = 8
"""Pieces of a message; they take two frames."""
FULL_FRAME_BYTES = 10


@dataclass(frozen=True, slots=True)
class FrameRate:
    """A rate of frames: ``count`` labels a second, ``per_second`` frames; the labels of a drop-frame code leave out two
    numbers each minute but the tenth."""

    count: int
    per_second: float
    drops: bool = False


FRAME_RATES = (FrameRate(24, 24.0), FrameRate(25, 25.0), FrameRate(30, 30000 / 1001, True), FrameRate(30, 30.0))
"""By their number in the message. 29.97 without drops is sent as the last one, and nothing in the code tells it."""


def count_frames(hours: int, minutes: int, seconds: int, frames: int, rate: FrameRate) -> int:
    """Frames from 00:00:00:00 to a label."""
    total = ((hours * 60 + minutes) * 60 + seconds) * rate.count + frames
    if rate.drops:
        whole = hours * 60 + minutes
        total -= 2 * (whole - whole // 10)
    return total


class TimeCodeReader:
    """Follows quarter frames by their number: a position for each, as soon as one message was whole."""

    def __init__(self) -> None:
        self.rate = FRAME_RATES[1]
        self.quarter: int | None = None
        """Quarter frames from 00:00:00:00 to the last piece; None: no position is known."""
        self.direction = 0
        """1 forward, -1 backward, 0 before two pieces have come."""
        self.lost = 0
        """Pieces that were missing before the last one."""
        self._nibbles = [0] * PIECES
        self._piece: int | None = None
        self._unbroken = 0  # pieces in one direction since the last break

    def forget(self) -> None:
        """The code has stopped: the next piece belongs to another place."""
        self.quarter, self._piece, self.direction, self.lost, self._unbroken = None, None, 0, 0, 0

    def push_quarter_frame(self, data: int, expected_step: int | None = None) -> bool:
        """A quarter frame with its data byte. Whether the position goes on from the last one, lost pieces included.

        ``expected_step``: by how many pieces it should be further by its time; None: only its number says it.
        """
        piece, nibble = data >> 4 & 7, data & 0x0F
        step = 0 if self._piece is None else (piece - self._piece + PIECES // 2) % PIECES - PIECES // 2
        if expected_step is not None:
            step += PIECES * round((expected_step - step) / PIECES)
        follows = self._follow(step, expected_step is not None)
        self._piece, self._nibbles[piece] = piece, nibble
        if self._unbroken >= PIECES and piece == (PIECES - 1 if self.direction > 0 else 0):
            found = 4 * self._read_message() + piece
            follows = follows and found == self.quarter
            self.quarter = found
        return follows

    def _follow(self, step: int, is_timed: bool) -> bool:
        """Count on by ``step`` pieces; where no time says it, lost ones are in the direction that it has."""
        direction = 1 if step > 0 else -1
        self.lost = 0
        if self._piece is None or step == 0:
            self.quarter, self._unbroken = None, 1
            return False
        if abs(step) > 1 and self.direction:
            if not is_timed:
                step = step % PIECES if self.direction > 0 else step % PIECES - PIECES
            direction, self.lost = 1 if step > 0 else -1, abs(step) - 1
        turned = direction != self.direction
        self.direction = direction
        self._unbroken = 2 if turned else 1 if self.lost else self._unbroken + 1
        if self.quarter is not None:
            self.quarter += step
        return self.quarter is not None and not turned

    def push_full_frame(self, message: bytes) -> None:
        """A full frame (system exclusive): the code stands there, until quarter frames go on."""
        self.forget()
        hours = message[5]
        self.rate = FRAME_RATES[hours >> 5 & 3]
        self.quarter = 4 * count_frames(hours & 0x1F, message[6], message[7], message[8], self.rate)

    def _read_message(self) -> int:
        low, high = self._nibbles[::2], self._nibbles[1::2]
        frames, seconds, minutes, hours = (a | b << 4 for a, b in zip(low, high, strict=True))
        self.rate = FRAME_RATES[hours >> 5 & 3]
        return count_frames(hours & 0x1F, minutes & 0x3F, seconds & 0x3F, frames & 0x1F, self.rate)


def is_full_frame(data: bytes) -> bool:
    """Whether ``data`` is a full frame of MIDI time code."""
    return len(data) == FULL_FRAME_BYTES and data[:2] == b"\xf0\x7f" and data[3:5] == b"\x01\x01"


def is_quarter_frame(data: bytes) -> bool:
    """Whether ``data`` is a quarter frame of MIDI time code."""
    return len(data) == 2 and data[0] == QUARTER_FRAME
