"""Differences of two signals: null depth, and dropouts that only one of them has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.core.audio import Audio

BIT_EQUAL_DB = -240.0
"""Null depth of equal signals, and the floor of every level here."""
DROPOUT_FRAMES = 16
"""Shortest run of exact zeros that counts: an output of noise has none, a gate fades down to them in longer ones."""


def compute_peak_db(audio: Audio) -> float:
    """The largest magnitude in dBFS, at least BIT_EQUAL_DB; infinite where a sample is not finite."""
    peak = float(np.max(np.abs(audio), initial=0.0))
    if not np.isfinite(peak):
        return float("inf")
    return max(20.0 * float(np.log10(peak)), BIT_EQUAL_DB) if peak > 0.0 else BIT_EQUAL_DB


def compute_null_db(reference: Audio, other: Audio) -> float:
    """The peak of the difference relative to the peak of ``reference``, in dB; both shape (channels, frames).

    The shorter one continues with silence. BIT_EQUAL_DB: no difference. Relative to full scale where the reference is
    silent. Infinite where a sample is not finite.
    """
    frames = max(reference.shape[1], other.shape[1])
    difference = _lengthen(reference, frames) - _lengthen(other, frames)
    depth = compute_peak_db(difference)
    level = compute_peak_db(reference)
    return depth if depth == BIT_EQUAL_DB or level == BIT_EQUAL_DB else max(depth - level, BIT_EQUAL_DB)


def _lengthen(audio: Audio, frames: int) -> Audio:
    return np.pad(audio, ((0, 0), (0, frames - audio.shape[1])))


@dataclass(frozen=True, slots=True)
class Dropout:
    """A run of exact zeros: its first frame and its length."""

    at: int
    frames: int


def find_dropouts(dry: Audio, wet: Audio) -> list[Dropout]:
    """Runs of zeros in ``wet`` where ``dry``, aligned with it, sounds; both shape (channels, frames).

    Runs at the start and at the end are left out: a late start is latency, and an end a tail.
    """
    silent = np.all(wet == 0.0, axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False]))))
    return [
        Dropout(int(begin), int(end - begin))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        if end - begin >= DROPOUT_FRAMES and begin > 0 and end < silent.size and np.any(dry[:, begin:end])
    ]
