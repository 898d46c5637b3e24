"""Bar lines of a MIDI file: where its bars begin, in whole quarter notes, whatever its time signatures say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.time import TICKS_PER_BEAT
from bridge.errors import ConfigError
from engines.accompaniment.sheet import LONGEST_BARS, METRES

LONGEST_BEATS = max(METRES.values())
PARTS_OF_BARS = (4, 3, 6, 5, 7, 2)
"""Quarter notes that a longer bar is divided into, the first that fits."""
FINEST_TICKS = TICKS_PER_BEAT // 16
"""A 64th: a change of metre so near a quarter note is meant to be on it, and upbeats are counted in these."""

MetreChange = tuple[int, tuple[int, int]]
"""The tick from which on a bar has numerator / denominator of a whole note."""


@dataclass(frozen=True, slots=True)
class BarLines:
    """``lead``: ticks before the first whole bar. ``starts``: where bars begin, and where the last one ends.

    ``remarks``: where the metre was taken to change beside the place that is written.
    """

    lead: int
    starts: tuple[int, ...]
    remarks: tuple[str, ...]


def find_bar_lines(metres: Sequence[MetreChange], end: int, name: str) -> BarLines:
    """The bars until ``end``.

    Raises: ConfigError, with ``name`` and a fix, where bars are too many or hold no whole number of quarter notes.
    """
    starts, lead, remarks = [0], 0, list[str]()
    known = sorted({0: (4, 4), **dict(metres)}.items())
    for (tick, metre), after in zip(known, [*(tick for tick, _ in known[1:]), None], strict=True):
        if tick >= end:
            break
        until = end if after is None else min(after, end)
        while starts[-1] < until:
            length = _get_bar_ticks(metre)
            room = length if after is None else after - starts[-1]
            if room < length and (len(starts) > 1 or lead or room % FINEST_TICKS):
                room, moved = _snap_to_beat(room, length)
                if moved:
                    remarks.append(f"the metre changes within a beat in bar {len(starts)}; taken as at the bar line")
            length = min(length, room)
            if length == 0:
                break
            if length % TICKS_PER_BEAT:
                if lead or len(starts) > 1 or length % FINEST_TICKS:
                    what = f"bar {len(starts)} ({metre[0]}/{metre[1]}) has no whole number of quarter notes"
                    raise ConfigError(f"{name}: {what}", "write it in quarter notes, such as 7/8 as 7/4 twice as fast")
                lead = length
                starts = [length]
                continue
            starts += [starts[-1] + part * TICKS_PER_BEAT for part in _divide_bar(length // TICKS_PER_BEAT)]
            if len(starts) > LONGEST_BARS:
                raise ConfigError(f"{name}: more than {LONGEST_BARS} bars", "give a shorter file")
    return BarLines(lead, tuple(starts), tuple(remarks))


def _get_bar_ticks(metre: tuple[int, int]) -> int:
    return metre[0] * 4 * TICKS_PER_BEAT // metre[1]


def _snap_to_beat(room: int, bar: int) -> tuple[int, bool]:
    """Where a metre changes that is written ``room`` ticks behind a bar line, the next one being ``bar`` ticks behind
    it: on the quarter note beside it, or else, which is said, on the nearer bar line."""
    nearest = round(room / TICKS_PER_BEAT) * TICKS_PER_BEAT
    if abs(room - nearest) < FINEST_TICKS:
        return nearest, False
    return (0 if 2 * room < bar else bar), True


def _divide_bar(beats: int) -> list[int]:
    """Where the bars end that a bar of ``beats`` is played as, in beats from its start: none is longer than 7."""
    if beats <= LONGEST_BEATS:
        return [beats]
    part = next((part for part in PARTS_OF_BARS if beats % part == 0), PARTS_OF_BARS[0])
    return [*range(part, beats, part), beats]
