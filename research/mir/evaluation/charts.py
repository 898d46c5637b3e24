"""Charts of Frets on Fire: recordings of bands with a tempo map, as in Debian's fretsonfire-songs-muldjord.

A song is a folder with notes.mid, song.ogg and guitar.ogg; the two recordings sum to it. Beats are those of the tempo
map. Bars have the beats of its time signature, four without one; whether the first beat is a downbeat, it does not say.
"""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np

from bridge.errors import ConfigError
from research.mir.evaluation.songs import KnownSong
from research.mir.evaluation.truth import SongAnnotation

CHARTED = "recorded, development"
"""The name of the collection: the constants of the trackers were chosen with these songs."""
RECORDINGS = ("song.ogg", "guitar.ogg")
USUAL_TEMPO_US, USUAL_BAR_BEATS = 500_000, 4
"""Tempo and metre of a MIDI file without them (Standard MIDI Files 1.0)."""
LONGEST_S = 1800.0
"""Beats are counted as far as this; what lies behind the end of a recording is left out later."""


def find_charted(folder: Path) -> list[KnownSong]:
    """The songs in the folders in ``folder``. Raises ConfigError where there is none."""
    found = [
        KnownSong(chart.parent.name, CHARTED, tuple(chart.with_name(name) for name in RECORDINGS), read_chart(chart))
        for chart in sorted(folder.glob("*/notes.mid"))
        if all(chart.with_name(name).is_file() for name in RECORDINGS)
    ]
    if not found:
        raise ConfigError(f"{folder}: holds no song with notes.mid", "install fretsonfire-songs-muldjord, or unpack it")
    return found


def read_chart(path: Path) -> SongAnnotation:
    """Beats (seconds) of the tempo map of ``path``, a MIDI file of one constant tempo or of several."""
    midi, at_beats, tempi, bar_beats = mido.MidiFile(path), [0.0], [USUAL_TEMPO_US], USUAL_BAR_BEATS
    beat = 0.0
    for message in mido.merge_tracks(midi.tracks):
        beat += message.time / midi.ticks_per_beat
        if message.type == "set_tempo":
            at_beats.append(beat)
            tempi.append(message.tempo)
        elif message.type == "time_signature":
            bar_beats = message.numerator
    starts_s = np.concatenate([[0.0], np.cumsum(np.diff(at_beats) * np.array(tempi[:-1]) / 1e6)])
    count = int((LONGEST_S - starts_s[-1]) * 1e6 / tempi[-1] + at_beats[-1])
    numbers = np.arange(max(count, 0))
    part = np.searchsorted(at_beats, numbers, "right") - 1
    beats_s = starts_s[part] + (numbers - np.array(at_beats)[part]) * np.array(tempi)[part] / 1e6
    return SongAnnotation(beats_s, bar_beats=bar_beats)
