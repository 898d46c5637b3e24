"""Asymmetric STFT windows for low latency: a long analysis window, a short synthesis window at its end."""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.errors import EngineError


def make_windows(window: int, hop: int, overlap: int) -> tuple[Float32Array, Float32Array]:
    """Make analysis (window,) and synthesis (hop + overlap,) windows for a latency of ``overlap`` frames.

    The analysis rises over ``window - overlap`` frames and falls over ``overlap``, both as quarter sines. Their
    product over the last ``hop + overlap`` frames is 1 save for a squared-sine fade of ``overlap`` frames at either
    end, so that neighbouring hops add up to the input. Such asymmetric windows: Mauler and Martin, "A low delay,
    variable resolution, perfect reconstruction spectral analysis-synthesis system", EUSIPCO 2007.
    """
    if not 0 < overlap <= hop or hop + overlap > window:
        raise EngineError(f"a window of {window} frames, hop {hop}, overlap {overlap}", "0 < overlap <= hop")
    rise = window - overlap
    analysis = np.concatenate(
        [
            np.sin(np.pi / 2 * (np.arange(rise) + 0.5) / rise),
            np.cos(np.pi / 2 * (np.arange(overlap) + 0.5) / overlap),
        ]
    )
    fade = np.sin(np.pi / 2 * (np.arange(overlap) + 0.5) / overlap) ** 2
    product = np.concatenate([fade, np.ones(hop - overlap), fade[::-1]])
    return analysis.astype(np.float32), (product / analysis[-hop - overlap :]).astype(np.float32)
