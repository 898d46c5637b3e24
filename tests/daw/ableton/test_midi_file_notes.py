"""Notes of MIDI files for clips: tracks by name, whole bars, and files that are none."""

from __future__ import annotations

import io
from pathlib import Path

import mido
import pytest

from bridge.daw.ableton.clip_notes import ClipNote
from bridge.daw.ableton.midi_file_notes import LARGEST_FILE, parse_midi_file, read_midi_file
from bridge.errors import ControlError


def make_file(numerator: int = 4, ticks_per_beat: int = 480) -> bytes:
    """Two parts: a bass of three notes, the last without an end, and keys."""
    song = mido.MidiFile(ticks_per_beat=ticks_per_beat)
    head = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=numerator, denominator=4)])
    bass = mido.MidiTrack([mido.MetaMessage("track_name", name="bass")])
    for pitch in (36, 38):
        bass.append(mido.Message("note_on", note=pitch, velocity=90, time=0))
        bass.append(mido.Message("note_on", note=pitch, velocity=0, time=ticks_per_beat))
    bass.append(mido.Message("note_on", note=40, velocity=80, time=ticks_per_beat))
    bass.append(mido.MetaMessage("end_of_track", time=2 * ticks_per_beat))
    keys = mido.MidiTrack([mido.Message("note_on", note=60, time=0), mido.Message("note_off", note=60, time=120)])
    song.tracks += [head, bass, keys]
    out = io.BytesIO()
    song.save(file=out)
    return out.getvalue()


def test_a_track_is_found_by_name_and_by_number() -> None:
    expected = (ClipNote(0.0, 36, 1.0, 90.0), ClipNote(1.0, 38, 1.0, 90.0), ClipNote(3.0, 40, 2.0, 80.0))
    for part in ("bass", "1"):
        clip = parse_midi_file(make_file(), part)
        assert (clip.notes, clip.origin) == (expected, 0.0)
    assert [note.pitch for note in parse_midi_file(make_file(), "2").notes] == [60]


@pytest.mark.parametrize(("numerator", "beats"), [(4, 8.0), (3, 6.0), (5, 5.0)])
def test_a_clip_has_whole_bars(numerator: int, beats: float) -> None:
    assert parse_midi_file(make_file(numerator), "bass").length == beats


def test_a_track_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ControlError, match="no track 'bas' with notes"):
        parse_midi_file(make_file(), "bas")
    for part in ("0", "3", "999999999999"):
        with pytest.raises(ControlError, match="there are: bass, 2"):
            parse_midi_file(make_file(), part)


@pytest.mark.parametrize("data", [b"", b"RIFF", make_file()[:40], b"MThd" + b"\xff" * 60])
def test_a_file_that_is_no_midi_file_is_refused(data: bytes) -> None:
    with pytest.raises(ControlError):
        parse_midi_file(data, "1")


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="No such file"):
        read_midi_file(tmp_path / "gone.mid", "1")
    large = tmp_path / "large.mid"
    large.write_bytes(b"\0" * (LARGEST_FILE + 1))
    with pytest.raises(ControlError, match="more than"):
        read_midi_file(large, "1")
    (tmp_path / "song.mid").write_bytes(make_file())
    assert read_midi_file(tmp_path / "song.mid", "bass").length == 8.0
