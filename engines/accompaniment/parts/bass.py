"""Bass part: a line of chord tones that walks into the next chord."""

from __future__ import annotations

from bridge.core.chords import QUALITIES
from bridge.core.events import Chord
from engines.accompaniment.parts.humanise import GridNote, humanise_notes
from engines.accompaniment.parts.pattern_selection import select_pattern, split_beats
from engines.accompaniment.parts.random_draws import draw
from engines.accompaniment.parts.step_patterns import find_next_chord, read_notes
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import Style

NAME = "bass"
TONES = {"R": 0, "T": 1, "F": 2, "S": 3}
"""The chord tone of a symbol, by index; the fourth of a triad is its root."""
HOME_SHARE = 0.4
"""Where in its range the line likes to be, from its low end."""


def play(bar: Bar, style: Style, controls: PerformanceControls, before: PartState) -> tuple[list[ScoreNote], PartState]:
    """The bass of ``bar``."""
    part = style.parts.get(NAME)
    if part is None:
        return [], before
    draws = draw(bar, controls, NAME)
    pattern = select_pattern(bar, part, controls, draws)
    step_notes = read_notes(bar, split_beats(bar, NAME, pattern, controls, draws), controls, draws)
    here, grid_notes = before.bass, []
    for number, step_note in enumerate(step_notes):
        symbol, following = step_note.symbol, find_next_chord(step_notes, number, bar)
        last = number + 1 == len(step_notes)
        if step_note.fresh and symbol not in "RO":
            symbol = "R"  # the first note over a chord is its root
        if symbol == "A" and (following.root < 0 or not (last or step_notes[number + 1].fresh)):
            symbol = "F"
        if symbol == "A":
            here = _choose_approach(here, following, part.low, part.high, float(draws.sounds[1, step_note.step]))
        elif symbol == "P":
            here = _choose_passing(here, step_note.chord, following, part.low, part.high)
        else:
            here = _choose_tone(here, symbol, step_note.chord, part.low, part.high)
        grid_notes.append(GridNote(step_note.tick, step_note.end, here, step_note.weight, step_note.step))
    notes, last_velocities = humanise_notes(grid_notes, bar, style.pair_ticks(pattern), controls, draws, before)
    return notes, PartState(bass=here, velocities=last_velocities)


def find_root(chord: Chord, here: int, low: int, high: int) -> int:
    """The chord's bass note (of a slash chord the one behind the slash) nearest to ``here``, -1: to the home."""
    return _find_nearest(chord.bass if chord.bass >= 0 else chord.root, here, low, high)


def _find_nearest(pitch_class: int, here: int, low: int, high: int) -> int:
    home = low + HOME_SHARE * (high - low)
    notes = [note for note in range(low, high + 1) if note % 12 == pitch_class]
    return min(notes, key=lambda note: (abs(note - here) if here >= 0 else 0, abs(note - home)))


def _choose_tone(here: int, symbol: str, chord: Chord, low: int, high: int) -> int:
    if symbol == "O":
        root = find_root(chord, here, low, high)
        return next((note for note in (root + 12, root - 12) if low <= note <= high), root)
    if symbol == "R":
        root = find_root(chord, here, low, high)
        # a line that has strayed comes home at a root, not in between
        far = abs(root - (low + HOME_SHARE * (high - low))) > 8
        return find_root(chord, -1, low, high) if far else root
    tones = chord.pitch_classes
    return _find_nearest(tones[TONES[symbol] % len(tones)], here, low, high)


def _choose_approach(here: int, to: Chord, low: int, high: int, random_draw: float) -> int:
    """A semitone or a tone beside where the next chord's root will be played, on the side that the line comes from."""
    goal = _choose_tone(here, "R", to, low, high)
    side = -1 if here <= goal else 1
    step = 1 if random_draw < 0.6 else 2
    choices = (goal + side * step, goal + side, goal - side * step, goal - side)
    fits = [note for note in choices if low <= note <= high and _choose_tone(note, "R", to, low, high) == goal]
    return next((note for note in fits if note != here), fits[0] if fits else goal)


def _choose_passing(here: int, chord: Chord, to: Chord, low: int, high: int) -> int:
    """The next note of the chord's scale from ``here`` towards the next root, or away from it; not that root itself."""
    if here < 0:
        return _choose_tone(here, "R", chord, low, high)
    scale = {(chord.root + step) % 12 for step in QUALITIES[chord.quality].scale}
    goal = _choose_tone(here, "R", to, low, high) if to.root >= 0 else here + 1
    side = 1 if goal >= here else -1
    for way in (side, -side):
        for note in (here + way, here + 2 * way, here + 3 * way):
            if low <= note <= high and note % 12 in scale and note != goal:
                return note
    return _choose_tone(here, "F", chord, low, high)
