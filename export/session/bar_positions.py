"""Bar positions: where a tick lies in bars, beats and sixteenths, as DAWs show it (``12.3.1``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bridge.core.time import TICKS_PER_BEAT
from export.session.session import TimeSignature

SIXTEENTH_TICKS = TICKS_PER_BEAT // 4


@dataclass(frozen=True, slots=True, order=True)
class BarPosition:
    """A position. All three count from 1; beats are those of the time signature: eighth notes in 9/8."""

    bar: int
    beat: int
    sixteenth: int

    def __str__(self) -> str:
        return f"{self.bar}.{self.beat}.{self.sixteenth}"


def find_bar_position(metres: Sequence[TimeSignature], tick: int) -> BarPosition:
    """The position of ``tick``, at the nearest sixteenth (at the nearest beat where beats are shorter).

    ``metres``: by tick, the first at tick 0. A pickup is the bar 1, as in a DAW. A time signature that comes within a
    bar begins the next one.
    """
    first_bar = 1
    for metre, after in pairwise(metres):
        ticks = _round_to_grid(tick, metre)
        if metre.tick + ticks < after.tick:
            return _divide(ticks, metre, first_bar)
        first_bar += -(-(after.tick - metre.tick) // metre.bar_ticks)
    return _divide(_round_to_grid(tick, metres[-1]), metres[-1], first_bar)


def _get_beat_ticks(metre: TimeSignature) -> int:
    return metre.bar_ticks // metre.numerator


def _round_to_grid(tick: int, metre: TimeSignature) -> int:
    """Ticks from the start of ``metre`` to the nearest place of its grid; 0 for a tick before it."""
    step = min(SIXTEENTH_TICKS, _get_beat_ticks(metre))
    return max((tick - metre.tick + step // 2) // step, 0) * step


def _divide(ticks: int, metre: TimeSignature, first_bar: int) -> BarPosition:
    bars, rest = divmod(ticks, metre.bar_ticks)
    beats, rest = divmod(rest, _get_beat_ticks(metre))
    return BarPosition(first_bar + bars, 1 + beats, 1 + rest // SIXTEENTH_TICKS)
