"""Bass part: the symbols of a pattern as notes of the chords, on a line that steps and walks into the next chord."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.chords import QUALITIES
from bridge.core.events import Chord
from engines.accompaniment.parts.bass_lines import WALKING, LineNote, plan_line
from engines.accompaniment.parts.feel import make_feel
from engines.accompaniment.parts.form_figures import shape_beats
from engines.accompaniment.parts.humanise import GridNote, humanise_notes
from engines.accompaniment.parts.pattern_selection import select_pattern, split_beats
from engines.accompaniment.parts.random_draws import RandomDraws, draw
from engines.accompaniment.parts.step_patterns import StepNote, find_next_chord, read_notes
from engines.accompaniment.parts.tempo import fit_to_tempo
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import PartStyle, Style

NAME = "bass"
TONES = {"R": 0, "T": 1, "F": 2, "S": 3}
"""The chord tone of a symbol, by index; the fourth of a triad is its root."""
REPLACED_BY_FIFTH, FIFTH_INSTEAD_COST = "TS", 2.5
"""Symbols whose tone the fifth may replace, and its cost: less than a leap beyond a fifth, more than a smaller one."""
HOME_SHARE = 0.4
"""Usual place of the line in its range, from the low end."""
SEMITONE_SHARE, OTHER_APPROACH_COST = 0.6, 0.5
"""Share of the approaches that are a semitone rather than a tone, and the cost of the other one."""
STRONG_COST, WEAK_COST = 3.0, 0.3
"""Cost of a scale note that is not of the chord, on the first and third beat and elsewhere."""
GOAL_COST = 1.0
"""Cost of a note that the next chord begins with anyway."""
WALK_LUCK, WALK_LANE = 0.8, 3
"""Cost by random draw, so that not every walk over a chord is the same; its lanes are this and the next eleven."""


def play(bar: Bar, style: Style, controls: PerformanceControls, before: PartState) -> tuple[list[ScoreNote], PartState]:
    """The bass of ``bar``."""
    part = style.parts.get(NAME)
    if part is None:
        return [], before
    controls = fit_to_tempo(controls, bar, style)
    draws = draw(bar, controls, NAME)
    pattern = select_pattern(bar, part, controls, draws)
    step_notes = read_notes(
        bar, shape_beats(bar, NAME, split_beats(bar, NAME, pattern, controls, draws)), controls, draws
    )
    line = plan_line(
        tuple(_make_line_note(step_notes, number, bar, part, draws) for number in range(len(step_notes))),
        before.bass,
        tuple(pitch for pitch, _ in _list_octaves(_get_root(bar.coming), part)),
        part.low + HOME_SHARE * (part.high - part.low),
    )
    grid_notes = [
        GridNote(step_note.tick, step_note.end, pitch, step_note.weight, step_note.step)
        for step_note, pitch in zip(step_notes, line, strict=True)
    ]
    notes, last_velocities = humanise_notes(
        grid_notes, bar, make_feel(bar, style, pattern, draws), controls, draws, before
    )
    return notes, PartState(bass=line[-1] if line else before.bass, velocities=last_velocities)


def _make_line_note(
    step_notes: Sequence[StepNote], number: int, bar: Bar, part: PartStyle, draws: RandomDraws
) -> LineNote:
    """What the note of this ``number`` can be."""
    step_note = step_notes[number]
    chord, symbol, following = step_note.chord, step_note.symbol, find_next_chord(step_notes, number, bar)
    leads = number + 1 == len(step_notes) or step_notes[number + 1].fresh
    if step_note.fresh and symbol not in "RO":
        symbol = "R"  # the first note over a chord is its root
    if symbol == "A" and (following.root < 0 or not leads):
        symbol = "F"
    if symbol == "A":
        nearest = 1 if draws.sounds[1, step_note.step] < SEMITONE_SHARE else 2
        choices = _list_approaches(_get_root(following), nearest, part)
    elif symbol in WALKING:
        choices = _list_walk(step_note, _get_root(following) if leads else -1, part, draws)
    elif symbol in "RO":
        choices = _list_octaves(_get_root(chord), part)
    else:
        tones = chord.pitch_classes
        choices = _list_octaves(tones[TONES[symbol] % len(tones)], part)
        if symbol in REPLACED_BY_FIFTH:
            choices += _list_octaves(tones[TONES["F"] % len(tones)], part, FIFTH_INSTEAD_COST)
    own = {*chord.pitch_classes, _get_root(chord)}
    foreign = frozenset(pitch for pitch, _ in choices if pitch % 12 not in own)
    return LineNote(symbol, choices, foreign, _get_root(chord))


def _get_root(chord: Chord) -> int:
    """The pitch class of the chord's bass note: of a slash chord the one behind the slash; -1 without a chord."""
    return chord.bass if chord.bass >= 0 else chord.root


def _list_octaves(pitch_class: int, part: PartStyle, cost: float = 0.0) -> tuple[tuple[int, float], ...]:
    return tuple((pitch, cost) for pitch in range(part.low, part.high + 1) if pitch % 12 == pitch_class)


def _list_approaches(root: int, nearest: int, part: PartStyle) -> tuple[tuple[int, float], ...]:
    """Notes a semitone or a tone beside a ``root`` in range; those ``nearest`` semitones beside it first."""
    found: dict[int, float] = {}
    for goal, _ in _list_octaves(root, part):
        for away in (1, -1, 2, -2):
            if part.low <= goal + away <= part.high:
                found.setdefault(goal + away, 0.0 if abs(away) == nearest else OTHER_APPROACH_COST)
    return tuple(found.items())


def _list_walk(step_note: StepNote, goal: int, part: PartStyle, draws: RandomDraws) -> tuple[tuple[int, float], ...]:
    """The notes of the chord's scale, chord tones on strong beats; not yet ``goal``, the next root's pitch class."""
    chord, strong = step_note.chord, step_note.beat % 2 == 0
    scale = {(chord.root + step) % 12 for step in QUALITIES[chord.quality].scale}
    found = []
    for pitch in range(part.low, part.high + 1):
        if pitch % 12 in scale:
            cost = WALK_LUCK * draws.sounds.item(WALK_LANE + pitch % 12, step_note.step)
            if pitch % 12 not in chord.pitch_classes and step_note.symbol == "W":
                cost += STRONG_COST if strong else WEAK_COST
            found.append((pitch, cost + (GOAL_COST if pitch % 12 == goal else 0.0)))
    return tuple(found)
