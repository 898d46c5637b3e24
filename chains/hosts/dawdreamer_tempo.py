"""Tempo for DawDreamer: the tempo at each tick of the song, so that its beats fall on those of the song.

DawDreamer's beat 0 is at time 0 and cannot be moved. So the time before the song's first beat is given a whole number
of beats, at a tempo near that of the song.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bridge.core.audio import Audio

TICKS_PER_BEAT = 24
"""Ticks of the list of tempos: those of MIDI clock."""

BEATS_PER_BAR = 4
"""Beats of a bar: DawDreamer knows no other metre."""


def compute_tempo(beats_s: Sequence[float], length_s: float) -> tuple[Audio, int]:
    """The tempo in BPM at each tick, to behind ``length_s``, and the ticks per beat.

    ``beats_s``: the time of each beat, at least two, ascending.
    """
    intervals = np.diff(np.asarray(beats_s, np.float64))
    tempos: list[float] = []
    if beats_s[0] > 0.0:
        lead_beats = max(1, round(beats_s[0] / intervals[0]))
        tempos += [60.0 * lead_beats / beats_s[0]] * lead_beats
    tempos += list(60.0 / intervals)
    left_s = length_s - beats_s[-1]
    tempos += [60.0 / intervals[-1]] * max(1, math.ceil(left_s / intervals[-1]) + 1)
    return np.repeat(np.asarray(tempos, np.float32), TICKS_PER_BEAT), TICKS_PER_BEAT
