"""Expected chords: the rows of the reading ``accompaniment.plan``, of the present beat and of those to come."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.control.bus import Bus
from bridge.core.events import CHORD_SOURCES, Chord, Commit, ExpectedChord, to_chord

MOVED_BEATS = 0.1
"""A row is published again where its beat has moved by so much: a detected tempo varies from beat to beat."""
CONFIDENCE_STEP = 0.05
"""Likewise, where its confidence has changed by so much."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A chord that is played or expected at a beat. ``frame``: of the beat. ``confidence``: 0 to 1."""

    frame: int
    label: str
    confidence: float
    source: str


class ExpectedChords:
    """Collects what the accompaniment decides and expects, and publishes what changed on ``bus``."""

    def __init__(self, bus: Bus, rate: int) -> None:
        self._bus, self._rate = bus, rate
        self._rows: dict[int, PlanRow] = {}
        self._published: dict[int, PlanRow] = {}
        self._coming: dict[int, PlanRow] = {}
        self._decided, self._frame, self._frames_per_beat = 0, 0, 0.0
        self._chord: Chord | None = None
        for row in bus.get_rows("accompaniment.plan"):  # those of an earlier signal path
            bus.withdraw("accompaniment.plan", row[0])

    def push_chord(self, chord: Chord) -> None:
        """The chord of the beat that the next `push_commit` decides."""
        self._chord = chord

    def push_commit(self, frame: int, commit: Commit) -> None:
        """A beat was decided, which sounds at ``frame``."""
        self._decided, self._frame = commit.beat, frame
        self._frames_per_beat = 60.0 * self._rate / commit.tempo if commit.tempo > 0 else 0.0
        if self._chord is not None:
            source = CHORD_SOURCES[commit.source]
            self._rows[commit.beat] = PlanRow(frame, self._chord.label, self._chord.confidence, source)

    def push_expected(self, expected: ExpectedChord) -> None:
        """A chord is expected at a beat that is not decided; it counts from the next `end_plan` on."""
        chord = to_chord(expected.state, expected.confidence)
        if expected.bass >= 0 and chord.root >= 0:
            chord = replace(chord, bass=expected.bass)
        frame = round(self._frame + (expected.beat - self._decided) * self._frames_per_beat)
        self._coming[expected.beat] = PlanRow(
            frame, chord.label, expected.confidence, CHORD_SOURCES[expected.source]
        )  # fmt: skip

    def end_plan(self) -> None:
        """The plan is complete: it replaces the last one."""
        self._rows = {beat: row for beat, row in self._rows.items() if beat <= self._decided} | self._coming
        self._coming = {}

    def clear(self) -> None:
        """Nothing is expected: the music broke off."""
        self._rows, self._coming = {}, {}

    def publish(self, now: int) -> None:
        """Publish the rows that changed, and withdraw those of beats that are over at frame ``now``."""
        length = self._frames_per_beat or self._rate
        self._rows = {beat: row for beat, row in self._rows.items() if row.frame + length > now}
        for beat in self._published.keys() - self._rows.keys():
            del self._published[beat]
            self._bus.withdraw("accompaniment.plan", beat)
        for beat in sorted(self._rows):
            row, old = self._rows[beat], self._published.get(beat)
            if old is None or self._has_changed(row, old):
                self._published[beat] = row
                confidence = round(row.confidence, 3)
                self._bus.publish("accompaniment.plan", beat, row.frame, row.label, confidence, row.source)

    def _has_changed(self, row: PlanRow, old: PlanRow) -> bool:
        return (
            (row.label, row.source) != (old.label, old.source)
            or abs(row.confidence - old.confidence) >= CONFIDENCE_STEP
            or abs(row.frame - old.frame) > MOVED_BEATS * (self._frames_per_beat or self._rate)
        )
