"""Strip link: a control of Sideman and a fader or button of a DAW's strip, kept equal without an endless echo.

The DAW repeats each move that it gets, often rounded and late. So what came in within a step of what was sent is an
echo, a fader that we move counts as touched and hears nothing meanwhile, and a button is not pressed a second time
before the DAW's light has answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

from bridge.controllers.mcu.host_view import Arrival
from bridge.controllers.mcu.protocol import LED_ON, NOTE_TOUCH, make_fader, make_note
from bridge.core.control import Control

log = logging.getLogger(__name__)

SetValue: TypeAlias = Callable[[str, float], float]
"""Sets a control by name, and returns the value that it has then."""

TOP = 16383
STEP = 16
"""A step of a fader, of 1024: smaller differences are rounding."""
SEND_S = 0.02
"""Time between two moves of a fader that we send."""
HOLD_S = 0.15
"""A fader counts as touched until it has not been moved for so long."""
ECHO_S = 0.3
"""After the touch ends, the DAW's echoes of it are still under way."""
SETTLE_S = 0.05
"""Delay after which what a DAW sends after a pause is taken: the strip may be getting another name at this moment."""
MOVING_S = 0.5
"""Pause after which a fader no longer counts as being moved by the DAW."""
ANSWER_S = 1.0
"""Time in which a button's light must answer a press."""
MAX_PRESSES = 3


class FaderLink:
    """A control and the fader of a strip, by position: the DAW's scale in dB is its own and not known."""

    def __init__(self, control: Control, value: float) -> None:
        self._control = control
        self._value = value
        self._strip = 0
        self._is_touched = False
        self._agreed: int | None = None
        self._moved_s = self._sent_s = self._taken_s = float("-inf")

    def attach(self, strip: int) -> None:
        """The track is on another strip of the DAW, from 0, and its fader is where it was."""
        self._strip = strip

    def start_afresh(self, value: float) -> None:
        """The DAW may have another song now. Nothing is sent until the control's ``value`` changes again."""
        self._value, self._agreed = value, None

    def update(self, value: float, arrival: Arrival | None, now_s: float, set_value: SetValue) -> Update:
        """What is sent now, and what of ``arrival`` is left. ``value``: of the control."""
        sent: list[bytes] = []
        if value != self._value and now_s - self._sent_s >= SEND_S:
            self._value = value
            target = self._to_position(value)
            if self._differs(target):
                sent += self._move(target, now_s)
                arrival = None  # it was sent before
        if arrival is not None and self._takes(arrival, now_s):
            if self._differs(arrival.value):
                self._agreed = arrival.value
                self._value = set_value(self._control.name, self._to_value(arrival.value))
            self._taken_s = now_s
            arrival = None
        if self._is_touched and now_s - self._moved_s >= HOLD_S:
            sent += self.let_go()
        return sent, arrival

    def let_go(self) -> list[bytes]:
        """End the touch, if there is one."""
        was_touched, self._is_touched = self._is_touched, False
        return [make_note(NOTE_TOUCH + self._strip, 0)] if was_touched else []

    def _move(self, target: int, now_s: float) -> list[bytes]:
        touch = [] if self._is_touched else [make_note(NOTE_TOUCH + self._strip, LED_ON)]
        self._is_touched, self._agreed = True, target
        self._moved_s = self._sent_s = now_s
        return [*touch, make_fader(self._strip, target)]

    def _takes(self, arrival: Arrival, now_s: float) -> bool:
        if now_s - self._moved_s < HOLD_S + ECHO_S:
            return False
        is_moving = now_s - self._taken_s < MOVING_S
        return is_moving or now_s - arrival.since_s >= SETTLE_S

    def _differs(self, position: int) -> bool:
        """Whether a position is another than the last one. The ends are exact: the lower one is silence."""
        if self._agreed is None:
            return True
        return position != self._agreed and (abs(position - self._agreed) > STEP or position in (0, TOP))

    def _to_position(self, value: float) -> int:
        return round((value - self._control.low) / (self._control.high - self._control.low) * TOP)

    def _to_value(self, position: int) -> float:
        return self._control.low + position / TOP * (self._control.high - self._control.low)


class ButtonLink:
    """A switch and a button of a strip with its light. Pressing the button toggles, so its light is compared first."""

    def __init__(self, control: Control, note: int, value: float) -> None:
        self._control = control
        self._note = note
        self._strip = 0
        self._is_on = value > 0.5
        self._wanted: bool | None = None
        self._pressed_at: bool | None = None
        """The light when the button was pressed, until it answers."""
        self._presses = 0
        self._quiet_until_s = float("-inf")

    def attach(self, strip: int, now_s: float) -> None:
        """The track is on another strip of the DAW, from 0. How its light is will arrive."""
        self._strip, self._pressed_at = strip, None
        self._quiet_until_s = now_s + ECHO_S

    def start_afresh(self, value: float) -> None:
        """The DAW may have another song now. Nothing is pressed until the control's ``value`` changes again."""
        self._is_on = value > 0.5
        self._wanted = self._pressed_at = None
        self._presses = 0

    def update(self, value: float, led: bool, arrival: Arrival | None, now_s: float, set_value: SetValue) -> Update:
        """What is sent now, and what of ``arrival`` is left. ``value``: of the control. ``led``: the DAW's light."""
        is_on = value > 0.5
        if is_on != self._is_on:
            self._is_on = self._wanted = is_on
            self._presses = 0
        if self._pressed_at is not None and led != self._pressed_at:
            self._pressed_at, self._quiet_until_s = None, now_s
        if self._wanted is not None:
            return (self._press_if_needed(led, now_s) if now_s >= self._quiet_until_s else []), None
        if arrival is not None and now_s - arrival.since_s >= SETTLE_S:
            if bool(arrival.value) != self._is_on:
                self._is_on = bool(arrival.value)
                set_value(self._control.name, float(self._is_on))
            arrival = None
        return [], arrival

    def _press_if_needed(self, led: bool, now_s: float) -> list[bytes]:
        if led == self._wanted:
            self._wanted = None
            return []
        if self._presses == MAX_PRESSES:
            log.warning("%s: the DAW does not answer the button of strip %d", self._control.name, self._strip + 1)
            self._wanted = None
            return []
        self._presses += 1
        self._pressed_at, self._quiet_until_s = led, now_s + ANSWER_S
        note = self._note + self._strip
        return [make_note(note, LED_ON), make_note(note, 0)]


Update: TypeAlias = tuple[list[bytes], Arrival | None]
"""Messages to send, and what arrived and is not taken yet."""
