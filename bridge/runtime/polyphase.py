"""A stream of audio at another rate: one linear-phase FIR filter, of which only the taps that count are worked out.

The two rates meet at a common one: ``up`` times the first is ``down`` times the second. There the signal would be
filled with zeros, filtered and thinned out; each output frame needs only every ``up``-th tap of the filter, which
taps depends on its phase (R. Crochiere, L. Rabiner, Multirate Digital Signal Processing, 1983, chapter 3).
"""

from __future__ import annotations

from math import ceil, pi

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.runtime.shared.callback_jit import compiled_sums

STOPBAND_DB = 100.0
"""How far down what does not belong is: below the noise of 16 bits."""
PASS = 0.907
"""The passband's end as a part of the lower rate's half: 20 kHz of 22.05. What folds over stays above it."""
TINY = np.float32(1e-20)
"""What is less is silence (-400 dB): numbers that processors are slow with stay out of the memory."""


def kernel(up: int, down: int) -> NDArray[np.float64]:
    """The filter at the common rate, shape (2 half + 1,), symmetric, sum 1: a sinc in a Kaiser window.

    Length and window by J. F. Kaiser's formulas (1974; A. Oppenheim, R. Schafer, Discrete-Time Signal Processing,
    3rd edition, equations 7.75 and 7.76). It passes up to PASS of the lower rate's half and stops as far above it.
    """
    cutoff = 0.5 / max(up, down)  # cycles a frame of the common rate
    width = 2.0 * pi * 2.0 * (1.0 - PASS) * cutoff
    half = ceil((STOPBAND_DB - 7.95) / (2.285 * width) / 2.0)
    beta = 0.1102 * (STOPBAND_DB - 8.7)
    shape = np.sinc(2.0 * cutoff * np.arange(-half, half + 1)) * np.kaiser(2 * half + 1, beta)
    return np.asarray(shape / shape.sum(), np.float64)


@compiled_sums
def _convert(fresh: Audio, line: Audio, taps: Audio, down: int, out: Audio) -> None:
    """``fresh`` goes behind what ``line`` remembers, ``out`` is filled, ``line`` moves on. See `Converter`."""
    phases, count = taps.shape
    kept, frames = count - 1, fresh.shape[1]
    for channel in range(fresh.shape[0]):
        heard = line[channel]
        for i in range(frames):
            sample = fresh[channel, i]
            heard[kept + i] = np.float32(0.0) if abs(sample) < TINY else sample
        for i in range(out.shape[1]):
            start, row = i * down // phases, taps[i * down % phases]
            total = np.float32(0.0)
            for t in range(count):
                total += row[t] * heard[start + t]
            out[channel, i] = total
        for i in range(kept):
            heard[i] = heard[frames + i]


class Converter:
    """Blocks of ``frames`` in, ``frames * up / down`` out, delayed by ``delay`` frames of the common rate.

    ``delay`` is at least `least_delay`; what it is more lies in front of the filter. Nothing is allocated after
    construction. Numbers that are not finite have to be kept out, or stay in the memory for as long as it reaches.
    """

    def __init__(self, channels: int, frames: int, up: int, down: int, delay: int) -> None:
        shape = kernel(up, down) * up
        late = np.concatenate([np.zeros(delay - shape.size // 2), shape])
        count = -(-late.size // up)
        by_phase = np.zeros(count * up)
        by_phase[: late.size] = late
        # output i hears input (i * down) // up and what came before, through every up-th tap; oldest first
        self._taps = np.ascontiguousarray(by_phase.reshape(count, up).T[:, ::-1], np.float32)
        self._line = np.zeros((channels, count - 1 + frames), np.float32)
        self._down = down
        self.memory = self._line[:, : count - 1]
        """What it remembers, shape (channels, taps - 1): a view to save, to restore and to clear."""
        _convert(np.zeros((channels, frames), np.float32), self._line, self._taps, down, _empty(channels))  # compiles

    def __call__(self, fresh: Audio, out: Audio) -> None:
        """``fresh``, shape (channels, frames), heard at the other rate in all of ``out``."""
        _convert(fresh, self._line, self._taps, self._down, out)


def least_delay(up: int, down: int) -> int:
    """Half the filter's length, in frames of the common rate."""
    return kernel(up, down).size // 2


def _empty(channels: int) -> Audio:
    return np.zeros((channels, 0), np.float32)
