"""How dance music shapes what sustains: pressed down by every beat, or cut into steps that often miss it.

Without it what is loudest falls on the beat in nearly all there is to learn from, and a listener that counts loudness
takes the off-beat of a trance bass for the beat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from research.datasets.library import RATE
from research.mir.training.targets import Times

Floats = NDArray[np.float32]

GRID = 64
"""Places in a beat at which the gain is drawn; a sixteenth lasts sixteen of them."""
STEPS = 4
OFF_BEAT = (0.15, 0.5, 0.9, 0.6)
"""How likely a cut leaves each sixteenth of the beat to be heard."""


def pumped(mono: Floats, beats: Times, random: np.random.Generator) -> Floats:
    """``mono`` (frames,) with a gain that repeats each beat, or each second or fourth; as it is without two beats."""
    if len(beats) < 2:
        return mono
    coarse = np.arange(0.0, len(mono) + 441, 441) / RATE
    pace = float(np.median(np.diff(beats)))
    place = np.interp(coarse, beats, np.arange(len(beats), dtype=np.float64))
    place += np.minimum(coarse - beats[0], 0.0) / pace + np.maximum(coarse - beats[-1], 0.0) / pace
    gains = _pressed(random) if random.random() < 0.6 else _cut(random)
    exact = np.interp(np.arange(len(mono)), coarse * RATE, place)
    shaped: Floats = mono * gains[(exact * GRID).astype(np.int64) % len(gains)]
    return shaped


def _pressed(random: np.random.Generator) -> Floats:
    """A beat of a compressor that the kick drives: down at once, up again within 0.3 to 0.9 of the beat."""
    at = np.arange(GRID) / GRID
    recovers = random.uniform(0.3, 0.9)
    down = np.clip(1.0 - at / recovers, 0.0, 1.0) ** random.uniform(0.7, 2.5)
    return np.asarray(1.0 - random.uniform(0.5, 1.0) * down, np.float32)


def _cut(random: np.random.Generator) -> Floats:
    """One, two or four beats of sixteenths that are heard or not; the edges fade over a sixth of one."""
    beats = int(random.choice([1, 1, 2, 4]))
    heard = random.random((beats, STEPS)) < np.array(OFF_BEAT)
    heard[0, 2] = True
    gains = np.repeat(np.where(heard, 1.0, random.uniform(0.0, 0.3)).ravel(), GRID // STEPS)
    soft = np.convolve(np.concatenate([gains[-1:], gains, gains[:1]]), np.ones(3) / 3, "valid")
    return soft.astype(np.float32)
