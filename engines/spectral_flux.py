"""How strongly something begins, hop by hop: spectral flux over log bands."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.saved_state import SavedState

BANDS = 36
LOW_HZ, HIGH_HZ = 30.0, 12000.0
COMPRESS = 1000.0
"""log(1 + 1000 x): a tone at -60 dB still counts, the noise of a converter does not."""


class SpectralFlux(SavedState):
    """One number a hop, 0 where nothing grows louder, up to ``high_hz``. The window is two hops long."""

    saved_fields = ("heard", "before")

    def __init__(self, rate: int, hop: int, high_hz: float = HIGH_HZ) -> None:
        self.hop = hop
        window = 2 * hop
        bins = window // 2 + 1
        edges = np.geomspace(LOW_HZ, min(high_hz, 0.45 * rate), BANDS + 1) * window / rate
        starts = np.unique(np.clip(np.round(edges), 1, bins - 2).astype(np.int64))
        self._starts, self._end = starts[:-1], int(starts[-1])
        self._widths = np.diff(starts).astype(np.float32)
        self._taper = (np.hanning(window + 1)[:-1] * 4.0 / window).astype(np.float32)
        self.heard = np.zeros(window, np.float32)
        self.before = np.zeros(len(self._starts), np.float32)

    def reset(self) -> None:
        """Everything as at the start."""
        self.heard[:] = 0.0
        self.before[:] = 0.0

    def listen(self, mono: Audio) -> float:
        """Take one hop, shape (hop,); the growth of its bands, their mean."""
        self.heard[: self.hop] = self.heard[self.hop :]
        self.heard[self.hop :] = mono
        power = np.abs(np.fft.rfft(self.heard * self._taper)) ** 2
        level = np.sqrt(np.add.reduceat(power[: self._end], self._starts) / self._widths)
        now = np.log1p(COMPRESS * level).astype(np.float32)
        growth = float(np.maximum(now - self.before, 0.0).mean())
        self.before[:] = now
        return growth
