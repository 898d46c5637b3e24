"""Scaling: positions of a fader as values of a control, and back.

The ends are exact. A control of whole numbers gets an even zone of the fader for each of its values, so that a choice
of four has quarters.
"""

from __future__ import annotations

import math

from bridge.controllers.mappings.mapping_file import Curve
from bridge.core.control import Control


def to_value(position: float, low: float, high: float, curve: Curve, control: Control) -> float:
    """The value of ``control`` at ``position``, 0 to 1 (beyond: the end), of a fader from ``low`` to ``high``.

    ``low`` may be the larger one. ``curve``: ``linear`` moves by equal differences, or ratios where the control's kind
    is log; ``log`` by equal ratios; ``square`` is finer at the low end, ``root`` at the high one.
    """
    share = _bend(min(max(position, 0.0), 1.0), curve)
    if control.is_whole:
        amount = round(abs(high - low)) + 1
        index = min(int(share * amount), amount - 1)
        return low + math.copysign(index, high - low) if index else float(low)
    if share in {0.0, 1.0}:
        return float(high if share else low)
    if _is_geometric(low, high, curve, control):
        return _bound(low * (high / low) ** share, low, high)
    return _bound(low + (high - low) * share, low, high)


def to_position(value: float, low: float, high: float, curve: Curve, control: Control) -> float:
    """The position, 0 to 1, of a fader from ``low`` to ``high`` at ``value``; beyond its range: the end.

    `to_value` gives ``value`` again: exactly for whole numbers and at the ends, else within rounding.
    """
    value = _bound(value, low, high)
    if value in {low, high}:
        return float(value == high)
    if not control.is_whole and _is_geometric(low, high, curve, control):
        share = math.log(value / low) / math.log(high / low)
    else:
        share = (value - low) / (high - low)
    return _straighten(min(max(share, 0.0), 1.0), curve)


def _is_geometric(low: float, high: float, curve: Curve, control: Control) -> bool:
    """Whether equal movements are equal ratios; a range that reaches 0 has none."""
    return (curve == "log" or control.kind == "log") and min(low, high) > 0


def _bound(value: float, low: float, high: float) -> float:
    return min(max(value, min(low, high)), max(low, high))


def _bend(position: float, curve: Curve) -> float:
    if curve == "square":
        return position * position
    return math.sqrt(position) if curve == "root" else position


def _straighten(share: float, curve: Curve) -> float:
    if curve == "square":
        return math.sqrt(share)
    return share * share if curve == "root" else share
