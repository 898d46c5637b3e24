"""Instruments of recorded notes: which pitch each recording has, and playing lines with the nearest of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.jit import njit
from research.datasets.effects import Random
from research.datasets.kits import DrumShot, trim
from research.datasets.sources import RATE, Recording, decode
from research.datasets.symbolic import TuneNote

LONGEST_S = 7.0
MAX_SHIFT_SEMITONES = 3.5
"""Semitones that a recorded note is moved at most, as long as the set has one that near."""
PITCH_CLASS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_PITCH = re.compile(r"(?:^|_)([A-Ga-g])(b|s|S|#)?(\d)?(?=_|v|$)")


class PitchedInstrument(Protocol):
    """Whatever turns notes into sound."""

    @property
    def name(self) -> str: ...

    def perform(self, notes: Sequence[TuneNote], beat_s: float, seconds: float, random: Random) -> Float32Array:
        """Shape (2, frames of ``seconds``)."""
        ...


@dataclass(frozen=True)
class RecordedInstrument:
    """``notes``: recordings by MIDI pitch (it may have a fraction), each soft to loud. ``ring``: notes ring on."""

    name: str
    notes: dict[float, list[DrumShot]]
    ring: bool = False

    @property
    def low(self) -> float:
        return min(self.notes)

    @property
    def high(self) -> float:
        return max(self.notes)

    def perform(self, notes: Sequence[TuneNote], beat_s: float, seconds: float, random: Random) -> Float32Array:
        """Shape (2, frames); pitches out of reach are moved by octaves, repeated notes take other recordings."""
        out = np.zeros((2, int(seconds * RATE)), np.float32)
        pitches = np.array(sorted(self.notes))
        fall = 10 ** (-60 / 20 / (random.uniform(0.06, 0.25) * (4 if self.ring else 1) * RATE))
        for note in notes:
            pitch = self._move_into_range(note.pitch)
            near = np.argsort(np.abs(pitches - pitch))[:2]
            home = float(pitches[near[0]])
            if len(near) > 1 and abs(pitches[near[1]] - pitch) < 1.5 and random.random() < 0.3:
                home = float(pitches[near[1]])
            shots = self.notes[home]
            pick = int(np.clip(round(note.force * (len(shots) - 1) + random.normal(0, 0.7)), 0, len(shots) - 1))
            speed = 2 ** ((pitch - home + random.normal(0, 0.03)) / 12)
            loud = max(note.force, 0.05) * float(np.exp(random.normal(0, 0.06)))
            start = int(note.beat * beat_s * RATE)
            stop = start + int(note.beats * beat_s * RATE)
            add_note(out, shots[pick].wave, start, loud, loud, float(speed), stop, float(fall))
        return out

    def _move_into_range(self, pitch: float) -> float:
        while pitch > self.high + MAX_SHIFT_SEMITONES and pitch - 12 >= self.low - MAX_SHIFT_SEMITONES:
            pitch -= 12
        while pitch < self.low - MAX_SHIFT_SEMITONES and pitch + 12 <= self.high + MAX_SHIFT_SEMITONES:
            pitch += 12
        return pitch


@njit(fastmath=True)
def add_note(
    out: Float32Array, wave: Float32Array, at: int, left: float, right: float, speed: float, stop: int, fall: float
) -> None:
    """Add ``wave`` read at ``speed`` from frame ``at``; past frame ``stop`` it falls by ``fall`` a frame."""
    gain = 1.0
    for i in range(int((wave.shape[1] - 3) / speed)):
        t = at + i
        if t >= out.shape[1] or gain < 1e-3:
            break
        if t < 0:
            continue
        if t > stop:
            gain *= fall
        where = i * speed
        j = int(where)
        u = where - j
        for k in range(2):
            a = wave[k, j - 1] if j else np.float32(0)
            b, c, d = wave[k, j], wave[k, j + 1], wave[k, j + 2]
            value = b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))
            out[k, t] += (left if k == 0 else right) * gain * value


def estimate_pitch(wave: Float32Array, low_hz: float = 26.0, high_hz: float = 1200.0) -> float | None:
    """MIDI pitch by autocorrelation of 0.4 s after the beginning, or None where nothing repeats."""
    start = int(0.08 * RATE)
    piece = wave.mean(0)[start : start + int(0.4 * RATE)]
    if len(piece) < 4000:
        piece = wave.mean(0)
    piece = piece - piece.mean()
    size = 1 << int(np.ceil(np.log2(2 * len(piece))))
    correlation = np.fft.irfft(np.abs(np.fft.rfft(piece, size)) ** 2, size)[: len(piece)]
    correlation = correlation / (correlation[0] + 1e-12) * len(piece) / (len(piece) - np.arange(len(piece)) * 0.7)
    first, last = int(RATE / high_hz), min(int(RATE / low_hz), len(piece) - 2)
    if last <= first:
        return None
    lags = correlation[first:last]
    peaks = 1 + np.flatnonzero((lags[1:-1] > lags[:-2]) & (lags[1:-1] >= lags[2:]))
    if not len(peaks) or lags[peaks].max() < 0.3:
        return None
    best = int(peaks[np.argmax(lags[peaks] > 0.85 * lags[peaks].max())]) + first
    a, b, c = correlation[best - 1], correlation[best], correlation[best + 1]
    exact = best + 0.5 * (a - c) / (a - 2 * b + c + 1e-12)
    return float(69 + 12 * np.log2(RATE / exact / 440))


def parse_pitch(piece: str) -> tuple[int, int | None] | None:
    """Pitch class and octave that a file name tells (D3_fret2: two semitones above); None: neither."""
    match = _PITCH.search(piece)
    if match is None:
        return None
    letter, sign, octave = match.groups()
    pitch = PITCH_CLASS[letter.lower()] + {"b": -1, None: 0}.get(sign, 1)
    fret = re.search(r"fret(\d+)", piece)
    pitch += int(fret.group(1)) if fret else 0
    return pitch, (int(octave) if octave else None)


def load_recorded_instruments(recordings: Iterable[Recording], stem: str) -> dict[str, RecordedInstrument]:
    """The note sets of a stem by group. Octaves are measured, as makers of samples count them differently."""
    groups: dict[str, list[tuple[str, DrumShot]]] = {}
    for recording in recordings:
        if recording.kind != stem or recording.group.startswith(("nam-di", "sectoid", "sorohanro")):
            continue
        if recording.group == "sonicpi" and stem == "other":
            continue
        shot = trim(decode(recording.path), recording.gain_db, LONGEST_S)
        if shot is not None:
            name = recording.group + (f"-{recording.piece}" if recording.group == "sonicpi" else "")
            if recording.group == "bigcat-cello":
                name = f"{recording.group}-{recording.piece.split('_')[0]}"
            groups.setdefault(name, []).append((recording.piece, shot))
    instruments = {}
    for name, shots in groups.items():
        notes = _group_by_pitch(shots, name.startswith("sonicpi"))
        if notes:
            ring = any(word in name for word in ("piano", "salamander", "strings", "pad"))
            instruments[name] = RecordedInstrument(name, notes, ring)
    return instruments


def _group_by_pitch(shots: Sequence[tuple[str, DrumShot]], measured_only: bool) -> dict[float, list[DrumShot]]:
    pitched = [(piece, shot, estimate_pitch(shot.wave)) for piece, shot in shots]
    shifts = []
    for piece, _, pitch in pitched:
        named = parse_pitch(piece)
        if pitch is not None and named is not None and named[1] is not None:
            shifts.append(pitch - named[0] - 12 * named[1])
    octave = 12 * round(float(np.median(shifts)) / 12) if shifts else 12
    notes: dict[float, list[DrumShot]] = {}
    for piece, shot, pitch in pitched:
        named = None if measured_only else parse_pitch(piece)
        if named is not None and named[1] is not None:
            home = float(named[0] + 12 * named[1] + octave)
        elif named is not None and pitch is not None:
            home = named[0] + 12.0 * round((pitch - named[0]) / 12)
        elif pitch is not None:
            home = round(pitch, 2)
        else:
            continue
        notes.setdefault(home, []).append(shot)
    return {pitch: sorted(group, key=lambda s: s.loudness) for pitch, group in notes.items()}
