"""Timed sheet: bars with their chords, and a tempo map; from a chord sheet, a MIDI file or a recording."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from statistics import median

from mido import bpm2tempo

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.arranger import PartTrack, arrange
from engines.accompaniment.score import Bar
from engines.accompaniment.sheet import Sheet

Tempi = tuple[tuple[int, int], ...]
"""Ticks, the first 0, and microseconds a quarter note from each on."""

AROUND_BARS = 2
"""Bars on each side of one whose tempi are its own, too."""


@dataclass(frozen=True, slots=True)
class TimedSheet:
    """``sheet``: bars may differ in their beats. ``lead_ticks``: nobody plays so long before the first bar: whole bars
    before a recording, whole sixteenths in a MIDI file. ``late_ticks``: what is played in the first beat comes so much
    later in it, to be with a recording.

    ``tempi``: counted from the file's start, before the lead. ``counted``: the drummer counts a bar first.
    ``intensities``: for each bar; empty: as the sections' names say. ``rests``: bars in which the band is silent.
    ``remarks``: what was odd about the file that it comes from.
    """

    sheet: Sheet
    tempi: Tempi
    lead_ticks: int = 0
    counted: bool = False
    intensities: tuple[float, ...] = ()
    rests: frozenset[int] = frozenset()
    late_ticks: int = 0
    remarks: tuple[str, ...] = ()

    def list_bars(self, count: int | None = None) -> tuple[Bar, ...]:
        """The bars to be played, all or, cut or repeated, ``count``, with the count-in before them."""
        arranged = arrange(self.sheet, count, self.counted)
        tempi = measure_bar_tempi(list_bar_starts(arranged, self.lead_ticks), self.tempi)
        arranged = tuple(replace(bar, tempo=tempo) for bar, tempo in zip(arranged, tempi, strict=True))
        if not self.intensities:
            return arranged
        return tuple(
            replace(bar, intensity=self.intensities[bar.number % len(self.intensities)]) if bar.number >= 0 else bar
            for bar in arranged
        )

    def silence_rests(self, part: PartTrack, bars: Sequence[Bar]) -> PartTrack:
        """``part``, which plays ``bars``, without what falls into the rests."""
        kept = (() if bar.number in self.rests else notes for bar, notes in zip(bars, part.bars, strict=True))
        return PartTrack(part.name, tuple(kept))

    def add_count_in(self) -> TimedSheet:
        """The same with a bar of sticks before the first; all that follows comes so much later."""
        if self.counted:
            return self
        ticks = self.sheet.beats * TICKS_PER_BEAT
        later = ((tick + ticks if tick > self.lead_ticks else tick, tempo) for tick, tempo in self.tempi)
        return replace(self, counted=True, tempi=tuple(later))

    def change_tempo(self, bpm: float) -> TimedSheet:
        """The same in a steady tempo, quarter notes a minute."""
        return replace(self, tempi=make_steady_tempo(bpm))


def measure_bar_tempi(starts: Sequence[int], tempi: Tempi) -> list[float]:
    """The usual tempo around each bar, whole quarter notes a minute: a median, so that one uneven bar is none.

    ``starts``: the tick of each bar, and that of the end.
    """
    ticks = [tick for tick, _ in tempi]
    # microseconds times ticks of a quarter note, which cancel below
    times = [0.0, *accumulate(tempo * (b - a) for (a, tempo), (b, _) in pairwise(tempi))]

    def get_time(tick: int) -> float:
        number = bisect_right(ticks, tick) - 1
        return times[number] + tempi[number][1] * (tick - ticks[number])

    found = [60e6 * (b - a) / (get_time(b) - get_time(a)) for a, b in pairwise(starts)]
    return [float(round(median(found[max(bar - AROUND_BARS, 0) : bar + AROUND_BARS + 1]))) for bar in range(len(found))]


def make_steady_tempo(bpm: float) -> Tempi:
    """One tempo, quarter notes a minute, from the start on."""
    return ((0, round(bpm2tempo(bpm))),)


def list_bar_starts(bars: Sequence[Bar], lead_ticks: int = 0) -> list[int]:
    """The tick at which each bar begins, and that at which the last one ends."""
    return list(accumulate((bar.ticks for bar in bars), initial=lead_ticks))
