"""Baselines for the band: its own rhythm with other pitches. The drums stay as they are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from bridge.core.events import Chord
from research.accompaniment.evaluation.playing import PlayedNote
from research.accompaniment.simulated_input import ChordEvent
from research.accompaniment.songs import AnnotatedSong

OCTAVE = range(-6, 6)
"""How far from the band's note another is drawn, semitones."""
SEED = 9


def draw_random_pitches(song: AnnotatedSong, sounds: Sequence[PlayedNote]) -> list[PlayedNote]:
    """Replace each note by one of the twelve around it, all as likely."""
    return _change_pitches(song, sounds, lambda _: range(12))


def draw_pitches_in_key(song: AnnotatedSong, sounds: Sequence[PlayedNote]) -> list[PlayedNote]:
    """Replace each note by one of the seven of the song's true key around it, all as likely."""
    return _change_pitches(song, sounds, lambda sound: song.get_scale(sound.start))


def _change_pitches(
    song: AnnotatedSong, sounds: Sequence[PlayedNote], allowed: Callable[[PlayedNote], Collection[int]]
) -> list[PlayedNote]:
    random = np.random.default_rng([SEED, *song.name.encode()])
    found = []
    for sound in sounds:
        if sound.part != "drums":
            classes = allowed(sound)
            near = [sound.pitch + step for step in OCTAVE if (sound.pitch + step) % 12 in classes]
            sound = replace(sound, pitch=int(random.choice(near)))
        found.append(sound)
    return found


def hold_last_chord(
    song: AnnotatedSong, sounds: Sequence[PlayedNote], chord_events: Sequence[ChordEvent], lookahead_beats: float
) -> list[PlayedNote]:
    """Notes of the last chord received ``lookahead_beats`` beats before a note's beat: the bass plays its root, the
    others its notes, each the nearest to the band's. Before any chord nothing."""
    chords = [(each.frame, each.event.payload) for each in chord_events if isinstance(each.event.payload, Chord)]
    frames = [frame for frame, _ in chords]
    found = []
    for sound in sounds:
        if sound.part == "drums":
            found.append(sound)
            continue
        last = bisect_right(frames, song.to_frame(np.floor(sound.start + 0.02) - lookahead_beats)) - 1
        notes = chords[last][1].pitch_classes if last >= 0 else ()
        if notes:
            wanted = notes[:1] if sound.part == "bass" else notes
            near = [sound.pitch + step for step in OCTAVE if (sound.pitch + step) % 12 in wanted]
            found.append(replace(sound, pitch=min(near, key=lambda pitch: abs(pitch - sound.pitch))))
    return found
