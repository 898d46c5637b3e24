"""Where the notes of a chord lie, so that each voice moves as little as it can."""

from __future__ import annotations

from bridge.core.events import Chord

CHORD_LOW, CHORD_HIGH, CHORD_MIDDLE = 52, 76, 62
"""E3 to E5: above the bass, below a voice's top. Without a chord before, start around the middle."""
BASS_LOW, BASS_HIGH, BASS_MIDDLE = 28, 48, 36
"""E1, a bass guitar's lowest string, to C3."""
VOICES = 3


def _upper(chord: Chord) -> tuple[int, ...]:
    """Three pitch classes: the triad, or without the root where there are four, since the bass has it."""
    notes = chord.pitch_classes
    return notes[-VOICES:]


def _positions(pitch_classes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Every close position in range, each sorted from low to high."""
    found = []
    for lowest in range(CHORD_LOW, CHORD_HIGH + 1):
        if lowest % 12 not in pitch_classes:
            continue
        notes = tuple(sorted(lowest + (pc - lowest) % 12 for pc in pitch_classes))
        if notes[-1] <= CHORD_HIGH:
            found.append(notes)
    return found


def voice_chord(chord: Chord, before: tuple[int, ...]) -> tuple[int, ...]:
    """Three MIDI notes, low to high, as near as can be to those ``before`` (empty: to the range's middle)."""
    reference = before or (CHORD_MIDDLE,) * VOICES

    def cost(notes: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
        moved = sum(abs(a - b) for a, b in zip(notes, reference, strict=True))
        return moved, abs(sum(notes) - VOICES * CHORD_MIDDLE), notes

    return min(_positions(_upper(chord)), key=cost)


def voice_bass(pitch_class: int, before: int) -> int:
    """The MIDI note of ``pitch_class`` that is nearest to ``before`` (-1: to the range's middle)."""
    reference = before if before >= 0 else BASS_MIDDLE
    notes = [note for note in range(BASS_LOW, BASS_HIGH + 1) if note % 12 == pitch_class]
    return min(notes, key=lambda note: (abs(note - reference), abs(note - BASS_MIDDLE), note))
