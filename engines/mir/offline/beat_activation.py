"""Beat activation of a whole song: how likely the rhythm network takes a beat to be, fifty times a second.

The live engine follows these chances as they come and keeps the pulse alone. Where all of a song is there, they are
worth keeping: what comes after a silence or a change of tempo decides about it, too (`decoding.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from engines.downmix import Downmix
from engines.mir.learned.beat_tracker import UNHEARD
from engines.mir.learned.features import RHYTHM_BANDS, SILENT, STEPS_A_SECOND, rhythm_levels, step_end
from engines.mir.learned.learned_mir import WEIGHTS
from engines.mir.learned.rhythm_chain import DELAY_S
from engines.mir.learned.stream_state import OnnxStepper
from engines.onnx import read_shipped

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


WATCHED_FRAMES = 16_384
"""In pieces as long it is looked for where the sides cancel; whole ones of `engines.downmix`."""
LATEST = 1 << 62


def times_of(steps: int) -> Doubles:
    """Seconds of which each of so many steps speaks."""
    return (np.arange(steps) + 1) / STEPS_A_SECOND - DELAY_S


class ActivationExtractor:
    """Takes a song at ``rate`` Hz in pieces of any length, in memory of which only the result grows."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._downmix = Downmix(rate)
        self._levels = rhythm_levels(rate)
        self._network = OnnxStepper("mir-rhythm", read_shipped(WEIGHTS, "mir-rhythm.onnx"), 2, RHYTHM_BANDS)
        self._waiting = np.zeros(self._levels.window, np.float32)  # silence stands before the song
        self._offset = -self._levels.window  # the frame that it begins with
        self._frames = 0
        self._cancelling = (LATEST, 0)
        self._chances: list[float] = []

    def push(self, audio: Audio) -> None:
        """The next of the song, shape (2, any)."""
        mono = audio.mean(axis=0)
        for first in range(0, len(mono), WATCHED_FRAMES):
            piece = slice(first, first + WATCHED_FRAMES)
            before = self._downmix.inverted_frames
            self._downmix.correct(audio[:, piece], mono[piece])
            if self._downmix.inverted_frames > before:
                start, end = self._frames + first, self._frames + first + len(mono[piece])
                self._cancelling = (min(self._cancelling[0], start), end)
        self._frames += len(mono)
        self._take(mono)

    @property
    def cancelling_s(self) -> float:
        """For how many seconds the sides cancelled so far."""
        return self._downmix.inverted_frames / self._rate

    @property
    def cancelling_between_s(self) -> tuple[float, float]:
        """From when to when (seconds), to a third of a second, they did so now and then."""
        start, end = self._cancelling
        return min(start, end) / self._rate, end / self._rate

    def finish(self) -> Floats:
        """The chance of a beat at each step of the song, shape (steps,); `times_of` says when they are."""
        self._take(np.zeros(round(DELAY_S * self._rate) + 1, np.float32))
        steps = int(np.searchsorted(times_of(len(self._chances)), self._frames / self._rate))
        return np.array(self._chances[:steps], np.float32)

    def _take(self, mono: Floats) -> None:
        self._waiting = np.concatenate([self._waiting, mono])
        there, window = self._offset + len(self._waiting), self._levels.window
        ends: list[int] = []
        while (end := step_end(len(self._chances) + len(ends), self._rate)) <= there:
            ends.append(end)
        for end in ends:
            levels = self._levels.of(self._waiting[end - window - self._offset : end - self._offset])
            chance = float(self._network.hear(levels)[0])
            self._chances.append(UNHEARD if levels.max() < SILENT else chance)
        kept = step_end(len(self._chances), self._rate) - window
        self._waiting = self._waiting[kept - self._offset :].copy()
        self._offset = kept


def activation_of(audio: Audio, rate: int) -> Floats:
    """The chances of a beat in ``audio``, shape (2, frames)."""
    meter = ActivationExtractor(rate)
    meter.push(audio)
    return meter.finish()
