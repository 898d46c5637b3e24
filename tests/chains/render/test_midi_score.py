"""MIDI score: parts, notes with pedal, beats, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from mido import Message, MetaMessage, MidiFile, MidiTrack

from bridge.errors import ConfigError
from chains.render.midi_score import read_midi

RATE = 48000


def write_midi(path: Path, tracks: list[list[Message | MetaMessage]], ticks: int = 480) -> Path:
    file = MidiFile(type=0 if len(tracks) == 1 else 1, ticks_per_beat=ticks)
    file.tracks += [MidiTrack(track) for track in tracks]
    file.save(path)
    return path


def note(on: bool, pitch: int, ticks: int, channel: int = 0) -> Message:
    return Message("note_on" if on else "note_off", note=pitch, velocity=90, channel=channel, time=ticks)


def test_tracks_are_parts_and_a_change_of_tempo_moves_their_notes(tmp_path: Path) -> None:
    tempo = [MetaMessage("set_tempo", tempo=500_000), MetaMessage("set_tempo", tempo=1_000_000, time=960)]
    bass = [MetaMessage("track_name", name="bass"), note(True, 40, 480), note(False, 40, 960), note(True, 41, 0)]
    bass.append(note(False, 41, 480))
    score = read_midi(write_midi(tmp_path / "a.mid", [tempo, bass]), RATE)
    assert list(score.parts) == ["bass"]
    found = [(one.start_s, one.length_s, one.pitch, one.velocity) for one in score.parts["bass"].notes]
    assert found == [(0.5, 1.5, 40, 90), (2.0, 1.0, 41, 90)]
    assert score.beats_s[:4] == pytest.approx((0.0, 0.5, 1.0, 2.0))
    assert score.frames == 3 * RATE


def test_a_file_of_one_track_has_a_part_for_each_channel(tmp_path: Path) -> None:
    track = [note(True, 60, 0, 0), note(True, 36, 0, 9), note(False, 60, 480, 0), note(False, 36, 0, 9)]
    score = read_midi(write_midi(tmp_path / "a.mid", [track]), RATE)
    assert {name: [one.pitch for one in part.notes] for name, part in score.parts.items()} == {
        "channel 1": [60],
        "drums": [36],
    }


def test_the_sustain_pedal_holds_notes_until_it_is_up(tmp_path: Path) -> None:
    down = Message("control_change", control=64, value=127)
    up = Message("control_change", control=64, value=0, time=480)
    track = [down, note(True, 60, 0), note(False, 60, 240), note(True, 60, 240), note(False, 60, 240), up]
    notes = read_midi(write_midi(tmp_path / "a.mid", [track]), RATE).parts["track 0"].notes
    # struck again after a beat, and held to the pedal's end at 2.5 beats
    assert [(one.start_s, one.length_s) for one in notes] == [(0.0, 0.5), (0.5, 0.75)]


def test_notes_that_nothing_ends_last_to_the_end_of_the_file(tmp_path: Path) -> None:
    track = [note(True, 60, 0), MetaMessage("end_of_track", time=960)]
    (one,) = read_midi(write_midi(tmp_path / "a.mid", [track]), RATE).parts["track 0"].notes
    assert one.length_s == 1.0


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"no MIDI", "cannot be read as MIDI"), (b"", "cannot be read as MIDI"), (None, "cannot be read")],
)
def test_what_is_no_midi_is_named(tmp_path: Path, data: bytes | None, message: str) -> None:
    path = tmp_path / "a.mid"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=message) as caught:
        read_midi(path, RATE)
    assert str(path) in str(caught.value)


def test_a_file_without_notes_and_one_of_a_day_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.mid: the MIDI file has no notes"):
        read_midi(write_midi(tmp_path / "a.mid", [[MetaMessage("track_name", name="x")]]), RATE)
    day = [note(True, 60, 0), note(False, 60, 480 * 120 * 60 * 24)]
    with pytest.raises(ConfigError, match=r"lasts 24\.0 hours"):
        read_midi(write_midi(tmp_path / "b.mid", [day]), RATE)
