"""Plan report: what the band has decided and what it expects, as events on its port `foreseen`, for display."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.core.events import (
    Chord,
    Commit,
    ExpectedChord,
    Lookahead,
    Section,
    TimedEvent,
    cut_section_name,
    to_state,
)
from engines.accompaniment.chord_fallback import PredictedChord
from engines.accompaniment.form import BeatPosition, Shape
from engines.accompaniment.score import COUNT_IN
from engines.accompaniment.timeline import Timeline
from engines.saved_state import SavedState

EXPECTED_BARS = 8
"""Bars to come whose chords are reported; without a sheet, as far as chords are predicted."""


class PlanReport(SavedState):
    """Writes the events in the order of their frames. ``frame``: that of the last one."""

    saved_fields = ("frame",)

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.frame = 0

    def move_to(self, frame: int) -> None:
        """Give what follows ``frame``, or that of the last event where it is later."""
        self.frame = max(frame, self.frame)

    def make_section(self, place: BeatPosition, shape: Shape, line: Timeline) -> TimedEvent:
        """The section at ``place``, and the bar of the song since which it is played."""
        name = COUNT_IN if shape.counting else shape.section
        since = place.start - (shape.position * place.bar_beats if shape.section else 0)
        bar = (since - line.get_number(since)) // max(line.time.bar_beats, 1) + 1
        return TimedEvent(self.frame, Section(bar, cut_section_name(name)))

    def make_decision(
        self, beat: int, chosen: PredictedChord, level: int, now: int, line: Timeline
    ) -> list[TimedEvent]:
        """The chord that is played at ``beat``, decided at frame ``now``."""
        chord, ahead = chosen.chord, (line.to_frame(beat) - now) / line.time.frames_per_beat
        return [
            TimedEvent(self.frame, Chord(chord.root, chord.quality, chord.bass, chosen.confidence)),
            TimedEvent(self.frame, Commit(beat, level, chosen.source, ahead, line.time.tempo)),
        ]

    def make_expected(self, expected: Iterable[tuple[int, PredictedChord]]) -> list[TimedEvent]:
        """The chord that is expected at each beat, where one is known."""
        return [
            TimedEvent(self.frame, ExpectedChord(beat, to_state(one.chord), one.chord.bass, one.confidence, one.source))
            for beat, one in expected
            if one.known
        ]

    def make_lookahead(self, asked: float, last: int, late: int, now: int, line: Timeline) -> TimedEvent:
        """The end of a report: ``late`` of the beats up to ``last`` were too late at frame ``now``."""
        kept = (line.to_frame(last) - now) / line.time.frames_per_beat
        return TimedEvent(self.frame, Lookahead(asked, kept, late))
