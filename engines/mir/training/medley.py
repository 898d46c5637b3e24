"""One song cut into another: what listens must let go of the beat and the key that it was so sure of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engines.material.library import RATE
from engines.mir.training.targets import Timeline

Floats = NDArray[np.float32]
FADE_FRAMES = 400


def joined(one: Floats, line: Timeline, other: Floats, later: Timeline, cut_s: float) -> tuple[Floats, Timeline]:
    """``one`` (frames,) up to ``cut_s`` and ``other``, as long, from there on, with what each holds."""
    at = round(cut_s * RATE)
    rise = np.clip((np.arange(len(one)) - at) / FADE_FRAMES, 0.0, 1.0).astype(np.float32)
    before, after = line.beats < cut_s, later.beats >= cut_s
    chords = [(a, min(b, cut_s), root, quality, bass) for a, b, root, quality, bass in line.chords if a < cut_s]
    chords += [(max(a, cut_s), b, root, quality, bass) for a, b, root, quality, bass in later.chords if b > cut_s]
    keys = [key for key in line.keys if key[0] < cut_s]
    held = [key for start, key in later.keys if start <= cut_s]
    keys += [(cut_s, key) for key in held[-1:]] + [key for key in later.keys if key[0] > cut_s]
    onsets = None
    if line.onsets is not None and later.onsets is not None:
        onsets = np.concatenate([line.onsets[line.onsets < cut_s], later.onsets[later.onsets >= cut_s]])
    return one * (1 - rise) + other * rise, replace(
        line,
        beats=np.concatenate([line.beats[before], later.beats[after]]),
        numbers=np.concatenate([line.numbers[before], later.numbers[after]]),
        downbeats=min(line.downbeats, later.downbeats),
        chords=tuple(chords),
        keys=tuple(keys),
        onsets=onsets,
    )
