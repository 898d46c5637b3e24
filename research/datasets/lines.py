"""Instrumental lines to a tune's chords: bass lines, comping, strums, arpeggios, pads, riffs and second voices."""

from __future__ import annotations

import numpy as np

from research.datasets.effects import Random
from research.datasets.symbolic import Tune, TuneChord, TuneNote

BASS_STYLES = (
    "eighths",
    "quarters",
    "octaves",
    "walking",
    "syncopated",
    "sustained",
    "offbeat",
    "sixteenths",
    "sparse",
)
BASS_LOW = 28
ACCOMPANIMENTS = ("block", "strum", "arpeggio", "pad", "stabs", "riff", "melody", "eighths")

STABS = ((0.5, 1.5, 2.5, 3.5), (0.0, 0.75, 1.5, 2.5, 3.25), (0.0, 1.5, 3.0), (1.0, 3.0), (0.75, 1.5, 2.75, 3.5))

_RHYTHMS: dict[str, list[tuple[float, float]]] = {
    # starts in quarter notes and how long, within four
    "quarters": [(0, 0.9), (1, 0.9), (2, 0.9), (3, 0.9)],
    "syncopated": [(0, 1.4), (1.5, 0.9), (2.5, 0.9), (3.5, 0.45)],
    "sustained": [(0, 3.9)],
    "offbeat": [(0.5, 0.4), (1.5, 0.4), (2.5, 0.4), (3.5, 0.4)],
    "sparse": [(0, 0.7), (2.75, 0.9)],
}


def _find_chord(tune: Tune, beat: float) -> TuneChord | None:
    for chord in tune.chords:
        if chord.beat - 0.01 <= beat < chord.beat + chord.beats - 0.01:
            return chord
    return None


def make_bass_line(tune: Tune, style: str, random: Random) -> list[TuneNote]:
    """A bass line in the octave above E1 or so; ``style`` is one of BASS_STYLES."""
    low = BASS_LOW + int(random.integers(0, 6))
    rhythm = _get_bass_rhythm(style)
    notes = []
    bars = int(np.ceil(tune.beats / 4))
    rest_bar = int(random.integers(6, 24))
    before = -1
    for bar in range(bars):
        if bar % rest_bar == rest_bar - 1 and random.random() < 0.4:
            continue
        for i, (start, length) in enumerate(rhythm):
            beat = 4 * bar + start
            chord = _find_chord(tune, beat)
            if chord is None or beat >= tune.beats - 0.1 or random.random() < 0.04:
                continue
            root = low + (chord.pitches[0] - low) % 12
            pitch = root
            if style == "octaves":
                pitch = root + 12 * (i % 2)
            elif style == "walking" and start > 0:
                steps = [p % 12 for p in chord.pitches] + [(chord.pitches[0] + 2) % 12]
                goal = before + int(random.choice([-3, -2, -1, 1, 2, 3, 4]))
                pitch = min(
                    (p for p in range(low - 2, low + 20) if p % 12 in steps and p != before),
                    key=lambda p: abs(p - goal),
                )
            elif start > 0 and random.random() < 0.18:
                pitch = root + int(random.choice([7, 12, -5 if root - 5 >= BASS_LOW - 4 else 7, 12]))
            force = float(np.clip(random.normal(0.8 if start % 1 == 0 else 0.68, 0.07), 0.3, 1.0))
            ends = chord.beat + chord.beats if style == "sustained" else beat + length
            duration = min(max(ends - beat, length), 8.0) * (
                random.uniform(0.55, 1.0) if style != "sustained" else 0.98
            )
            notes.append(TuneNote(beat, duration, pitch, force))
            before = pitch
    return notes


def _get_bass_rhythm(style: str) -> list[tuple[float, float]]:
    if style in _RHYTHMS:
        return _RHYTHMS[style]
    if style == "walking":
        return [(i, 0.95) for i in range(4)]
    if style == "sixteenths":
        return [(i / 4, 0.22) for i in range(16)]
    return [(i / 2, 0.45) for i in range(8)]


def voice_chord(chord: TuneChord, low: int, count: int) -> list[int]:
    """``count`` pitches of the chord upwards from ``low``."""
    classes = {pitch % 12 for pitch in chord.pitches}
    return [pitch for pitch in range(low, low + 60) if pitch % 12 in classes][:count]


