"""Hand on a motor fader: whether a finger is on it, so that no motor moves against it.

An encoder whose position can be sent to it counts as one: a late position would turn it back under the hand.
"""

from __future__ import annotations

import math

MOVE_HOLD_S = 0.3
"""So long after a move without a touch message a finger counts as on the fader: some devices send no touch."""
TOUCH_LIMIT_S = 10.0
"""A touch without any movement for so long has ended: its release was lost."""
MOTOR_STEPS = 1023
"""Steps of a motor fader (10 bits: MCU, FaderPort). A value within one of them is the same position."""


class FaderHand:
    """The hand on one motor fader, and the positions, from 0 to 1, that were exchanged with it last."""

    def __init__(self) -> None:
        self._touched = False
        self._active_s = self._moved_s = -math.inf
        self.received: float | None = None
        """Where the hand moved it last; None once the motor has moved it."""
        self.sent: float | None = None
        """Where the motor moved it last; None once the hand has."""

    def touch(self, touched: bool, now_s: float) -> None:
        """A touch message; the end of a touch lets the motor go at once."""
        self._touched = touched
        self._active_s, self._moved_s = now_s, -math.inf

    def move(self, position: float, now_s: float) -> bool:
        """A position from the device; False where it is only the motor's own movement, reported."""
        is_touched = self._touched and now_s < self._active_s + TOUCH_LIMIT_S
        if not is_touched and self.sent is not None and is_same_position(position, self.sent):
            return False
        self.received, self.sent = position, None
        self._active_s = self._moved_s = now_s
        return True

    def leave(self) -> None:
        """No finger is on it: the device is gone."""
        self._touched = False
        self._moved_s = -math.inf
        self.received = self.sent = None

    def find_end_s(self) -> float:
        """Until when, at least, the motor has to wait; -inf: no finger is on it."""
        touched_s = self._active_s + TOUCH_LIMIT_S if self._touched else -math.inf
        return max(touched_s, self._moved_s + MOVE_HOLD_S)


def is_same_position(a: float, b: float) -> bool:
    """Whether a motor fader cannot tell two positions apart."""
    return abs(a - b) <= 1 / MOTOR_STEPS + 1e-9
