"""Bars of three out of bars of four, by leaving out the last beat: 3/4 is rare in what there is to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from research.datasets.library import RATE
from research.mir.training.targets import Timeline

Floats = NDArray[np.float32]
FADE_FRAMES = 400


def waltzed(mono: Floats, line: Timeline, frames: int) -> tuple[Floats, Timeline]:
    """``mono`` (more than ``frames``) without the fourth beats of its bars, which become bars of three."""
    lost = [(line.beats[i], line.beats[i + 1]) for i in range(len(line.beats) - 1) if line.numbers[i] == 3]
    pieces: list[Floats] = []
    begin = 0
    fade = np.linspace(0, 1, FADE_FRAMES, dtype=np.float32)
    for start, end in [*lost, (len(mono) / RATE, 0.0)]:
        stop, go_on = max(0, round(start * RATE)), max(0, round(end * RATE))
        if stop > begin:
            piece = mono[begin:stop].copy()
            if pieces and len(pieces[-1]) >= FADE_FRAMES <= begin:
                last = pieces[-1]
                # the fade takes the frames before the cut's end, so that nothing moves in time
                last[-FADE_FRAMES:] = last[-FADE_FRAMES:] * (1 - fade) + mono[begin - FADE_FRAMES : begin] * fade
            pieces.append(piece)
        begin = max(go_on, begin)

    cuts = [(max(float(start), 0.0), float(end)) for start, end in lost if end > 0]

    def heard(time: float) -> float:
        return time - float(sum(min(max(time - start, 0.0), end - start) for start, end in cuts))

    kept = line.numbers != 3
    beats = np.array([heard(t) for t in line.beats[kept]])
    chords = tuple((heard(a), heard(b), r, q, c) for a, b, r, q, c in line.chords)
    keys = tuple((heard(a), key) for a, key in line.keys)
    onsets = line.onsets
    if onsets is not None:
        lost_too = [((a <= onsets) & (onsets < b)) for a, b in cuts]
        left = onsets[~np.any(lost_too, axis=0)] if cuts else onsets
        onsets = np.array([heard(t) for t in left])
    whole = np.zeros(frames, np.float32)
    joined = np.concatenate(pieces)[:frames]
    whole[: len(joined)] = joined
    return whole, replace(
        line,
        beats=beats,
        numbers=line.numbers[kept],
        chords=tuple(c for c in chords if c[1] > c[0]),
        keys=keys,
        onsets=onsets,
    )
