"""Remarks on an analysis: no steady beat, a very low level, or channels that cancel each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from engines.mir.offline.beat_decoder import STEADY_BEATS, Track, measure_steadiness
from engines.offline.progress import format_duration

UNSTEADY_SONG = 0.18
"""Below this median of `measure_steadiness` a recording has no steady beat.

Speech has 0.08 or less, songs 0.25 or more."""
UNSTEADY_PASSAGE = 0.12
"""Below this a passage has none, however steady the beat is elsewhere."""
MIN_PASSAGE_S = 10.0
"""Shorter passages get no remark."""
MIN_BEATS = 16
"""Beats that a remark needs."""
MIN_CANCELLATION_S = 1.0
NO_BEAT = "no steady beat was found: beats, tempo and bars are guesses, as of speech, or of rubato"


def describe_beat(activation: NDArray[np.float32], track: Track) -> tuple[str, ...]:
    """Remarks on the beat of the recording with this beat activation, decoded as ``track``."""
    steady = measure_steadiness(activation, track)
    known = np.isfinite(steady)
    if known.sum() < MIN_BEATS:
        return ()
    if float(np.median(steady[known])) < UNSTEADY_SONG:
        return (NO_BEAT,)
    return tuple(
        f"no steady beat from {format_duration(start_s)} to {format_duration(end_s)}"
        for start_s, end_s in _find_unsteady(track, steady)
    )


def describe_cancellation(cancelling_s: float, between_s: tuple[float, float], duration_s: float) -> tuple[str, ...]:
    """A remark on a recording of this length whose channels cancel for ``cancelling_s``, all within ``between_s``."""
    if cancelling_s < MIN_CANCELLATION_S:
        return ()
    start_s, end_s = between_s
    whole = start_s < MIN_CANCELLATION_S and end_s > duration_s - MIN_CANCELLATION_S
    where = "" if whole else f" between {format_duration(start_s)} and {format_duration(end_s)}"
    lasts = format_duration(cancelling_s)
    return (f"left and right cancel each other for {lasts}{where}: one was inverted to analyse them",)


def describe_level(peak: float, gain: float) -> tuple[str, ...]:
    """A remark on a recording of this peak (full scale is 1) that was amplified by ``gain``."""
    return (f"is very quiet (peak {20 * np.log10(peak):.0f} dBFS): was raised by {20 * np.log10(gain):.0f} dB first",)


def _find_unsteady(track: Track, steady: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """The passages (start and end in seconds) without a steady beat."""
    places = enumerate(np.where(np.isfinite(steady), steady, 1.0) < UNSTEADY_PASSAGE)
    for unsteady, group in groupby(places, key=lambda place: bool(place[1])):
        beats = [place for place, _ in group]
        start_s, end_s = float(track.beats_s[beats[0]]), float(track.beats_s[beats[-1]])
        if unsteady and end_s - start_s >= MIN_PASSAGE_S and len(beats) >= STEADY_BEATS // 4:
            yield start_s, end_s
