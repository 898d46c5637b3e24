"""A song of a second whose stems are easy to tell: clicks, a low tone, a gliding voice, a chord on one side."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import STEMS
from research.separation.evaluation.songs import MultitrackSong

RATE = 44100


def made_up_song(seconds: float = 1.0, name: str = "made up") -> MultitrackSong:
    frames = int(seconds * RATE)
    t = np.arange(frames) / RATE
    drums = np.random.default_rng(5).normal(0, 0.3, frames) * np.exp(-60 * (t % 0.25))
    bass = 0.3 * np.sin(2 * np.pi * 55 * t)
    vocals = 0.2 * np.sin(2 * np.pi * (330 * t + 20 * np.sin(2 * np.pi * t)))
    other = 0.1 * sum(np.sin(2 * np.pi * hz * t) for hz in (1047, 1319, 1568))
    truth = np.stack([np.stack([wave, wave]) for wave in (drums, bass, vocals, other)]).astype(np.float32)
    truth[STEMS.index("other"), 1] *= 0.2
    return MultitrackSong(name, RATE, STEMS, truth)
