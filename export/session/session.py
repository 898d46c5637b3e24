"""Session: audio tracks, MIDI tracks, tempo map, metres and markers of one song, as every DAW format gets them.

All music is in ticks, TICKS_PER_BEAT a quarter note; tick 0 is frame 0 of each audio file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bridge.core.time import TICKS_PER_BEAT, TempoChange, TempoMap

AUDIO_FOLDER, MIDI_FOLDER = "Audio", "MIDI"
"""Folders of a session, in a DAW's own spelling."""

TrackGroup = Literal["song", "stems", "band"]
"""``song``: the recording itself; ``stems``: what it was separated into; ``band``: what was written to it."""
FOLDER_TRACKS: Mapping[TrackGroup, str] = {"stems": "Stems", "band": "Band"}
"""Names of the folder tracks, in formats that have these. The song itself is at the top, MIDI is with the band."""


class SessionSound(Protocol):
    """Audio of a track: ``frames`` frames of ``channels`` channels."""

    @property
    def channels(self) -> int: ...

    @property
    def frames(self) -> int: ...

    def read_blocks(self) -> Iterator[NDArray[np.float64]]:
        """The audio from its beginning, each time anew: blocks of shape (frames, channels); full scale is 1.

        The samples are values that the session's sample format has: no writer rounds or clips them.

        Raises:
            BridgeError: A file cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """Samples of the audio files. ``bits``: 24 are integers, 32 are floats."""

    name: str
    bits: int

    @property
    def is_float(self) -> bool:
        """Whether the samples are floats."""
        return self.bits == 32


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """An audio track. ``name``: for the user, any text. ``file``: name of its file in AUDIO_FOLDER, safe and unique.

    ``is_muted``: the song's mix, and the band, are, so that what plays at first is the sum of the stems: the song.
    """

    name: str
    file: str
    group: TrackGroup
    sound: SessionSound
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class SessionNote:
    """A note. ``end_tick``: above ``tick``. ``velocity``: 1 to 127. ``channel``: 0 to 15."""

    tick: int
    end_tick: int
    pitch: int
    velocity: int
    channel: int


@dataclass(frozen=True, slots=True)
class MidiTrack:
    """A MIDI track. ``program``, ``volume``, ``pan``: of General MIDI, 0 to 127; None where the source has none."""

    name: str
    notes: tuple[SessionNote, ...]
    channel: int
    program: int | None = None
    volume: int | None = None
    pan: int | None = None


@dataclass(frozen=True, slots=True)
class SessionTempo:
    """From ``tick`` on a quarter note lasts ``quarter_us`` microseconds, until the next point. Tempi never ramp:
    DAWs differ in the curve of a ramp, and a step at each beat puts the beats at the same times in all of them."""

    tick: int
    quarter_us: int

    @property
    def bpm(self) -> float:
        """Quarter notes per minute."""
        return 60e6 / self.quarter_us


@dataclass(frozen=True, slots=True)
class TimeSignature:
    """From ``tick`` on bars have this time signature."""

    tick: int
    numerator: int
    denominator: int

    @property
    def bar_ticks(self) -> int:
        """The length of a bar."""
        return 4 * TICKS_PER_BEAT * self.numerator // self.denominator


@dataclass(frozen=True, slots=True)
class KeySignature:
    """From ``tick`` on the key is that of ``tonic`` (0 is C)."""

    tick: int
    tonic: int
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Marker:
    """A name at a place: that of a section, or a chord."""

    tick: int
    name: str


@dataclass(frozen=True)
class Session:
    """A session.

    Attributes:
        name: Of the song, any text but the empty one.
        file_name: The name as a file name that every system takes, without a suffix.
        rate: Sampling rate of all audio, in Hz.
        frames: Length of the song in frames. No audio track is shorter; those of the band ring longer.
        sample_format: Of all audio files.
        start_frame: Frame of the day at which the song begins: the time reference of its files (BWF).
        tempi: By tick, the first at tick 0; never empty.
        metres: By tick, the first at tick 0; never empty.
        keys: By tick; may be empty, as may all that follows.
        sections, chords: Markers by tick.
        audio, midi: The tracks, in the order of the mixer.
    """

    name: str
    file_name: str
    rate: int
    frames: int
    sample_format: SampleFormat
    tempi: tuple[SessionTempo, ...]
    metres: tuple[TimeSignature, ...]
    start_frame: int = 0
    keys: tuple[KeySignature, ...] = ()
    sections: tuple[Marker, ...] = ()
    chords: tuple[Marker, ...] = ()
    audio: tuple[AudioTrack, ...] = ()
    midi: tuple[MidiTrack, ...] = ()

    @cached_property
    def tempo_map(self) -> TempoMap:
        """Converts quarter notes to frames and back."""
        changes = [TempoChange(point.tick / TICKS_PER_BEAT, point.bpm) for point in self.tempi]
        return TempoMap(changes, self.rate)

    def to_seconds(self, tick: float) -> float:
        """The time of ``tick`` from the start of the song."""
        return self.tempo_map.frame_at(tick / TICKS_PER_BEAT) / self.rate

    def to_tick(self, time_s: float) -> float:
        """The tick, not rounded, at a time from the start of the song."""
        return self.tempo_map.beat_at(time_s * self.rate) * TICKS_PER_BEAT

    @cached_property
    def end_tick(self) -> int:
        """The tick behind the last audio, note and marker."""
        length_s = max((track.sound.frames for track in self.audio), default=self.frames) / self.rate
        ends = [note.end_tick for track in self.midi for note in track.notes]
        ends += [marker.tick + 1 for marker in (*self.sections, *self.chords)]
        return max(int(np.ceil(self.to_tick(length_s))), *ends, 1)
