"""librosa (McFee et al., SciPy 2015) as a yardstick: it hears the whole song before it answers.

Beats by its dynamic programming (Ellis 2007), onsets by its flux; on its constant-Q chroma the textbook methods:
chords by 24 binary triads smoothed with Viterbi, the key by Krumhansl's profiles. It is installed beside Sideman with
``pip install librosa``.
"""

from __future__ import annotations

from importlib import import_module
from itertools import pairwise

import numpy as np

from bridge.core.audio import Audio
from bridge.core.events import NOTE_NAMES
from engines.mir.chroma.templates import MAJOR, MINOR
from research.mir.evaluation.predictions import Answer, Listener, mono
from research.mir.evaluation.truth import Chords, Floats

RATE = 22050
"""librosa's usual one, at which its trackers were tuned."""
HOP = 512
STAY = 0.95
"""How likely a chord is to be the same in the next frame, of 23 ms."""
SHARP = 10.0
"""How the fit of a template becomes a likelihood: exp(SHARP * fit)."""
SILENT = 0.05
"""A frame less loud than this share of the song's mean has no chord."""


def librosa_listener() -> Listener:
    """Raises ImportError where librosa is not installed."""
    librosa = import_module("librosa")
    import_module("librosa.beat")

    def listen(mix: Audio, rate: int) -> Answer:
        wave = librosa.resample(mono(mix), orig_sr=rate, target_sr=RATE)
        tempo, beats = librosa.beat.beat_track(y=wave, sr=RATE, hop_length=HOP, units="time")
        chroma = librosa.feature.chroma_cqt(y=wave, sr=RATE, hop_length=HOP)
        loudness = librosa.feature.rms(y=wave, hop_length=HOP)[0][: chroma.shape[1]]
        times = np.append(np.arange(chroma.shape[1]) * HOP / RATE, mix.shape[1] / rate)
        return Answer(
            beats=np.asarray(beats, np.float64),
            bpm=float(np.atleast_1d(tempo)[0]),
            chords=spans(best_path(chord_likelihoods(chroma, loudness)), times),
            key=krumhansl(chroma.mean(axis=1)),
            onsets=np.asarray(librosa.onset.onset_detect(y=wave, sr=RATE, hop_length=HOP, units="time"), np.float64),
        )

    return Listener(f"librosa {librosa.__version__}", listen)


def chord_likelihoods(chroma: Floats, loudness: Floats) -> Floats:
    """Logarithmic, shape (25, frames): twelve major triads, twelve minor ones, no chord last."""
    triads = np.zeros((24, 12))
    for root in range(12):
        triads[root, [root, (root + 4) % 12, (root + 7) % 12]] = 1.0
        triads[12 + root, [root, (root + 3) % 12, (root + 7) % 12]] = 1.0
    triads /= np.linalg.norm(triads, axis=1, keepdims=True)
    unit = chroma / np.maximum(np.linalg.norm(chroma, axis=0, keepdims=True), 1e-9)
    fits = SHARP * (triads @ unit)
    silent = np.where(loudness < SILENT * loudness.mean(), 2 * SHARP, 0.0)
    return np.concatenate([fits, silent[None]])


def best_path(likelihoods: Floats) -> list[int]:
    """The likeliest state of each frame where a change costs what STAY says (Viterbi 1967)."""
    states, frames = likelihoods.shape
    change = float(np.log((1 - STAY) / (states - 1)) - np.log(STAY))
    score, came_from = likelihoods[:, 0].copy(), np.zeros((frames, states), np.int64)
    for frame in range(1, frames):
        best = int(score.argmax())
        stays = score >= score[best] + change
        came_from[frame] = np.where(stays, np.arange(states), best)
        score = np.where(stays, score, score[best] + change) + likelihoods[:, frame]
    path = [int(score.argmax())]
    for frame in range(frames - 1, 0, -1):
        path.append(int(came_from[frame, path[-1]]))
    return path[::-1]


def spans(path: list[int], times: Floats) -> Chords:
    """States that last, as chords; ``times``: where each frame begins, and the end of the last."""
    labels = [*(f"{note}:maj" for note in NOTE_NAMES), *(f"{note}:min" for note in NOTE_NAMES), "N"]
    starts = [0, *(i for i in range(1, len(path)) if path[i] != path[i - 1]), len(path)]
    intervals = [(times[start], times[end]) for start, end in pairwise(starts)]
    return Chords(np.array(intervals), tuple(labels[path[start]] for start in starts[:-1]))


def krumhansl(chroma: Floats) -> str:
    """The key whose profile (Krumhansl and Kessler 1982) correlates best with a mean chroma (12,); empty if flat."""
    if float(np.std(chroma)) <= 1e-9:
        return ""
    fits = {
        f"{note} {mode}": float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
        for tonic, note in enumerate(NOTE_NAMES)
    }
    return max(fits, key=lambda key: fits[key])
