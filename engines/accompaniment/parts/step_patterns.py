"""A pitched part's steps as strokes: what is struck, from which tick to which, over which chord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.core.events import Chord
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.parts.accent_bias import bias_weight
from engines.accompaniment.parts.random_draws import RandomDraws, get_probability
from engines.accompaniment.score import Bar, PerformanceControls
from engines.accompaniment.style import HOLD, LINE, REST, StepLines

LIGHT_WEIGHT = 4
"""Of small letters; the others have 9 on the beat and as below off it."""
OFFBEAT_WEIGHT, BETWEEN_WEIGHT = 8, 7


@dataclass(frozen=True, slots=True)
class StepNote:
    """``letter``: a capital or a digit. ``weight``: 1 to 9. ``step``: its place among the bar's steps.
    ``fresh``: the first stroke over its chord."""

    tick: int
    end: int
    letter: str
    weight: int
    step: int
    beat: int
    chord: Chord
    fresh: bool = False


def read_notes(bar: Bar, beats: Sequence[StepLines], dials: PerformanceControls, chance: RandomDraws) -> list[StepNote]:
    """The strokes that sound, in order, none over a change of chord, none where no chord is."""
    sounding, ends = list[StepNote](), list[int]()
    open_, heard, step = False, False, 0
    for beat, lines in enumerate(beats):
        steps = lines[LINE]
        ticks = TICKS_PER_BEAT // len(steps)
        for place, letter in enumerate(steps):
            end, weight = beat * TICKS_PER_BEAT + (place + 1) * ticks, _get_weight(letter, place, len(steps))
            if letter == REST:
                open_ = False
            elif letter != HOLD and _is_played(
                step, heard, bias_weight(weight, end - ticks, dials.accents), dials, chance
            ):
                sounding.append(StepNote(end - ticks, end, letter.upper(), weight, step, beat, bar.chords[beat]))
                ends.append(end)
                open_, heard = True, heard or bar.chords[beat].root >= 0
            elif open_:  # held, or a stroke that stays out and leaves the note before it to sound on
                ends[-1] = end
            step += 1
    per_beat = step // max(len(beats), 1)
    parted = [
        part
        for stroke, end in zip(sounding, ends, strict=True)
        for part in _split_at_changes(stroke, end, bar, per_beat)
    ]
    return _mark_fresh([part for part in parted if part.chord.root >= 0], bar)


def _is_played(step: int, heard: bool, weight: int, dials: PerformanceControls, chance: RandomDraws) -> bool:
    """The first stroke of a bar always does, so that no bar is silent by chance; the others by their luck."""
    return not heard or chance.sounds.item(0, step) < get_probability(weight, dials)


def _get_weight(letter: str, place: int, per_beat: int) -> int:
    if letter.islower():
        return LIGHT_WEIGHT
    if place == 0:
        return 9
    return OFFBEAT_WEIGHT if 2 * place == per_beat or per_beat == 3 else BETWEEN_WEIGHT


def _split_at_changes(stroke: StepNote, end: int, bar: Bar, per_beat: int) -> list[StepNote]:
    """``stroke``, held until ``end``, struck again where the chord changes under it."""
    found: list[StepNote] = []
    while True:
        beat, chord = bar.after(stroke.beat)
        change = beat * TICKS_PER_BEAT
        stops = min(change, end)
        found.append(stroke if stroke.end == stops else replace(stroke, end=stops))
        if change >= end:
            return found
        stroke = StepNote(change, end, stroke.letter, stroke.weight, beat * per_beat, beat, chord)


def _mark_fresh(strokes: list[StepNote], bar: Bar) -> list[StepNote]:
    """Mark the first stroke over each chord, seen within the bar."""
    found, until = list[StepNote](), 0
    for stroke in strokes:
        first = not found or until <= stroke.beat
        found.append(replace(stroke, fresh=True) if first else stroke)
        if first:
            until = bar.after(stroke.beat)[0]
    return found


def find_next_chord(strokes: Sequence[StepNote], number: int, bar: Bar) -> Chord:
    """The chord of the stroke after the one of this ``number``, if that is a new chord or bar; else its own."""
    here = strokes[number]
    if number + 1 == len(strokes):
        return bar.after(here.beat)[1] if bar.after(here.beat)[0] == bar.beats else here.chord
    return strokes[number + 1].chord if strokes[number + 1].fresh else here.chord