def make_accompaniment(tune: Tune, style: str, low: int, random: Random) -> list[TuneNote]:
    """Notes of one player from pitch ``low`` upwards; ``style`` is one of ACCOMPANIMENTS."""
    if style == "melody":
        return _make_second_voice(tune, random)
    if style == "riff":
        return _make_riff(tune, low, random)
    count = int(random.integers(3, 5)) if style != "strum" else int(random.integers(4, 7))
    pattern = _draw_rhythm(style, random)
    order = str(random.choice(["up", "down", "updown", "random"]))
    notes: list[TuneNote] = []
    rest_bar = int(random.integers(5, 30))
    for bar in range(int(np.ceil(tune.beats / 4))):
        if bar % rest_bar == rest_bar - 1 and random.random() < 0.5:
            continue
        for i, (start, length, accent) in enumerate(pattern):
            beat = 4 * bar + start
            chord = _find_chord(tune, beat)
            if chord is None or beat >= tune.beats - 0.1 or random.random() < 0.05:
                continue
            pitches = voice_chord(chord, low, count)
            force = float(np.clip(random.normal(accent, 0.07), 0.15, 1.0))
            if style == "arpeggio":
                place = {"up": i, "down": -1 - i, "updown": abs((i % (2 * count - 2)) - count + 1)}.get(order)
                place = int(random.integers(len(pitches))) if place is None else place
                notes.append(TuneNote(beat, length, pitches[place % len(pitches)], force))
                continue
            if style == "pad":
                length = min(chord.beat + chord.beats - beat, 8.0)
            late = random.uniform(0.015, 0.07) if style == "strum" else random.uniform(0, 0.012)
            if style == "strum" and i % 2 == 1:
                pitches = pitches[::-1][: max(2, count - 2)]
            for k, pitch in enumerate(pitches):
                notes.append(
                    TuneNote(beat + k * late, length, pitch, float(np.clip(force + random.normal(0, 0.05), 0.1, 1)))
                )
    return notes


def _draw_rhythm(style: str, random: Random) -> list[tuple[float, float, float]]:
    """Start, length and force within a bar of four."""
    if style == "pad":
        return [(0, 4, 0.6)] if random.random() < 0.5 else [(0, 2, 0.6), (2, 2, 0.6)]
    if style == "arpeggio":
        step = float(random.choice([0.5, 0.25, 0.5]))
        length = step * random.uniform(0.7, 2.5)
        return [(i * step, length, 0.75 if i % 4 == 0 else 0.6) for i in range(int(4 / step))]
    if style == "stabs":
        starts = STABS[int(random.integers(len(STABS)))]
        return [(s, random.uniform(0.15, 0.45), 0.75) for s in starts]
    if style in ("strum", "eighths"):
        odds = [1, 0.5, 0.9, 0.7, 0.8, 0.7, 0.9, 0.6] if style == "strum" else [1] * 8
        kept = [i for i in range(8) if random.random() < odds[i]]
        return [(i / 2, 0.5 if style == "eighths" else 1.0, 0.8 if i % 2 == 0 else 0.6) for i in kept]
    return [(0, 1.9, 0.75), (2, 1.9, 0.65)] if random.random() < 0.5 else [(i, 0.9, 0.7) for i in range(4)]


def _make_riff(tune: Tune, low: int, random: Random) -> list[TuneNote]:
    """A figure of chord tones and pentatonic neighbours, two bars long, that moves with the chords."""
    step = float(random.choice([0.25, 0.5]))
    figure = [(i * step, int(random.integers(0, 6))) for i in range(int(8 / step)) if random.random() < 0.55]
    length = step * random.uniform(0.6, 1.6)
    notes = []
    for bar in range(0, int(np.ceil(tune.beats / 4)), 2):
        if random.random() < 0.12:
            continue
        for start, degree in figure:
            beat = 4 * bar + start
            chord = _find_chord(tune, beat)
            if chord is None or beat >= tune.beats - 0.1:
                continue
            scale = sorted({p % 12 for p in chord.pitches} | {(chord.pitches[0] + 2) % 12, (chord.pitches[0] + 7) % 12})
            pitches = [p for p in range(low + 5, low + 40) if p % 12 in scale]
            notes.append(TuneNote(beat, length, pitches[degree], float(np.clip(random.normal(0.75, 0.1), 0.3, 1))))
    return notes


def _make_second_voice(tune: Tune, random: Random) -> list[TuneNote]:
    """The melody itself, an octave off or in thirds, or answers where it rests."""
    move = int(random.choice([0, 0, 12, -12, 4, 3]))
    if tune.melody and random.random() < 0.6:
        return [TuneNote(n.beat, n.beats, n.pitch + move, n.force) for n in tune.melody]
    notes, beat = [], 0.0
    while beat < tune.beats - 1:
        chord = _find_chord(tune, beat)
        length = float(random.choice([0.5, 0.5, 1.0, 1.5, 2.0]))
        if chord is not None and random.random() < 0.75:
            pitches = voice_chord(chord, 60, 6)
            notes.append(
                TuneNote(
                    beat,
                    length * random.uniform(0.7, 1.05),
                    pitches[int(random.integers(len(pitches)))],
                    float(random.uniform(0.5, 0.95)),
                )
            )
        beat += length
    return notes
