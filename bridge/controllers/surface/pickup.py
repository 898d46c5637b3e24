"""Pickup (soft takeover): a fader that cannot be moved by us sets its control only once it is where the control is.

A control may be changed by a preset, a screen or another fader; if the fader took over at once, the value would jump
to wherever it stands.
"""

from __future__ import annotations

from bridge.controllers.mappings.mapping_file import Curve
from bridge.controllers.mappings.scaling import to_position, to_value
from bridge.core.control import Control

_ROUNDING = 1e-9


class Pickup:
    """The pickup of one fader that sets ``control`` from ``low`` to ``high``.

    ``maximum``: the largest value that the fader sends, which gives its step. The fader takes over when it passes the
    present value or comes within a step of it, so the control never moves by more than the hand did, and a step. It
    loses the control once that is changed from elsewhere by more than a step. If the present value is beyond ``low``
    or ``high``, the nearer end counts as its place.
    """

    def __init__(self, control: Control, low: float, high: float, curve: Curve, maximum: int) -> None:
        self._control, self._low, self._high, self._curve = control, low, high, curve
        self._step = 1 / maximum + _ROUNDING
        self._last: float | None = None
        """Where the fader is; None while that is unknown."""
        self._given: float | None = None
        """The position of the value that the fader set last; None while it has not taken over."""

    def move(self, position: float, present: float) -> float | None:
        """The fader is at ``position``, 0 to 1, while the control is ``present``: the value to set.

        None while the fader has not taken over. A message that repeats the last position moves nothing.
        """
        value = to_value(position, self._low, self._high, self._curve, self._control)
        here, place = self._to_position(value), self._to_position(present)
        last = here if self._last is None else self._last
        self._last = here
        if not self._has_control(place) and not min(last, here) - self._step <= place <= max(last, here) + self._step:
            self._given = None
            return None
        self._given = here
        return value

    def forget(self) -> None:
        """The fader may be moved unseen from now on: unplugged, or it sets something else (layer, bank)."""
        self._last = self._given = None

    def has_control(self, present: float) -> bool:
        """Whether the fader sets the control, while that is ``present``."""
        return self._has_control(self._to_position(present))

    def describe(self, present: float) -> str:
        """For the user: ``picked up``, or where the fader has to be moved."""
        place = self._to_position(present)
        return "picked up" if self._has_control(place) else f"move to {round(100 * place)} %"

    def _has_control(self, place: float) -> bool:
        return self._given is not None and abs(place - self._given) <= self._step

    def _to_position(self, value: float) -> float:
        return to_position(value, self._low, self._high, self._curve, self._control)
