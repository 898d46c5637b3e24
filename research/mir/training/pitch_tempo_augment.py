"""Where in its source a piece is read, how fast, and so what of the truth is heard when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bridge.core.jit import njit
from research.datasets.library import RATE
from research.datasets.truth import Truth
from research.mir.training.targets import Timeline, Times, timeline_of

Doubles = NDArray[np.float64]

SEMITONES = 4
FAR, FURTHEST, FASTER = 0.15, 8, 0.7
"""Share of pieces that are transposed further, FURTHEST semitones at most, and how many of these are faster:
few songs go at 180 BPM, or at 60. Voices come out as those of mice and giants, so chords are not asked then."""
DETUNE_CENTS = 14.0
DRIFT, DRIFTS = 0.07, 0.2
"""How far the tempo wanders at most, and in how many pieces. The pitch wanders too, so chords are not asked then."""


@dataclass(frozen=True)
class Way:
    """``at``: the place in the source, in frames, of each frame of the piece."""

    at: Doubles
    semitones: int = 0
    pitched: bool = True

    def heard(self, source_s: Times) -> Times:
        """When in the piece the seconds ``source_s`` of the source are heard; those that are not are left out."""
        places = source_s * RATE
        inside = places[(places >= self.at[0]) & (places <= self.at[-1])]
        return np.asarray(np.interp(inside, self.at[::441], np.arange(0, len(self.at), 441) / RATE), np.float64)

    def line(self, truth: Truth, seconds: float) -> Timeline:
        """``truth`` in seconds of the piece."""
        whole = timeline_of(truth, self.at[-1] / RATE + 1.0, self.semitones, self.pitched)
        places, times = self.at[::441], np.arange(0, len(self.at), 441) / RATE

        def heard(source_s: float) -> float:
            place = source_s * RATE
            if place < places[0] or place > places[-1]:  # outside: by the nearest speed
                end = 0 if place < places[0] else -1
                return float(times[end] + (place - places[end]) / (RATE * (self.at[-1] - self.at[0]) / len(self.at)))
            return float(np.interp(place, places, times))

        beats = np.array([heard(t) for t in whole.beats])
        inside = (beats > -1.0) & (beats < seconds + 1.0)
        chords = [(heard(a), heard(b), root, quality, bass) for a, b, root, quality, bass in whole.chords]
        return replace(
            whole,
            beats=beats[inside],
            numbers=whole.numbers[inside],
            chords=tuple((a, b, r, q, c) for a, b, r, q, c in chords if b > -1.0 and a < seconds + 1.0),
            keys=tuple((heard(a), key) for a, key in whole.keys),
        )


def drawn(available: int, frames: int, random: np.random.Generator) -> Way:
    """Where to read ``frames`` of ``available``: some semitones and cents higher or lower, sometimes wandering."""
    semitones, far = _semitones(available / frames, random)
    speed = 2.0 ** ((semitones + random.normal(0.0, DETUNE_CENTS) / 100) / 12)
    speeds = np.full(frames, speed)
    drifts = random.random() < DRIFTS
    if drifts:
        turns = random.uniform(0.3, 2.0) * np.linspace(0, 2 * np.pi, frames) + random.uniform(0, 2 * np.pi)
        speeds *= 1.0 + random.uniform(0.02, DRIFT) * np.sin(turns)
    at = np.cumsum(speeds)
    start = random.uniform(0.0, max(1.0, available - at[-1] - 2))
    return Way(at + start, semitones, not drifts and not far)


def _semitones(room: float, random: np.random.Generator) -> tuple[int, bool]:
    """How far to transpose, and whether that is far; ``room``: how many times the piece is in the source."""
    if random.random() < FAR:
        semitones = int(random.integers(SEMITONES + 1, FURTHEST + 1)) * (1 if random.random() < FASTER else -1)
        if 2.0 ** (semitones / 12) * (1.0 + DRIFT) < room:
            return semitones, True
    return int(random.integers(-SEMITONES, SEMITONES + 1)), False


@njit()
def read(samples: NDArray[np.int16], at: Doubles, gain: float, out: NDArray[np.float32]) -> None:
    """Add to ``out`` the mean of both channels of ``samples`` (any, 2) at the places ``at``, linearly interpolated."""
    last = samples.shape[0] - 1
    scale = np.float32(gain / 65536.0)
    for i in range(at.shape[0]):
        j = int(at[i])
        if at[i] >= 0 and j < last:
            u = np.float32(at[i] - j)
            here = np.float32(samples[j, 0]) + np.float32(samples[j, 1])
            there = np.float32(samples[j + 1, 0]) + np.float32(samples[j + 1, 1])
            out[i] += scale * (here + u * (there - here))
