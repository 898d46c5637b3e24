"""Chord progressions of POP909-CL, beat by beat."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from bridge.errors import ConfigError
from engines.accompaniment.harmony.chord_states import UNKNOWN, States
from research.accompaniment.songs import is_held_out
from research.datasets.barlines import find_bar_offset
from research.datasets.symbolic import TONICS, read_chord_notes
from research.datasets.truth import name_chord


@dataclass(frozen=True)
class Progression:
    """A song's chords: ``states`` (beats,), the first on a bar's start. ``keys`` (beats,): tonic, 12 more in minor, -1
    unknown."""

    name: str
    states: States
    keys: States
    bar_beats: int


def read_progressions(symbolic: Path, judging: bool, without: Collection[str] = ()) -> list[Progression]:
    """Those held out, for ``judging``, or all others less those ``without``, in the order of their numbers."""
    paths = sorted((symbolic / "pop909-cl").glob("*.mid"))
    if not paths:
        raise ConfigError(f"{symbolic}: no pop909-cl there", "unpack symbolic.tar.xz and name the folder it lies in")
    wanted = [path for path in paths if is_held_out(path.stem) == judging and path.stem not in without]
    found = [read_progression(path) for path in wanted]
    return [song for song in found if song is not None]


def read_progression(path: Path) -> Progression | None:
    """None for a song without chords, or whose beats are not quarter notes. Its bars begin where its chords say."""
    midi = mido.MidiFile(path)
    chords = read_chord_notes(midi)
    metres = [message for message in midi.tracks[0] if message.type == "time_signature"]
    if not chords or any(metre.denominator != 4 for metre in metres[:1]):
        return None
    bar_beats = metres[0].numerator if metres else 4
    stacks: dict[float, list[int]] = {}
    ends: dict[float, float] = {}
    for note in chords:
        stacks.setdefault(note.beat, []).append(note.pitch)
        ends[note.beat] = max(ends.get(note.beat, 0.0), note.beat + note.beats)
    begin, _ = find_bar_offset([(beat, end - beat) for beat, end in ends.items()], (), bar_beats)
    lead = -begin % bar_beats
    states = np.full(round(max(ends.values()) + lead), NO_CHORD_STATE, np.int64)
    for beat, pitches in stacks.items():
        root, quality, _ = name_chord(sorted(pitches))
        known = root >= 0 and quality >= 0
        states[round(beat + lead) : round(ends[beat] + lead)] = quality * PITCH_CLASSES + root if known else UNKNOWN
    keys = np.full(len(states), -1, np.int64)
    now = 0
    for message in midi.tracks[0]:
        now += message.time
        if message.type == "key_signature":
            minor = message.key.endswith("m")
            keys[round(now / midi.ticks_per_beat + lead) if now else 0 :] = (
                TONICS[message.key.removesuffix("m")] + PITCH_CLASSES * minor
            )
    return Progression(path.stem, states, keys, bar_beats)
