"""Session builder: the session of a song, from its results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bridge.core.time import TICKS_PER_BEAT
from bridge.errors import ConfigError
from bridge.failures import fix_for
from engines.mir.offline.midi_export import CHORD_VELOCITY, list_chord_pitches
from engines.mir.offline.song_map import ChordSpan, SongMap
from engines.offline.songs import escape_name
from engines.offline.stemfile import FULL_SCALE
from export.results.file_sound import FileSound, Measurement, ResidualSound, measure_sounds, read_file
from export.results.midi_music import MidiMusic, read_midi_music
from export.results.song_results import SongResults
from export.session.session import (
    AudioTrack,
    Marker,
    MidiTrack,
    SampleFormat,
    Session,
    SessionNote,
    SessionTempo,
    TimeSignature,
)

MIX_TRACK, RESIDUAL_TRACK, CHORD_TRACK = "mix", "residual", "chords"
NO_CHORD = "N.C."
CHORD_CHANNEL = 15
"""The last MIDI channel: the band has the first ones, and another's program would be the chords' too."""
SHORTEST_CHORD_S = 0.1
"""Shortest chord: a shorter one is the rest of what was sounding before the song's first beat."""
NEAR_BEAT_TICKS = TICKS_PER_BEAT // 5
"""Distance from a beat up to which a change of chord is on it."""
DEFAULT_BPM = 120.0
SUM_ERRORS = {24: 1e-6, 32: 1e-7}
"""Largest error of the sum of the stems without a residual, linear, by bits: -120 and -140 dB."""


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """Choices of the user. ``start_s``: time of the day at which the song begins: the time reference of its files."""

    sample_format: SampleFormat
    start_s: float = 0.0


def build_session(
    song: Path, file_name: str, results: SongResults, request: SessionRequest, on_read: Callable[[int], None]
) -> tuple[Session, list[str]]:
    """The session of ``song``, and remarks for the user. ``file_name``: see `Session`.

    ``on_read`` gets the frames of the song that were read so far. All audio is read once, to find its length, its
    level, and whether the stems need a residual.

    Raises:
        ConfigError: A file cannot be read.
    """
    measured = measure_sounds(song, list(results.stems.values()), results.rate, results.channels, on_read)
    audio, notes = _make_audio_tracks(song, results, request.sample_format, measured)
    music = _read_music(results)
    session = Session(
        name=escape_name(song.stem) or "song",
        file_name=file_name,
        rate=results.rate,
        frames=measured.frames[0],
        sample_format=request.sample_format,
        tempi=music.tempi,
        metres=music.signatures,
        start_frame=round(request.start_s * results.rate),
        keys=music.keys,
        sections=music.markers if results.band_midi is not None else (),
        audio=tuple(audio),
    )
    chords = tuple(_list_chords(results.map, session)) or music.texts
    midi = (*_make_chord_tracks(results.map, session), *_make_band_tracks(results, music))
    return replace(session, chords=chords, midi=midi), [*notes, *music.remarks]


def _make_audio_tracks(
    song: Path, results: SongResults, format_: SampleFormat, measured: Measurement
) -> tuple[list[AudioTrack], list[str]]:
    notes = []
    gain = 1.0
    if not format_.is_float and measured.peak > 1.0:
        gain = FULL_SCALE / measured.peak
        notes.append(
            f"all audio lowered by {-20 * np.log10(gain):.1f} dB, as a stem passes full scale; "
            "--format wav32f keeps the level"
        )
    frames = max(measured.frames)

    def open_sound(path: Path, length: int, channels: int) -> FileSound:
        return FileSound(path, results.rate, channels, length, gain, format_)

    mix = open_sound(song, frames, results.channels)
    stems = {name: open_sound(path, frames, results.channels) for name, path in results.stems.items()}
    tracks = [AudioTrack(MIX_TRACK, f"{MIX_TRACK}.wav", "song", mix, is_muted=True)]
    tracks += [AudioTrack(name, f"{name}.wav", "stems", sound) for name, sound in stems.items()]
    # each sample of each 24-bit file is up to half a step off
    rounding = 0.0 if format_.is_float else (1 + len(stems)) * 2.0**-24
    if measured.residual_peak * gain + rounding > SUM_ERRORS[format_.bits]:
        residual = ResidualSound(mix, tuple(stems.values()), format_)
        tracks.append(AudioTrack(RESIDUAL_TRACK, f"{RESIDUAL_TRACK}.wav", "stems", residual))
    for name, path in results.band_audio.items():
        length = sum(len(block) for block in read_file(path, results.rate, 2))
        sound = open_sound(path, max(length, frames), 2)
        tracks.append(AudioTrack(f"band {name}", f"band {name}.wav", "band", sound, is_muted=True))
    return tracks, notes


def _read_music(results: SongResults) -> MidiMusic:
    """The music of the band's MIDI file, else of the analysis', else a steady tempo."""
    file = results.band_midi or results.map_midi
    if file is None:
        quarter_us = round(60e6 / (results.map.bpm or DEFAULT_BPM))
        return MidiMusic((SessionTempo(0, quarter_us),), (TimeSignature(0, 4, 4),), (), (), (), ())
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})", fix_for(error)) from error
    return read_midi_music(data, str(file))


def _list_chords(song: SongMap, session: Session) -> list[Marker]:
    """Where each detected chord begins, or none (N.C.)."""
    return [
        Marker(_to_chord_tick(span.start_s, session), span.label if span.root >= 0 else NO_CHORD)
        for span in _list_spans(song)
    ]


def _make_chord_tracks(song: SongMap, session: Session) -> list[MidiTrack]:
    notes = []
    for span in _list_spans(song):
        start, end = _to_chord_tick(span.start_s, session), _to_chord_tick(span.end_s, session)
        if span.root >= 0:
            pitches = list_chord_pitches(span)
            notes += [
                SessionNote(start, max(end, start + 1), pitch, CHORD_VELOCITY, CHORD_CHANNEL) for pitch in pitches
            ]
    return [MidiTrack(CHORD_TRACK, tuple(notes), CHORD_CHANNEL)] if notes else []


def _to_chord_tick(time_s: float, session: Session) -> int:
    """The tick of a change of chord. Chords change on beats; those of the band are detected a little elsewhere."""
    tick = session.to_tick(time_s)
    beat = round(tick / TICKS_PER_BEAT) * TICKS_PER_BEAT
    return beat if abs(tick - beat) <= NEAR_BEAT_TICKS else round(tick)


def _list_spans(song: SongMap) -> list[ChordSpan]:
    return [span for span in song.chords if span.end_s - span.start_s >= SHORTEST_CHORD_S]


def _make_band_tracks(results: SongResults, music: MidiMusic) -> list[MidiTrack]:
    if results.band_midi is None:
        return []
    return [
        MidiTrack(f"band {one.name}", one.notes, one.channel, one.program, one.volume, one.pan) for one in music.tracks
    ]
