"""DAWproject writer: valid by the format's schema, and what another reader finds is what the session has."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from zipfile import ZIP64_LIMIT, ZIP_STORED, ZipFile

import numpy as np
import pytest
from lxml import etree

from bridge.errors import EngineError
from export.dawproject import dawproject_file
from export.dawproject.dawproject_file import count_file_bytes, write_dawproject
from export.dawproject.project_structure import MASTER, scale_pan, scale_volume
from export.dawproject.vst_device import VstDevice
from export.session.session import AudioTrack, Marker, MidiTrack, Session, SessionNote, SessionTempo, TimeSignature
from tests.export.dawproject.project_reader import SCHEMAS, ReadProject, read_project
from tests.export.sample_session import (
    FRAMES,
    IMPULSE_FRAME,
    ODD_NAME,
    SampleSound,
    make_noise,
    make_session,
)

CLASS_ID = "0123456789ABCDEF0123456789ABCDEF"
SESSIONS: dict[str, dict[str, Any]] = {
    "ramp": {},
    "one tempo": {"tempi": (SessionTempo(0, 618_557),), "metres": (TimeSignature(0, 4, 4),)},
    "no markers": {"sections": (), "chords": ()},
    "no tracks": {"audio": (), "midi": ()},
    "no band": {"midi": (), "audio": (AudioTrack("drums", "drums.wav", "stems", make_noise(1)),)},
    "no frames": {"audio": (AudioTrack("x", "x.wav", "stems", SampleSound(np.zeros((0, 2)))),), "frames": 0},
    "forbidden characters": {"name": "a\0\x1b\ud800\ufffe", "chords": (Marker(0, "\x07"),)},
}


def write(path: Path, session: Session, **options: Any) -> ReadProject:
    target = path / "x.dawproject"
    write_dawproject(session, target, lambda frames: None, **options)
    return read_project(target)


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="needs the schemas of the format beside the checkout")
@pytest.mark.parametrize("changes", SESSIONS.values(), ids=SESSIONS)
def test_it_is_valid_by_the_schemas(changes: dict[str, Any], tmp_path: Path) -> None:
    device = VstDevice("Zam", CLASS_ID, b"state", "my \0 comp", is_enabled=False, version="1.0")
    project = write(tmp_path, make_session(**changes), devices={MASTER: [device]})
    with ZipFile(project.path) as archive:
        for name, schema in (("project.xml", "Project.xsd"), ("metadata.xml", "MetaData.xsd")):
            etree.XMLSchema(etree.parse(SCHEMAS / schema)).assertValid(etree.fromstring(archive.read(name)))


def test_markers_and_notes_are_at_the_times_of_the_session(tmp_path: Path) -> None:
    session = make_session()
    project = write(tmp_path, session)
    expected = sorted((*session.sections, *session.chords), key=lambda one: one.tick)
    assert [name for _, name in project.markers] == [one.name for one in expected]
    times = [session.to_seconds(one.tick) for one in expected]
    np.testing.assert_allclose([time for time, _ in project.markers], times, rtol=0, atol=1e-9)
    ends = [session.to_seconds(note.end_tick) for note in session.midi[0].notes]
    np.testing.assert_allclose([note[2] for note in project.notes], ends, rtol=0, atol=1e-9)
    figures = [(note.pitch, note.velocity, note.channel) for note in session.midi[0].notes]
    assert [note[3:] for note in project.notes] == figures


def test_every_velocity_comes_back(tmp_path: Path) -> None:
    notes = tuple(SessionNote(n, n + 1, 60, n, 0) for n in range(1, 128))
    project = write(tmp_path, make_session(midi=(MidiTrack("x", notes, 0),)))
    assert [note[4] for note in project.notes] == [*range(1, 128)]
    # ProjectConverter cuts off where others round
    values = [float(one.attrib["vel"]) for one in project.root.iter("Note")]
    assert [int(value * 127) for value in values] == [*range(1, 128)]


def test_time_signatures_begin_with_the_pickup(tmp_path: Path) -> None:
    root = write(tmp_path, make_session()).root
    first = root.findall("Transport/TimeSignature")[0]
    assert (first.get("numerator"), first.get("denominator")) == ("1", "4")
    points = root.findall("Arrangement/TimeSignatureAutomation/TimeSignaturePoint")
    found = [(point.get("time"), point.get("numerator"), point.get("denominator")) for point in points]
    assert found == [("0.0", "1", "4"), ("1.0", "9", "8")]


def test_one_tempo_is_in_the_transport_alone(tmp_path: Path) -> None:
    project = write(tmp_path, make_session(**SESSIONS["one tempo"]))
    assert project.root.findall("Arrangement/TempoAutomation") == []
    assert project.tempi[0][1] == pytest.approx(60e6 / 618_557, rel=1e-15)


def test_the_impulse_of_each_track_is_on_its_sample(tmp_path: Path) -> None:
    project = write(tmp_path, make_session())
    for name, frames in (("mix", FRAMES), ("drums", FRAMES), (ODD_NAME, FRAMES), ("band drums", FRAMES + 500)):
        samples = project.read_audio(name)
        assert len(samples) == frames
        np.testing.assert_array_equal(np.flatnonzero(samples.any(axis=1)), [IMPULSE_FRAME])


def test_the_audio_is_the_same_bit_by_bit(tmp_path: Path) -> None:
    sound = make_noise(4)
    project = write(tmp_path, make_session(audio=(AudioTrack("x", "x.wav", "song", sound),)))
    np.testing.assert_array_equal(project.read_audio("x"), sound.samples)


def test_tracks_lie_in_folders_and_the_master_is_last(tmp_path: Path) -> None:
    root = write(tmp_path, make_session()).root
    top = root.findall("Structure/Track")
    assert [track.get("name") for track in top] == ["mix", "Stems", "Band", "Master"]
    inside = [[one.get("name") for one in track.findall("Track")] for track in top]
    assert inside == [[], ["drums", ODD_NAME], ["band drums", "drums", ODD_NAME], []]
    channels = {one.attrib["id"]: one for one in root.iter("Channel")}
    for folder in top[1:3]:
        own = folder.findall("Channel")[0]
        assert channels[own.attrib["destination"]] is top[3].findall("Channel")[0]
        assert {one.get("destination") for one in folder.findall("Track/Channel")} == {own.get("id")}


def test_the_song_and_the_audio_of_the_band_are_muted(tmp_path: Path) -> None:
    root = write(tmp_path, make_session()).root
    muted = [one.get("name") for one in root.iter("Track") if one.findall("Channel/Mute")[0].get("value") == "true"]
    assert muted == ["mix", "band drums"]


def test_volume_and_pan_are_those_of_general_midi(tmp_path: Path) -> None:
    project = write(tmp_path, make_session(midi=(MidiTrack("x", (), 0, 0, 64, 127), MidiTrack("y", (), 1))))
    for name, volume, pan in (("x", (64 / 127) ** 2, 1.0), ("y", 1.0, 0.5)):
        channel = project.find_track(name).findall("Channel")[0]
        assert float(channel.findall("Volume")[0].attrib["value"]) == pytest.approx(volume)
        assert float(channel.findall("Pan")[0].attrib["value"]) == pan
    assert [scale_pan(value) for value in (0, 1, 64, 127)] == [0, 0, 0.5, 1]
    assert 20 * np.log10(scale_volume(100)) == pytest.approx(-4.15, abs=0.01)


def test_the_same_session_gives_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written.append(write(tmp_path / name, make_session()).path.read_bytes())
    assert written[0] == written[1]


def test_names_are_only_names_in_the_archive(tmp_path: Path) -> None:
    project = write(tmp_path, make_session())
    files = ["audio/mix.wav", "audio/drums.wav", "audio/vocals.wav", "audio/band drums.wav"]
    assert project.members == ["metadata.xml", "project.xml", *files]


def test_characters_that_xml_forbids_are_replaced(tmp_path: Path) -> None:
    project = write(tmp_path, make_session(**SESSIONS["forbidden characters"]))
    assert project.markers[0][1] == "\ufffd"
    with ZipFile(project.path) as archive:
        assert ET.fromstring(archive.read("metadata.xml"))[0].text == "a\ufffd\ufffd\ufffd\ufffd"


def test_a_track_without_audio_has_no_clip_and_no_file(tmp_path: Path) -> None:
    project = write(tmp_path, make_session(**SESSIONS["no frames"]))
    assert project.find_track("x").get("contentType") == "audio"
    assert [name for name in project.members if name.startswith("audio")] == []
    assert [*project.root.iter("Audio")] == []


def test_the_frames_of_all_blocks_are_counted(tmp_path: Path) -> None:
    counted: list[int] = []
    write_dawproject(make_session(), tmp_path / "x", counted.append)
    assert sum(counted) == 4 * FRAMES + 500


def test_a_plugin_is_on_its_channel_with_its_state(tmp_path: Path) -> None:
    devices = {"drums.wav": [VstDevice("Zam", CLASS_ID, b"state", "comp")], "stems": [VstDevice("Eq", CLASS_ID)]}
    project = write(tmp_path, make_session(), devices=devices)
    plugin = project.find_track("drums").findall("Channel/Devices/Vst3Plugin")[0]
    assert (plugin.get("name"), plugin.get("deviceName"), plugin.get("deviceRole")) == ("comp", "Zam", "audioFX")
    assert plugin.get("deviceID") == CLASS_ID
    with ZipFile(project.path) as archive:
        assert archive.read(plugin.findall("State")[0].attrib["path"]) == b"state"
    assert project.find_track("Stems").findall("Channel/Devices/Vst3Plugin/State") == []


def test_a_part_that_is_called_like_a_group_does_not_get_its_devices(tmp_path: Path) -> None:
    session = make_session(midi=(MidiTrack("master", (), 0), MidiTrack("lead", (), 1)))
    project = write(
        tmp_path, session, devices={MASTER: [VstDevice("Eq", CLASS_ID)], "lead": [VstDevice("Synth", CLASS_ID)]}
    )
    owners = [track.get("name") for track in project.root.iter("Track") if track.findall("Channel/Devices")]
    assert owners == ["lead", "Master"]


def test_devices_of_an_unknown_channel_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="devices of no channel: bass"):
        write(tmp_path, make_session(), devices={"bass": []})


def test_a_file_of_more_than_4_gib_gets_sizes_of_64_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Long:
        channels, frames = 2, (1 << 32) // 6 + 1

    track = AudioTrack("x", "x.wav", "stems", Long())  # type: ignore[arg-type]
    assert count_file_bytes(make_session(), track) > 1 << 32 > ZIP64_LIMIT
    monkeypatch.setattr(dawproject_file, "ZIP64_LIMIT", 50_000)
    path = write(tmp_path, make_session()).path
    with ZipFile(path) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        offsets = {info.filename: info.header_offset for info in archive.infolist()}
    # a local header with the field "Zip64" (APPNOTE 4.5.3) says version 4.5, and both its sizes are in the field
    for name, size in sizes.items():
        head = path.read_bytes()[offsets[name] :][:30]
        is_large = name.endswith(".wav") and size > 50_000
        assert head[4] == (45 if is_large else 20)
        assert (int.from_bytes(head[22:26], "little") == 0xFFFFFFFF) == is_large


def test_a_full_disk_is_an_error_of_the_disk() -> None:
    with pytest.raises(OSError):
        write_dawproject(make_session(), Path("/dev/full"), lambda frames: None)


def test_a_source_that_changed_is_an_error(tmp_path: Path) -> None:
    class Changed(SampleSound):
        frames = 100

    session = make_session(audio=(AudioTrack("drums", "x.wav", "stems", Changed(np.zeros((99, 2)))),))
    with pytest.raises(EngineError, match="drums: 99 frames were read"):
        write(tmp_path, session)


def test_nothing_is_compressed(tmp_path: Path) -> None:
    with ZipFile(write(tmp_path, make_session()).path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {ZIP_STORED}
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
