"""Beat activation of a whole song: the rhythm network's beat probability, fifty times a second.

The live engine filters these probabilities as they come. For a whole song they are kept, since what follows a silence
or a tempo change is evidence about it, too (`beat_decoder.py`).
"""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array
from bridge.core.audio import Audio
from engines.downmix import Downmix
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY
from engines.mir.learned.features import (
    RHYTHM_BANDS,
    SILENT_BAND,
    STEPS_PER_SECOND,
    get_step_end,
    make_rhythm_log_bands,
)
from engines.mir.learned.rhythm_chain import DELAY_S, FILE, OUTPUTS, RHYTHM_STEPS
from engines.mir.learned.stream_state import OnnxStepper
from engines.onnx import read_shipped
from engines.weights import WEIGHTS

CANCELLATION_PIECE_FRAMES = 16_384
"""Cancellation of the channels is located in pieces of this length; whole blocks of `engines.downmix`."""
NO_STEP = 1 << 62


def get_step_times(steps: int) -> Float64Array:
    """The times in seconds to which so many steps refer."""
    return (np.arange(steps) + 1) / STEPS_PER_SECOND - DELAY_S


class ActivationExtractor:
    """Takes a song at ``rate`` Hz in pieces of any length; of its memory only the result grows."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._downmix = Downmix(rate)
        self._log_bands = make_rhythm_log_bands(rate)
        self._network = OnnxStepper(FILE, read_shipped(WEIGHTS, FILE), RHYTHM_STEPS, RHYTHM_BANDS, OUTPUTS)
        self._pending = np.zeros(self._log_bands.window, np.float32)  # before the song is silence
        self._offset = -self._log_bands.window  # its first frame
        self._frames = 0
        self._cancelling = (NO_STEP, 0)
        self._activation: list[float] = []

    def push(self, audio: Audio) -> None:
        """Append audio, shape (2, any)."""
        mono = audio.mean(axis=0)
        for first in range(0, len(mono), CANCELLATION_PIECE_FRAMES):
            piece = slice(first, first + CANCELLATION_PIECE_FRAMES)
            before = self._downmix.inverted_frames
            self._downmix.correct(audio[:, piece], mono[piece])
            if self._downmix.inverted_frames > before:
                start, end = self._frames + first, self._frames + first + len(mono[piece])
                self._cancelling = (min(self._cancelling[0], start), end)
        self._frames += len(mono)
        self._analyse(mono)

    @property
    def cancelling_s(self) -> float:
        """Seconds in which the channels cancelled so far."""
        return self._downmix.inverted_frames / self._rate

    @property
    def cancelling_between_s(self) -> tuple[float, float]:
        """The first and last time (seconds) at which they did, to a third of a second."""
        start, end = self._cancelling
        return min(start, end) / self._rate, end / self._rate

    def finish(self) -> Float32Array:
        """The beat activation, shape (steps,), at the times of `get_step_times`."""
        self._analyse(np.zeros(round(DELAY_S * self._rate) + 1, np.float32))
        steps = int(np.searchsorted(get_step_times(len(self._activation)), self._frames / self._rate))
        return np.array(self._activation[:steps], np.float32)

    def _analyse(self, mono: Float32Array) -> None:
        self._pending = np.concatenate([self._pending, mono])
        end_frame, window = self._offset + len(self._pending), self._log_bands.window
        ends: list[int] = []
        while (end := get_step_end(len(self._activation) + len(ends), self._rate)) <= end_frame:
            ends.append(end)
        for end in ends:
            log_bands = self._log_bands.compute(self._pending[end - window - self._offset : end - self._offset])
            probability = float(self._network.step(log_bands)[0])
            self._activation.append(UNINFORMATIVE_PROBABILITY if log_bands.max() < SILENT_BAND else probability)
        kept = get_step_end(len(self._activation), self._rate) - window
        self._pending = self._pending[kept - self._offset :].copy()
        self._offset = kept
