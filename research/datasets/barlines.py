"""Bar lines of a tune. Its file counts them from its first tick, wherever those of the music are.

In more than a third of POP909-CL they are elsewhere (docs/training_data.md). Two witnesses say where: the beats at
which chords begin, those that last counting more, and the downbeats that POP909 extracted from its MIDI files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import mido
import numpy as np

DOWNBEATS = "beat_midi.txt"
"""POP909's: a line a beat: its second, whether two beats begin there, whether a bar does."""
MIN_AGREEMENT = 0.6
"""What share of both testimonies has to agree; a tune with a bar of two in its middle has less."""


def find_bar_offset(
    lasting: Iterable[tuple[float, float]], downbeats: Iterable[float], bar: float
) -> tuple[float, float]:
    """How many beats after a multiple of ``bar`` the bars begin, in halves, and how sure that is, 0 to 1.

    ``lasting``: the beats at which chords begin and for how many they last; ``downbeats`` may be empty.
    """
    chords: dict[float, float] = {}
    for beat, beats in lasting:
        place = _find_place(beat, bar)
        chords[place] = chords.get(place, 0.0) + beats
    marks = dict(Counter(_find_place(beat, bar) for beat in downbeats))
    votes_by_source: list[Mapping[float, float]] = [votes for votes in (chords, marks) if votes]
    places = set().union(*votes_by_source)
    shares = {
        place: float(np.mean([votes.get(place, 0.0) / sum(votes.values()) for votes in votes_by_source]))
        for place in places
    }
    best = max(sorted(shares), key=lambda place: shares[place], default=0.0)
    return best, shares.get(best, 0.0)


def read_downbeats(folder: Path, midi: mido.MidiFile) -> list[float]:
    """POP909's downbeats in ``folder`` in beats of its ``midi``; none where the file is not there."""
    path = folder / DOWNBEATS
    if not path.is_file():
        return []
    rows = np.loadtxt(path, ndmin=2)
    ticks, tempos = [0.0], [500000.0]
    now = 0
    for message in midi.tracks[0]:
        now += message.time
        if message.type == "set_tempo":
            ticks.append(float(now))
            tempos.append(float(message.tempo))
    seconds = np.concatenate([[0.0], np.cumsum(np.diff(ticks) * tempos[:-1])]) / midi.ticks_per_beat / 1e6
    last = np.searchsorted(seconds, rows[:, 0], "right") - 1
    beats = np.array(ticks)[last] / midi.ticks_per_beat + (rows[:, 0] - seconds[last]) * 1e6 / np.array(tempos)[last]
    return [float(beat) for beat in beats[rows[:, 2] > 0.5]]


def _find_place(beat: float, bar: float) -> float:
    return round(beat * 2) / 2 % bar
