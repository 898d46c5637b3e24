"""Chord parts, keys, pad and guitar: a voicing for each chord, played as a block, strummed, picked or muted."""

from __future__ import annotations

from engines.accompaniment.parts.humanise import GridNote, humanise_notes
from engines.accompaniment.parts.pattern_selection import select_pattern, split_beats
from engines.accompaniment.parts.random_draws import draw
from engines.accompaniment.parts.step_patterns import StepNote, read_notes
from engines.accompaniment.parts.voicings import find_voicing, make_power_chord
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import Style

UP_STRINGS = 4
"""An up stroke reaches so many strings, from the highest."""
MUTED_TICKS, MUTED_GAIN = 40, 0.6
INNER_GAIN = 0.9
"""Voices below the top one are a little softer, so that it sings."""


def play_chords(
    name: str, bar: Bar, style: Style, dials: PerformanceControls, before: PartState
) -> tuple[list[ScoreNote], PartState]:
    """The part ``name`` of ``bar``."""
    part = style.parts.get(name)
    if part is None:
        return [], before
    chance = draw(bar, dials, name)
    pattern = select_pattern(bar, part, dials, chance)
    voices = pattern.voices or part.voices
    voicing, struck = before.voicing, list[GridNote]()
    for stroke in read_notes(bar, split_beats(bar, name, pattern, dials, chance), dials, chance):
        voicing = find_voicing(stroke.chord, voices, part.low, part.high, voicing)
        notes = make_power_chord(stroke.chord, part.low, part.high) if stroke.letter == "P" else voicing
        struck += _make_notes(stroke, notes)
    notes_, last = humanise_notes(struck, bar, style.pair_ticks(pattern), dials, chance, before)
    return notes_, PartState(voicing, velocities=last)


def _make_notes(stroke: StepNote, voicing: tuple[int, ...]) -> list[GridNote]:
    """The notes of one stroke: all at once, one after the other from below or above, or a single voice."""
    end, gain = stroke.end, 1.0
    notes = list(voicing)
    if stroke.letter.isdigit():
        notes = [voicing[min(int(stroke.letter), len(voicing)) - 1]] if voicing else []
    elif stroke.letter == "U":
        notes = notes[::-1][:UP_STRINGS]
    elif stroke.letter == "K":
        end, gain = min(end, stroke.tick + MUTED_TICKS), MUTED_GAIN
    strummed = stroke.letter in "DUK"
    top = max(notes, default=0)
    return [
        GridNote(
            stroke.tick, end, pitch, stroke.weight, stroke.step, lane,
            strum=lane if strummed else 0, gain=gain * (1.0 if pitch == top else INNER_GAIN),
        )
        for lane, pitch in enumerate(notes)
    ]  # fmt: skip
