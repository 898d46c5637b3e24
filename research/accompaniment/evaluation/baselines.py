"""What the band is measured against: its own rhythm with other pitches. The drums stay as they are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from bridge.core.events import Chord
from research.accompaniment.evaluation.playing import Sound
from research.accompaniment.simulated_input import Told
from research.accompaniment.songs import Song

OCTAVE = range(-6, 6)
"""How far from the band's note another is drawn, semitones."""
SEED = 9


def at_random(song: Song, sounds: Sequence[Sound]) -> list[Sound]:
    """Any of the twelve notes around the one that the band plays, each as likely."""
    return _repitched(song, sounds, lambda _: range(12))


def in_key(song: Song, sounds: Sequence[Sound]) -> list[Sound]:
    """Any of the seven notes of the song's true key around the one that the band plays, each as likely."""
    return _repitched(song, sounds, lambda sound: song.scale_at(sound.start))


def _repitched(song: Song, sounds: Sequence[Sound], allowed: Callable[[Sound], Collection[int]]) -> list[Sound]:
    chance = np.random.default_rng([SEED, *song.name.encode()])
    found = []
    for sound in sounds:
        if sound.part != "drums":
            classes = allowed(sound)
            near = [sound.pitch + step for step in OCTAVE if (sound.pitch + step) % 12 in classes]
            sound = replace(sound, pitch=int(chance.choice(near)))
        found.append(sound)
    return found


def held(song: Song, sounds: Sequence[Sound], told: Sequence[Told], ahead: float) -> list[Sound]:
    """The chord that was last told ``ahead`` beats before a note's beat: the bass its root, the others its notes, each
    the nearest to what the band plays. Before any was told nothing."""
    chords = [(each.frame, each.event.payload) for each in told if isinstance(each.event.payload, Chord)]
    frames = [frame for frame, _ in chords]
    found = []
    for sound in sounds:
        if sound.part == "drums":
            found.append(sound)
            continue
        last = bisect_right(frames, song.frame(np.floor(sound.start + 0.02) - ahead)) - 1
        notes = chords[last][1].pitch_classes if last >= 0 else ()
        if notes:
            wanted = notes[:1] if sound.part == "bass" else notes
            near = [sound.pitch + step for step in OCTAVE if (sound.pitch + step) % 12 in wanted]
            found.append(replace(sound, pitch=min(near, key=lambda pitch: abs(pitch - sound.pitch))))
    return found
