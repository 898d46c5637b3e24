"""Remarks on an analysis: where what was analysed has no steady beat, is hardly there, or cancels itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from engines.mir.offline.beat_decoder import STEADY_BEATS, Track, steadiness
from engines.offline.progress import format_duration

UNSTEADY = 0.18
"""Below this median of `steadiness` a recording has no steady beat; speech has 0.08 or less, songs 0.25 or more."""
LOST = 0.12
"""Below this it has none in a place, however steady it is elsewhere."""
LOST_S = 10.0
"""Shorter places are not worth a remark."""
FEWEST = 16
"""Beats of which it can be said."""
CANCEL_S = 1.0
NO_BEAT = "no steady beat was found: beats, tempo and bars are guesses, as of speech, or of rubato"


def beat_remarks(chances: NDArray[np.float32], track: Track) -> tuple[str, ...]:
    """What is to be said of the beat of the recording with this beat activation, decoded as ``track``."""
    steady = steadiness(chances, track)
    known = np.isfinite(steady)
    if known.sum() < FEWEST:
        return ()
    if float(np.median(steady[known])) < UNSTEADY:
        return (NO_BEAT,)
    return tuple(
        f"no steady beat from {format_duration(start_s)} to {format_duration(end_s)}"
        for start_s, end_s in _lost(track, steady)
    )


def sides_remark(cancelling_s: float, between_s: tuple[float, float], duration_s: float) -> tuple[str, ...]:
    """What is to be said of a recording of this length whose sides cancel for so many seconds, all in ``between_s``."""
    if cancelling_s < CANCEL_S:
        return ()
    start_s, end_s = between_s
    whole = start_s < CANCEL_S and end_s > duration_s - CANCEL_S
    where = "" if whole else f" between {format_duration(start_s)} and {format_duration(end_s)}"
    lasts = format_duration(cancelling_s)
    return (f"left and right cancel each other for {lasts}{where}: one was inverted to analyse them",)


def level_remark(peak: float, gain: float) -> tuple[str, ...]:
    """What is to be said of a recording of this peak (full scale is 1) that was raised by ``gain``."""
    return (f"is very quiet (peak {20 * np.log10(peak):.0f} dBFS): was raised by {20 * np.log10(gain):.0f} dB first",)


def _lost(track: Track, steady: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """From when to when (seconds) there is no steady beat."""
    places = enumerate(np.where(np.isfinite(steady), steady, 1.0) < LOST)
    for lost, group in groupby(places, key=lambda place: bool(place[1])):
        beats = [place for place, _ in group]
        start_s, end_s = float(track.beats_s[beats[0]]), float(track.beats_s[beats[-1]])
        if lost and end_s - start_s >= LOST_S and len(beats) >= STEADY_BEATS // 4:
            yield start_s, end_s
