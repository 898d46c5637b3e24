"""Tempo map: the time of each beat, whole or not, from the beats of a song or from one tempo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def compute_times(beats: NDArray[np.float64], beats_s: Sequence[float], tempo_bpm: float) -> NDArray[np.float64]:
    """The time in seconds of each of ``beats``; beat 0 is ``beats_s[0]``, or time 0 at ``tempo_bpm``.

    Outside of ``beats_s`` the tempo of the first and the last beat goes on.

    Raises:
        ValueError: There are less than two beats and no tempo.
    """
    if len(beats_s) < 2:
        if tempo_bpm <= 0.0:
            raise ValueError("neither two beats nor a tempo")
        return beats * (60.0 / tempo_bpm) + (beats_s[0] if beats_s else 0.0)
    known = np.asarray(beats_s, np.float64)
    times = np.interp(beats, np.arange(len(known)), known)
    before, behind = beats < 0, beats > len(known) - 1
    times[before] = known[0] + beats[before] * (known[1] - known[0])
    times[behind] = known[-1] + (beats[behind] - (len(known) - 1)) * (known[-1] - known[-2])
    return times
