"""Bar positions: the bar, beat and sixteenth that a DAW shows."""

from __future__ import annotations

import pytest

from export.session.bar_positions import find_bar_position
from export.session.session import TimeSignature

FOUR = (TimeSignature(0, 4, 4),)
PICKUP = (TimeSignature(0, 1, 4), TimeSignature(480, 9, 8), TimeSignature(480 + 2 * 2160, 4, 4))
SHORT = (TimeSignature(0, 3, 32), TimeSignature(180, 5, 16))
BROKEN = (TimeSignature(0, 4, 4), TimeSignature(2000, 3, 4))
"""A time signature 80 ticks into the second bar."""


@pytest.mark.parametrize(
    ("metres", "tick", "expected"),
    [
        (FOUR, 0, "1.1.1"),
        (FOUR, 1919, "2.1.1"),
        (FOUR, 1920 + 480 + 240, "2.2.3"),
        (FOUR, 1920 * 99 + 1439, "100.4.1"),
        (PICKUP, 0, "1.1.1"),
        (PICKUP, 360, "1.1.4"),
        (PICKUP, 479, "2.1.1"),
        (PICKUP, 480, "2.1.1"),
        (PICKUP, 480 + 240 * 8 + 120, "2.9.2"),
        (PICKUP, 480 + 2160, "3.1.1"),
        (PICKUP, 480 + 2 * 2160 + 1920 + 480, "5.2.1"),
        (SHORT, 65, "1.2.1"),
        (SHORT, 180 + 120 * 6, "3.2.1"),
        (BROKEN, 1990, "3.1.1"),
        (BROKEN, 2000 + 1440, "4.1.1"),
    ],
)
def test_a_tick_is_where_a_daw_shows_it(metres: tuple[TimeSignature, ...], tick: int, expected: str) -> None:
    assert str(find_bar_position(metres, tick)) == expected


def test_positions_ascend_with_ticks() -> None:
    positions = [find_bar_position(PICKUP, tick) for tick in range(0, 8000, 7)]
    assert positions == sorted(positions)
