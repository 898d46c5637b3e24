"""Loudness meter: integrated loudness, loudness range and true peak of a sound, as EBU R 128 measures them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyebur128

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError

SHORTEST_S = 0.4
"""Length of the first gating block of ITU-R BS.1770: nothing shorter has an integrated loudness."""
SHORTEST_RANGE_S = 3.0
"""Length of a short-term loudness (EBU Tech 3342): nothing shorter has a loudness range."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """Loudness of a sound; None where it has none, and then ``reason`` says why.

    ``integrated_lufs``: EBU R 128. ``range_lu``: EBU Tech 3342. ``true_peak_dbtp``: ITU-R BS.1770, of both channels.
    ``peak``: the largest magnitude of a sample, linear. ``overs``: samples whose magnitude is above 1.
    """

    frames: int
    integrated_lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None
    peak: float
    overs: int
    reason: str = ""


def measure_loudness(blocks: Iterable[Audio], rate: int) -> Loudness:
    """Measure the sound in ``blocks``, each of shape (2, any), at ``rate`` Hz.

    Raises:
        ConfigError: A sample is NaN or infinite, at which every mean would be poisoned.
    """
    mode = pyebur128.MeasurementMode
    meter = pyebur128.R128State(CHANNELS, rate, mode.MODE_I | mode.MODE_LRA | mode.MODE_TRUE_PEAK)
    frames, peak, overs = 0, 0.0, 0
    for block in blocks:
        if not block.shape[1]:
            continue
        magnitudes = np.abs(block)
        loudest = float(magnitudes.max())  # NaN if one is
        if not math.isfinite(loudest):
            first = frames + int(np.argmin(np.isfinite(block).all(axis=0)))
            raise ConfigError(
                f"a sample at {first / rate:.3f} s is NaN or infinite", "render it again without what made it"
            )
        peak = max(peak, loudest)
        if loudest > 1.0:
            overs += int(np.count_nonzero(magnitudes > 1.0))
        meter.add_frames(np.ascontiguousarray(block.T, np.float64).reshape(-1), block.shape[1])
        frames += block.shape[1]
    true_peak = max(pyebur128.get_true_peak(meter, channel) for channel in range(CHANNELS)) if frames else 0.0
    integrated = pyebur128.get_loudness_global(meter) if frames >= SHORTEST_S * rate else -math.inf
    range_lu = pyebur128.get_loudness_range(meter) if frames >= SHORTEST_RANGE_S * rate else None
    reason = ""
    if not math.isfinite(integrated):
        range_lu = None
        if not frames:
            reason = "it is empty"
        elif frames < SHORTEST_S * rate:
            reason = f"it is shorter than {SHORTEST_S:g} s"
        else:
            reason = "it is silent, or below -70 LUFS"
    return Loudness(
        frames,
        integrated if math.isfinite(integrated) else None,
        range_lu,
        20 * math.log10(true_peak) if true_peak > 0 else None,
        peak,
        overs,
        reason,
    )
