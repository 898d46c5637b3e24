"""Polyphase resampler: streaming sample rate conversion by one linear-phase FIR filter.

The two rates meet at a common one: ``up`` times the first is ``down`` times the second. In theory the signal is
zero-stuffed to it, filtered and decimated; each output frame needs only every ``up``-th tap of the filter, chosen by
its phase (R. Crochiere, L. Rabiner, Multirate Digital Signal Processing, 1983, chapter 3).
"""

from __future__ import annotations

from math import ceil, pi

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.runtime.shared.callback_jit import callback_njit_sums

STOPBAND_DB = 100.0
"""Stopband attenuation: below the noise of 16 bits."""
PASSBAND_EDGE = 0.907
"""Passband edge as a part of the lower Nyquist frequency: 20 kHz of 22.05. Aliasing stays above it."""
TINY = np.float32(1e-20)
"""Samples below this (-400 dB) become zero, which keeps denormals out of the delay line."""


def design_kernel(up: int, down: int) -> NDArray[np.float64]:
    """The filter at the common rate, shape (2 half + 1,), symmetric, sum 1: a sinc in a Kaiser window.

    Length and window by J. F. Kaiser's formulas (1974; A. Oppenheim, R. Schafer, Discrete-Time Signal Processing,
    3rd edition, equations 7.75 and 7.76). Its passband ends at PASSBAND_EDGE of the lower Nyquist frequency, its
    stopband begins as far above it.
    """
    cutoff = 0.5 / max(up, down)  # cycles a frame of the common rate
    width = 2.0 * pi * 2.0 * (1.0 - PASSBAND_EDGE) * cutoff
    half = ceil((STOPBAND_DB - 7.95) / (2.285 * width) / 2.0)
    beta = 0.1102 * (STOPBAND_DB - 8.7)
    shape = np.sinc(2.0 * cutoff * np.arange(-half, half + 1)) * np.kaiser(2 * half + 1, beta)
    return np.asarray(shape / shape.sum(), np.float64)


@callback_njit_sums
def _convert(fresh: Audio, line: Audio, taps: Audio, down: int, out: Audio) -> None:
    """Append ``fresh`` to the delay ``line``, fill ``out``, shift ``line``. See `PolyphaseResampler`."""
    phases, count = taps.shape
    kept, frames = count - 1, fresh.shape[1]
    for channel in range(fresh.shape[0]):
        delayed = line[channel]
        for i in range(frames):
            sample = fresh[channel, i]
            delayed[kept + i] = np.float32(0.0) if abs(sample) < TINY else sample
        for i in range(out.shape[1]):
            start, row = i * down // phases, taps[i * down % phases]
            total = np.float32(0.0)
            for t in range(count):
                total += row[t] * delayed[start + t]
            out[channel, i] = total
        for i in range(kept):
            delayed[i] = delayed[frames + i]


class PolyphaseResampler:
    """Blocks of ``frames`` in, ``frames * up / down`` out, delayed by ``delay`` frames of the common rate.

    ``delay`` is at least `compute_group_delay`; any excess is a pure delay before the filter. Nothing is allocated
    after construction. The caller keeps non-finite samples out: they would stay in the delay line for its whole length.
    """

    def __init__(self, channels: int, frames: int, up: int, down: int, delay: int) -> None:
        shape = design_kernel(up, down) * up
        delayed = np.concatenate([np.zeros(delay - shape.size // 2), shape])
        count = -(-delayed.size // up)
        by_phase = np.zeros(count * up)
        by_phase[: delayed.size] = delayed
        # output i is made of input (i * down) // up and those before it, by every up-th tap; oldest first
        self._taps = np.ascontiguousarray(by_phase.reshape(count, up).T[:, ::-1], np.float32)
        self._line = np.zeros((channels, count - 1 + frames), np.float32)
        self._down = down
        self.memory = self._line[:, : count - 1]
        """The delay line, shape (channels, taps - 1): a view to save, to restore and to clear."""
        silence, nothing = np.zeros((channels, frames), np.float32), np.zeros((channels, 0), np.float32)
        _convert(silence, self._line, self._taps, down, nothing)  # compiles

    def process(self, fresh: Audio, out: Audio) -> None:
        """Resample ``fresh``, shape (channels, frames), into all of ``out``."""
        _convert(fresh, self._line, self._taps, self._down, out)


def compute_group_delay(up: int, down: int) -> int:
    """Group delay of the filter: half its length, in frames of the common rate."""
    return design_kernel(up, down).size // 2
