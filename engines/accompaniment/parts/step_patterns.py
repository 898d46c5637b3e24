"""Step parser of pitched parts: a pattern's steps as notes with start, end and chord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.core.events import Chord
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.parts.accent_bias import bias_weight
from engines.accompaniment.parts.random_draws import RandomDraws, get_probability
from engines.accompaniment.score import Bar, PerformanceControls
from engines.accompaniment.style import HOLD, PITCHED_LANE, REST, StepLanes

LIGHT_WEIGHT = 4
"""Weight of lower-case symbols; the others have 9 on the beat and as below off it."""
OFFBEAT_WEIGHT, BETWEEN_WEIGHT = 8, 7


@dataclass(frozen=True, slots=True)
class StepNote:
    """``symbol``: a capital or a digit. ``weight``: 1 to 9. ``step``: its place among the bar's steps.
    ``fresh``: the first note over its chord."""

    tick: int
    end: int
    symbol: str
    weight: int
    step: int
    beat: int
    chord: Chord
    fresh: bool = False


def read_notes(
    bar: Bar, beats: Sequence[StepLanes], controls: PerformanceControls, draws: RandomDraws
) -> list[StepNote]:
    """The notes that are played, in order; none crosses a chord change, none without a chord."""
    sounding, ends = list[StepNote](), list[int]()
    open_, began, step = False, False, 0
    for beat, lanes in enumerate(beats):
        steps = lanes[PITCHED_LANE]
        ticks = TICKS_PER_BEAT // len(steps)
        for place, symbol in enumerate(steps):
            end, weight = beat * TICKS_PER_BEAT + (place + 1) * ticks, _get_weight(symbol, place, len(steps))
            if symbol == REST:
                open_ = False
            elif symbol != HOLD and _is_played(
                step, began, bias_weight(weight, end - ticks, controls.accents), controls, draws
            ):
                sounding.append(StepNote(end - ticks, end, symbol.upper(), weight, step, beat, bar.chords[beat]))
                ends.append(end)
                open_, began = True, began or bar.chords[beat].root >= 0
            elif open_:  # held, or not played, so that the note before it goes on
                ends[-1] = end
            step += 1
    per_beat = step // max(len(beats), 1)
    parted = [
        part
        for step_note, end in zip(sounding, ends, strict=True)
        for part in _split_at_changes(step_note, end, bar, per_beat)
    ]
    return _mark_fresh([part for part in parted if part.chord.root >= 0], bar)


def _is_played(step: int, began: bool, weight: int, controls: PerformanceControls, draws: RandomDraws) -> bool:
    """Whether a step is played: the first of a bar always, so that no bar is empty; the others by random draw."""
    return not began or draws.sounds.item(0, step) < get_probability(weight, controls)


def _get_weight(symbol: str, place: int, per_beat: int) -> int:
    if symbol.islower():
        return LIGHT_WEIGHT
    if place == 0:
        return 9
    return OFFBEAT_WEIGHT if 2 * place == per_beat or per_beat == 3 else BETWEEN_WEIGHT


def _split_at_changes(step_note: StepNote, end: int, bar: Bar, per_beat: int) -> list[StepNote]:
    """``step_note``, held until ``end``, as one note for each chord under it."""
    found: list[StepNote] = []
    while True:
        beat, chord = bar.find_change_after(step_note.beat)
        change = beat * TICKS_PER_BEAT
        stops = min(change, end)
        found.append(step_note if step_note.end == stops else replace(step_note, end=stops))
        if change >= end:
            return found
        step_note = StepNote(change, end, step_note.symbol, step_note.weight, beat * per_beat, beat, chord)


def _mark_fresh(step_notes: list[StepNote], bar: Bar) -> list[StepNote]:
    """Mark the first note over each chord of the bar."""
    found, until = list[StepNote](), 0
    for step_note in step_notes:
        first = not found or until <= step_note.beat
        found.append(replace(step_note, fresh=True) if first else step_note)
        if first:
            until = bar.find_change_after(step_note.beat)[0]
    return found


def find_next_chord(step_notes: Sequence[StepNote], number: int, bar: Bar) -> Chord:
    """The chord of the note after the one of this ``number``, if that is a new chord or bar; else its own."""
    here = step_notes[number]
    if number + 1 == len(step_notes):
        return bar.find_change_after(here.beat)[1] if bar.find_change_after(here.beat)[0] == bar.beats else here.chord
    return step_notes[number + 1].chord if step_notes[number + 1].fresh else here.chord
