"""Places: whether what is on a page overlaps or lies outside, for the tests of both formats."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom."""
TOLERANCE = 0.02
"""Pixels: the percentages of Open Stage Control have four decimals."""


def find_overlaps(places: Sequence[tuple[str, Rectangle]]) -> list[tuple[str, str]]:
    """The names of those that cover a common area."""
    return [
        (first, second)
        for (first, one), (second, other) in combinations(places, 2)
        if min(one[2], other[2]) - max(one[0], other[0]) > TOLERANCE
        and min(one[3], other[3]) - max(one[1], other[1]) > TOLERANCE
    ]


def find_outside(places: Sequence[tuple[str, Rectangle]], around: Rectangle) -> list[str]:
    """The names of those that lie not wholly in ``around``."""
    return [
        name
        for name, one in places
        if one[0] < around[0] - TOLERANCE
        or one[1] < around[1] - TOLERANCE
        or one[2] > around[2] + TOLERANCE
        or one[3] > around[3] + TOLERANCE
    ]
