"""Rendering of the demo song: General MIDI by synth.plain, a stem for each of STEMS.

The plain synth needs neither a library nor a sound font, so the song sounds the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.core.audio import STEMS, Audio, db_to_gain
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import CONTROL_CHANGE, DRUM_CHANNEL, NOTE_OFF, NOTE_ON, PAN, PROGRAM_CHANGE
from bridge.core.time import TICKS_PER_BEAT, TempoMap
from engines.synth.stems import render
from engines.synth.synth_engine import plain

PEAK_DB = -1.5  # half a dB below the promised -1 dBFS: leaves room for a resampler's overshoot
FADE_S = 0.4


@dataclass(frozen=True, slots=True)
class DemoNote:
    """A note of the song. ``pitch`` is a MIDI key, ``velocity`` 1 to 127."""

    at_ticks: int
    length_ticks: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class PartSound:
    """How a part sounds: its stem, MIDI channel (from 0) and program, pan as controller, gain in dB."""

    stem: str
    channel: int
    program: int
    pan: int = 64
    gain_db: float = 0.0


SOUNDS: Mapping[str, PartSound] = {
    "drums": PartSound("drums", DRUM_CHANNEL, 0, gain_db=2.0),
    "bass": PartSound("bass", 1, 33, gain_db=1.0),
    "lead": PartSound("other", 0, 73, gain_db=3.0),
    "keys": PartSound("other", 2, 4, pan=48, gain_db=-1.5),
    "pad": PartSound("other", 3, 48, pan=80, gain_db=-1.5),
}
"""By part: kit, fingered bass, flute, electric piano, strings. Nobody sings, so the stem of the vocals is silent."""

Parts = Mapping[str, Sequence[DemoNote]]
"""The notes of each of SOUNDS."""


def list_messages(
    notes: Iterable[DemoNote], tempo: TempoMap, channel: int, end: int
) -> Iterator[tuple[int, int, bytes]]:
    """Note messages as (frame, rank, message) from frame 0 to ``end``, where notes that still sound are released.

    Sorted by frame and rank, a note ends before the next one begins on the same frame, or a repeated key would fall
    silent.
    """
    for note in notes:
        begin = round(tempo.frame_at(note.at_ticks / TICKS_PER_BEAT))
        until = round(tempo.frame_at((note.at_ticks + note.length_ticks) / TICKS_PER_BEAT))
        if begin < end:
            yield begin, 3, bytes((NOTE_ON | channel, note.pitch, note.velocity))
            yield min(until, end), 0, bytes((NOTE_OFF | channel, note.pitch, 0))


def render_stems(parts: Parts, tempo: TempoMap, frames: int) -> dict[str, Audio]:
    """The stems in the order of STEMS, each (2, frames) float32; their sum peaks at PEAK_DB."""
    stems = {name: np.zeros((2, frames), np.float32) for name in STEMS}
    for name, sound in SOUNDS.items():
        messages = sorted([*_list_settings(sound), *list_messages(parts[name], tempo, sound.channel, frames)])
        events = [TimedEvent(frame, Midi(data)) for frame, _, data in messages]
        audio = render(events, frames, tempo.rate, plain)
        stems[sound.stem] += np.float32(db_to_gain(sound.gain_db)) * audio
    return _normalise(stems, frames, tempo.rate)


def _list_settings(sound: PartSound) -> list[tuple[int, int, bytes]]:
    channel = sound.channel
    return [
        (0, 1, bytes((PROGRAM_CHANGE | channel, sound.program))),
        (0, 1, bytes((CONTROL_CHANGE | channel, PAN, sound.pan))),
    ]


def _normalise(stems: dict[str, Audio], frames: int, rate: int) -> dict[str, Audio]:
    """One gain for all, so that the stems still sum to the mix, and a short fade at the very end."""
    fade = int(min(FADE_S * rate, 0.2 * frames))
    total = np.zeros((2, frames), np.float32)
    for stem in stems.values():
        stem[:, frames - fade :] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
        total += stem
    peak = float(np.max(np.abs(total)))
    gain = np.float32(db_to_gain(PEAK_DB) / peak if peak > 0 else 1.0)
    return {name: stem * gain for name, stem in stems.items()}
