"""Chord parts, keys, pad and guitar: a voicing for each chord, played as a block, strummed, picked or muted."""

from __future__ import annotations

from engines.accompaniment.parts.feel import make_feel
from engines.accompaniment.parts.form_figures import shape_beats
from engines.accompaniment.parts.humanise import GridNote, humanise_notes
from engines.accompaniment.parts.pattern_selection import select_pattern, split_beats
from engines.accompaniment.parts.random_draws import draw
from engines.accompaniment.parts.step_patterns import StepNote, read_notes
from engines.accompaniment.parts.tempo import fit_to_tempo
from engines.accompaniment.parts.voicings import find_voicing, make_power_chord
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import Style

UP_STRINGS = 4
"""Strings of an up-strum, from the highest."""
MUTED_TICKS, MUTED_GAIN = 40, 0.6
INNER_GAIN = 0.9
"""Voices below the top one are a little softer, so that it sings."""


def play_chords(
    name: str, bar: Bar, style: Style, controls: PerformanceControls, before: PartState
) -> tuple[list[ScoreNote], PartState]:
    """The part ``name`` of ``bar``."""
    part = style.parts.get(name)
    if part is None:
        return [], before
    controls = fit_to_tempo(controls, bar, style)
    draws = draw(bar, controls, name)
    pattern = select_pattern(bar, part, controls, draws)
    voices = pattern.voices or part.voices
    voicing, grid_notes = before.voicing, list[GridNote]()
    beats = shape_beats(bar, name, split_beats(bar, name, pattern, controls, draws))
    for step_note in read_notes(bar, beats, controls, draws):
        voicing = find_voicing(step_note.chord, voices, part.low, part.high, voicing)
        notes = make_power_chord(step_note.chord, part.low, part.high) if step_note.symbol == "P" else voicing
        grid_notes += _make_notes(step_note, notes)
    feel = make_feel(bar, style, pattern, draws)
    notes_, last = humanise_notes(grid_notes, bar, feel, controls, draws, before)
    return notes_, PartState(voicing, velocities=last)


def _make_notes(step_note: StepNote, voicing: tuple[int, ...]) -> list[GridNote]:
    """The notes of one step: a block, a strum down or up, or a single voice."""
    end, gain = step_note.end, 1.0
    notes = list(voicing)
    if step_note.symbol.isdigit():
        notes = [voicing[min(int(step_note.symbol), len(voicing)) - 1]] if voicing else []
    elif step_note.symbol == "U":
        notes = notes[::-1][:UP_STRINGS]
    elif step_note.symbol == "K":
        end, gain = min(end, step_note.tick + MUTED_TICKS), MUTED_GAIN
    strummed = step_note.symbol in "DUK"
    top = max(notes, default=0)
    return [
        GridNote(
            step_note.tick, end, pitch, step_note.weight, step_note.step, lane,
            strum=lane if strummed else 0, gain=gain * (1.0 if pitch == top else INNER_GAIN),
        )
        for lane, pitch in enumerate(notes)
    ]  # fmt: skip
