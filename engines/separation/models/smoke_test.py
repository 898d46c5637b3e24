"""Smoke test of a model: silence and noise through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ModelError
from engines.separation.models.adapters.streaming import StreamingSeparator
from engines.separation.models.chunked import PieceSeparator

LEVEL = 0.1
"""RMS of the noise, -20 dB: as loud as music."""
_FLOOR_DB = -200.0
_HOPS = 8


@dataclass(frozen=True)
class SmokeTestResult:
    """Levels in dBFS; silence is -200. ``stems_db``: RMS of each stem for noise of -20 dB.

    ``silence_db``: peak of the output for silence. ``sum_db``: RMS of the noise minus the sum of its stems.
    """

    stems_db: dict[str, float]
    silence_db: float
    sum_db: float


def run_smoke_test(separator: PieceSeparator | StreamingSeparator) -> SmokeTestResult:
    """Run a piece (a streaming model: some hops) of silence, then of noise. Raises: ModelError where it fails."""
    if isinstance(separator, PieceSeparator):
        frames = separator.piece_frames
    else:
        frames = separator.hop_frames * _HOPS + separator.delay_frames
    rate = separator.rates[0]
    noise = (LEVEL * np.random.default_rng(1).standard_normal((CHANNELS, frames))).astype(np.float32)
    silent = _separate(separator, np.zeros_like(noise), rate)
    loud = _separate(separator, noise, rate)
    return SmokeTestResult(
        {stem: _to_db(_measure_rms(sound)) for stem, sound in zip(separator.stems, loud, strict=True)},
        _to_db(float(np.abs(silent).max())),
        _to_db(_measure_rms(noise - loud.sum(axis=0))),
    )


def _separate(separator: PieceSeparator | StreamingSeparator, mix: Audio, rate: int) -> Audio:
    stems = separator.separate(mix, rate)
    expected = (len(separator.stems), *mix.shape)
    if stems.shape != expected:
        raise ModelError(f"{separator.name}: gave {stems.shape}, not {expected}", "choose the adapter that fits")
    return stems


def _measure_rms(sound: Audio) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def _to_db(level: float) -> float:
    return round(max(20.0 * float(np.log10(level)), _FLOOR_DB), 1) if level > 0.0 else _FLOOR_DB
