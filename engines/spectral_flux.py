"""Spectral flux: onset strength of each hop, over logarithmic frequency bands."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.saved_state import SavedState

BANDS = 36
LOW_HZ, HIGH_HZ = 30.0, 12000.0
LOG_COMPRESSION = 1000.0
"""log(1 + 1000 x): a tone at -60 dB still counts, the noise of a converter does not."""


class SpectralFlux(SavedState):
    """Onset strength up to ``high_hz``: one number a hop, 0 where no band grows louder. The window is two hops long."""

    saved_fields = ("window", "previous")

    def __init__(self, rate: int, hop: int, high_hz: float = HIGH_HZ) -> None:
        self.hop = hop
        size = 2 * hop
        bins = size // 2 + 1
        edges = np.geomspace(LOW_HZ, min(high_hz, 0.45 * rate), BANDS + 1) * size / rate
        starts = np.unique(np.clip(np.round(edges), 1, bins - 2).astype(np.int64))
        self._starts, self._end = starts[:-1], int(starts[-1])
        self._widths = np.diff(starts).astype(np.float32)
        self._taper = (np.hanning(size + 1)[:-1] * 4.0 / size).astype(np.float32)
        self.window = np.zeros(size, np.float32)
        self.previous = np.zeros(len(self._starts), np.float32)

    def reset(self) -> None:
        """Set everything to its initial value."""
        self.window[:] = 0.0
        self.previous[:] = 0.0

    def process(self, mono: Audio) -> float:
        """Process one hop, shape (hop,); its flux: the mean growth of its bands."""
        self.window[: self.hop] = self.window[self.hop :]
        self.window[self.hop :] = mono
        power = np.abs(np.fft.rfft(self.window * self._taper)) ** 2
        level = np.sqrt(np.add.reduceat(power[: self._end], self._starts) / self._widths)
        now = np.log1p(LOG_COMPRESSION * level).astype(np.float32)
        flux = float(np.maximum(now - self.previous, 0.0).mean())
        self.previous[:] = now
        return flux
