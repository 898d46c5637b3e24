"""Beat activation of a whole song: the rhythm network's outputs, fifty times a second.

The live engine filters these probabilities as they come. For a whole song they are kept, since what follows a silence
or a tempo change is evidence about it, too (`beat_decoder.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array, Float64Array
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY
from engines.mir.learned.features import RHYTHM_BANDS, SILENT_BAND, STEPS_PER_SECOND, make_rhythm_log_bands
from engines.mir.learned.rhythm_chain import DELAY_S, FILE, OUTPUTS, RHYTHM_STEPS
from engines.mir.learned.stream_state import OnnxStepper
from engines.onnx import read_shipped
from engines.weights import WEIGHTS


def get_step_times(steps: int) -> Float64Array:
    """The times in seconds to which so many steps refer."""
    return (np.arange(steps) + 1) / STEPS_PER_SECOND - DELAY_S


class ActivationExtractor:
    """Rhythm network over a song at ``rate`` Hz, step by step; of its memory only the result grows.

    ``model``: the network and what errors call its file; by default the one that ships.
    """

    def __init__(self, rate: int, model: tuple[bytes, str] | None = None) -> None:
        self._log_bands = make_rhythm_log_bands(rate)
        self.window = self._log_bands.window
        content, file = model or (read_shipped(WEIGHTS, FILE), FILE)
        self._network = OnnxStepper(file, content, RHYTHM_STEPS, RHYTHM_BANDS, OUTPUTS)
        self._rate = rate
        self._beats: list[float] = []
        self._downbeats: list[float] = []

    def push(self, window: Float32Array) -> tuple[float, float]:
        """Analyse the step at the end of ``window``: its onset probability, and the mean growth of its log bands."""
        before = self._network.features[0, -1].copy()
        log_bands = self._log_bands.compute(window)
        beat, downbeat, onset = (float(each) for each in self._network.step(log_bands))
        silent = log_bands.max() < SILENT_BAND
        self._beats.append(UNINFORMATIVE_PROBABILITY if silent else beat)
        self._downbeats.append(0.0 if silent else downbeat)
        return onset, float(np.maximum(log_bands - before, 0.0).mean())

    def finish(self, frames: int) -> tuple[Float32Array, Float32Array]:
        """The activations of beats and downbeats within so many frames, shape (steps,), at `get_step_times`."""
        steps = int(np.searchsorted(get_step_times(len(self._beats)), frames / self._rate))
        return np.array(self._beats[:steps], np.float32), np.array(self._downbeats[:steps], np.float32)


def find_peaks(activation: NDArray[np.float32], at_s: Float64Array, near_s: float) -> Float64Array:
    """The highest ``activation`` within ``near_s`` of each of the times ``at_s``."""
    edges = np.searchsorted(get_step_times(len(activation)), np.stack([at_s - near_s, at_s + near_s], axis=1))
    return np.array([activation[first:last].max(initial=0.0) for first, last in edges], np.float64)
