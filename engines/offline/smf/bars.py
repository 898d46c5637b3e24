"""Bars and tempi for any time before or between beats, such that every DAW accepts the file.

A bar is counted in quarters, eighths or sixteenths, MOST_BEATS at most (Live has no finer value, and no DAW a bar of
300 quarters). A tempo lies between 20 and 300 quarter notes a minute (Cubase has no faster one, Live no slower one).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from bridge.core.time import TICKS_PER_BEAT

SIXTEENTH = TICKS_PER_BEAT // 4
MOST_BEATS = 16
"""A time signature's highest numerator."""
FASTEST_US, SLOWEST_US = 200_000, 3_000_000
"""Microseconds a quarter note, at 300 and 20 a minute."""
SHORTEST_US = FASTEST_US / 4
"""A sixteenth at the fastest tempo: no bar is shorter."""
USUAL_LONGEST_US = 2_000_000
"""Longest quarter note where the tempo is free."""
EXACT_US = 100.0
"""Largest error of a time filled with one tempo; else two tempi fill it, which differ by a microsecond."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead-in: ``ticks``, a whole number of sixteenths, and ``tempi`` (tick, microseconds a quarter note)."""

    ticks: int
    tempi: tuple[tuple[int, int], ...]


def fill_time(length_us: float, period_us: float) -> Lead:
    """Quarter notes of about ``period_us`` that last ``length_us`` (to EXACT_US).

    Sixteenths where there is no room for a quarter; nothing where there is no room for a sixteenth either.
    """
    period_us = min(max(period_us, FASTEST_US), USUAL_LONGEST_US)
    sixteenths = round(4 * length_us / period_us)
    if length_us < SHORTEST_US:
        return Lead(0, ())
    if sixteenths < 4 or length_us < FASTEST_US:
        sixteenths = min(max(sixteenths, 1), int(length_us / SHORTEST_US))
        return Lead(sixteenths * SIXTEENTH, ((0, round(length_us * 4 / sixteenths)),))
    quarters = max(round(length_us / period_us), ceil(length_us / SLOWEST_US), 1)
    return fill_quarters(length_us, min(quarters, int(length_us / FASTEST_US)))


def fill_quarters(length_us: float, quarters: int) -> Lead:
    """So many ``quarters`` that last ``length_us`` together (to EXACT_US)."""
    tempo, longer = divmod(round(length_us), quarters)
    nearest = round(length_us / quarters)
    if abs(nearest * quarters - length_us) <= EXACT_US:
        return Lead(quarters * TICKS_PER_BEAT, ((0, nearest),))
    return Lead(quarters * TICKS_PER_BEAT, ((0, tempo + 1), (longer * TICKS_PER_BEAT, tempo)))


def choose_lead_quarters(first_us: float, after_us: float, period_us: float, bar_beats: int) -> int:
    """Quarter notes of the whole bars that lead in to a first beat at ``first_us``, the next one being at ``after_us``;
    0: its bar begins with the song."""
    bars = max(round(first_us / (period_us * bar_beats)), -(-int(first_us) // int(SLOWEST_US * bar_beats)), 1)
    lead_us = first_us / (bars * bar_beats)
    if after_us > SLOWEST_US:
        return bars * bar_beats
    if lead_us < FASTEST_US:
        return 0
    return bars * bar_beats if max(lead_us / period_us, period_us / lead_us) < after_us / period_us else 0


def split_into_bars(ticks: int, usual: int) -> Iterator[int]:
    """Split ``ticks`` into bars of ``usual`` ticks at most; the remainder comes first: sixteenths, then quarters."""
    over = ticks % TICKS_PER_BEAT
    if over:
        yield over
        ticks -= over
    if ticks % usual:
        yield ticks % usual
    yield from [usual] * (ticks // usual)


def to_metre(ticks: int) -> tuple[int, int]:
    """Numerator and denominator of a bar of so many ticks. Raises: ValueError where it is no ordinary bar."""
    denominator = next((16 // over for over in (4, 2, 1) if ticks % (over * SIXTEENTH) == 0), 0)
    numerator = ticks * denominator // (4 * TICKS_PER_BEAT)
    if not denominator or not 1 <= numerator <= MOST_BEATS:
        raise ValueError(f"a bar of {ticks} ticks")
    return numerator, denominator


def find_metre_changes(lengths: Iterable[int], at: int = 0) -> list[tuple[int, int, int]]:
    """(tick, numerator, denominator) of each metre change in bars of these ``lengths``, in ticks from ``at``."""
    changes: list[tuple[int, int, int]] = []
    for length in lengths:
        metre = to_metre(length)
        if not changes or changes[-1][1:] != metre:
            changes.append((at, *metre))
        at += length
    return changes
