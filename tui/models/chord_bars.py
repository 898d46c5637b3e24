"""Bars with their chords: those that were recognised, from the history, and those to come, from the plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

from tui.core.session import Record, Session
from tui.core.values import read_number, read_text
from tui.models.position import Position

SURE_CONFIDENCE, LIKELY_CONFIDENCE = 0.75, 0.5
"""From here on a planned chord is shown as sure, and as likely; below it is a guess."""
CERTAIN_SOURCES = frozenset({"played", "detected", "track"})
"""Sources of a planned chord that is known: from the keys, from the music, from the chord sheet."""
GRID_BEATS = 1.0
"""Chords begin on beats: an analysed one is some frames beside, an anticipated one belongs to the beat that follows."""
SURE, LIKELY, GUESSED = "", "~", "?"


@dataclass(frozen=True, slots=True)
class BarChord:
    """A chord in a bar. ``beat``: from 1. ``certainty``: SURE, LIKELY or GUESSED, as it is written behind the label."""

    beat: float
    label: str
    certainty: str = SURE
    is_held: bool = False


@dataclass(slots=True)
class ChordBar:
    """A bar and its chords. ``number``: as the clock counts. The first chord may be held over from the bar before."""

    number: int
    chords: list[BarChord] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NextChord:
    """The chord that follows. ``beats``: until it begins. ``source``: what the plan derives it from."""

    label: str
    beats: float
    certainty: str
    source: str


def find_certainty(plan: Record) -> str:
    """How certain a planned chord is."""
    confidence = read_number(plan, "confidence")
    if read_text(plan, "source") in CERTAIN_SOURCES or confidence >= SURE_CONFIDENCE:
        return SURE
    return LIKELY if confidence >= LIKELY_CONFIDENCE else GUESSED


def read_plan(session: Session) -> list[Record]:
    """The planned chords, the nearest first."""
    return sorted(session.read_rows("accompaniment.plan"), key=lambda row: read_number(row, "frame"))


def find_next_chord(session: Session, position: Position, label: str) -> NextChord | None:
    """The next chord that differs from ``label``: as it is planned, or as the accompaniment has decided it."""
    for row in read_plan(session):
        frame = read_number(row, "frame")
        if frame > position.frame and read_text(row, "label") != label:
            return NextChord(
                read_text(row, "label"), position.count_beats(frame), find_certainty(row), read_text(row, "source")
            )
    for row in session.read_events("accompaniment.chord", 8):
        frame = read_number(row, "frame")
        if frame > position.frame and read_text(row, "label") != label:
            return NextChord(read_text(row, "label"), position.count_beats(frame), SURE, "decided")
    return None


def collect_bars(session: Session, position: Position, before: int, count: int) -> list[ChordBar]:
    """``count`` bars, of which ``before`` have passed; none where no position is known.

    Chords up to now are those that were recognised, later ones those of the plan.
    """
    if not position.is_known or count < 1:
        return []
    first = max(position.bar - before, min(position.bar, 1))
    bars = {number: ChordBar(number) for number in range(first, first + count)}
    held: BarChord | None = None
    placed = _place_chords(session, position)
    last_known = max((number for _, number in placed), default=position.bar)
    for chord, number in placed:
        if number < first:
            held = chord
        elif number in bars:
            bars[number].chords.append(chord)
    for bar in bars.values():
        bar.chords.sort(key=lambda chord: chord.beat)
        if held is not None and (not bar.chords or bar.chords[0].beat > 1.0):
            bar.chords.insert(0, BarChord(1.0, held.label, held.certainty, True))
        held = bar.chords[-1] if bar.chords else held
        if bar.number > max(last_known, position.bar):
            bar.chords.clear()
    return list(bars.values())


def _place_chords(session: Session, position: Position) -> list[tuple[BarChord, int]]:
    """Every chord that is known with its bar, in order: where the label changes, and of the plan at each bar too."""
    rows = [(row, SURE) for row in session.read_events("mir.chord") if read_number(row, "frame") <= position.frame]
    rows += [(row, find_certainty(row)) for row in read_plan(session) if read_number(row, "frame") > position.frame]
    placed: list[tuple[BarChord, int]] = []
    for row, certainty in sorted(rows, key=lambda one: read_number(one[0], "frame")):
        chord, bar = _place(position, row, certainty)
        if placed and (placed[-1][0].beat, placed[-1][1]) == (chord.beat, bar):
            placed.pop()  # two on one beat: the later one is right
        opens_bar = bar > position.bar and chord.beat <= 1.0
        if opens_bar or not placed or placed[-1][0].label != chord.label:
            placed.append((chord, bar))
    return placed


def _place(position: Position, row: Record, certainty: str) -> tuple[BarChord, int]:
    beats = position.beat - 1.0 + position.count_beats(read_number(row, "frame"))
    beats = floor(beats / GRID_BEATS + 0.5) * GRID_BEATS
    bars = int(beats // position.bar_beats)
    chord = BarChord(beats - bars * position.bar_beats + 1.0, read_text(row, "label"), certainty)
    return chord, position.bar + bars
