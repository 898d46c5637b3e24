"""MIDI music: what a session takes from the MIDI file of a band."""

from __future__ import annotations

import io

import pytest
from mido import Message, MetaMessage, MidiFile, MidiTrack

from bridge.errors import ConfigError
from export.results.midi_music import MidiMusic, read_midi_music
from export.session.session import (
    KeySignature,
    Marker,
    SessionNote,
    SessionTempo,
    TimeSignature,
)
from export.session.session import (
    MidiTrack as SessionTrack,
)


def read(*tracks: list[Message | MetaMessage], ticks_per_beat: int = 480) -> MidiMusic:
    file = MidiFile(type=1, ticks_per_beat=ticks_per_beat, charset="utf-8")
    file.tracks += [MidiTrack(track) for track in tracks]
    data = io.BytesIO()
    file.save(file=data)
    return read_midi_music(data.getvalue(), "band.mid")


def test_tempo_metre_key_markers_and_chords_are_those_of_the_file() -> None:
    music = read(
        [
            MetaMessage("time_signature", numerator=1, denominator=4),
            MetaMessage("set_tempo", tempo=600_000),
            MetaMessage("key_signature", key="Am"),
            MetaMessage("time_signature", numerator=9, denominator=8, time=960),
            MetaMessage("marker", text="verse ♫"),
            MetaMessage("text", text="Am7"),
            MetaMessage("set_tempo", tempo=400_000, time=1),
        ],
        ticks_per_beat=960,
    )
    assert music.tempi == (SessionTempo(0, 600_000), SessionTempo(480, 400_000))
    assert music.signatures == (TimeSignature(0, 1, 4), TimeSignature(480, 9, 8))
    assert music.keys == (KeySignature(0, 9, True),)
    assert (music.markers, music.texts) == ((Marker(480, "verse ♫"),), (Marker(480, "Am7"),))
    assert music.tracks == ()


def test_a_file_without_tempo_and_metre_has_the_usual_ones() -> None:
    music = read([Message("note_on", note=60, velocity=9), Message("note_off", note=60, time=100)])
    assert (music.tempi, music.signatures) == ((SessionTempo(0, 500_000),), (TimeSignature(0, 4, 4),))


def test_tracks_have_their_notes_instrument_volume_and_pan() -> None:
    music = read(
        [MetaMessage("track_name", name="conductor")],
        [
            MetaMessage("track_name", name="bass"),
            Message("program_change", channel=2, program=33),
            Message("control_change", channel=2, control=7, value=101),
            Message("control_change", channel=2, control=10, value=32),
            Message("note_on", channel=2, note=40, velocity=80, time=10),
            Message("note_on", channel=2, note=40, velocity=70, time=10),  # again before the first has ended
            Message("note_on", channel=2, note=40, velocity=0, time=10),
            Message("note_off", channel=2, note=40, time=10),
            Message("note_on", channel=2, note=45, velocity=60, time=10),  # never ended
            MetaMessage("end_of_track", time=200),
        ],
    )
    notes = (SessionNote(10, 30, 40, 80, 2), SessionNote(20, 40, 40, 70, 2), SessionNote(50, 250, 45, 60, 2))
    assert music.tracks == (SessionTrack("bass", notes, 2, 33, 101, 32),)


def test_a_file_that_is_no_midi_is_named() -> None:
    with pytest.raises(ConfigError, match=r"band\.mid: cannot be read as MIDI"):
        read_midi_music(b"RIFF", "band.mid")
