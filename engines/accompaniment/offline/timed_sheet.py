"""Timed sheet: bars with their chords, and a tempo map; from a chord sheet, a MIDI file or a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from mido import bpm2tempo

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.arranger import PartTrack, arrange
from engines.accompaniment.score import Bar
from engines.accompaniment.sheet import Sheet

Tempi = tuple[tuple[int, int], ...]
"""Ticks, the first 0, and microseconds a quarter note from each on."""


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


def make_steady_tempo(bpm: float) -> Tempi:
    """One tempo, quarter notes a minute, from the start on."""
    return ((0, round(bpm2tempo(bpm))),)


def list_bar_starts(bars: Sequence[Bar], lead_ticks: int = 0) -> list[int]:
    """The tick at which each bar begins, and that at which the last one ends."""
    return list(accumulate((bar.ticks for bar in bars), initial=lead_ticks))
