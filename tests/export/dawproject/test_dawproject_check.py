"""DAWproject check: a good file has no problem, and each thing that can be wrong is said with its place."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from lxml import etree

from chains.document.vst3_preset import PROCESSOR, Vst3Preset, format_preset_bytes
from export.dawproject.dawproject_check import check_dawproject
from export.dawproject.dawproject_file import write_dawproject
from export.dawproject.vst_device import VstDevice
from tests.export.dawproject.project_reader import SCHEMAS
from tests.export.dawproject.test_dawproject_file import SESSIONS
from tests.export.sample_session import ODD_NAME, WAV32F, make_session

CLASS_ID = "0123456789ABCDEF0123456789ABCDEF"
STATE = format_preset_bytes(Vst3Preset(CLASS_ID, {PROCESSOR: b"state"}))
DEVICE = VstDevice("Zam", CLASS_ID, STATE)

RULES: dict[str, tuple[str, str, str]] = {
    "dangling track": ('track="id8"', 'track="id99"', "Lanes/Lanes[1]: track='id99' is no id of the project"),
    "dangling destination": (
        '(name="mix".*?)destination="id4"', r'\1destination="id99"',
        "Structure/Track[1]/Channel: destination='id99' is no id of the project",
    ),
    "dangling parameter": ('parameter="id1"', 'parameter="x"', "TempoAutomation/Target: parameter='x' is no id"),
    "destination that is a track": ('destination="id4"', 'destination="id3"', "is a Track, and a channel is needed"),
    "track that is a channel": ('track="id8"', 'track="id4"', "is a Channel, and a track is needed"),
    "missing file": ("audio/drums.wav", "audio/bass.wav", "Audio/File: path='audio/bass.wav' is not in the archive"),
    "missing state": ("plugins/[^.]*", "plugins/x", "Vst3Plugin/State: path='plugins/x.vstpreset' is not in the"),
    "path that leads out": ("audio/drums.wav", "../drums.wav", "path='../drums.wav' leads out of its folder"),
    "absolute path": ("audio/drums.wav", "/audio/drums.wav", "path='/audio/drums.wav' is no path within the archive"),
    "path with a drive": ("audio/drums.wav", "C:/drums.wav", "path='C:/drums.wav' is no path within the archive"),
    "path of Windows": ("audio/drums.wav", r"audio\\drums.wav", "is no path within the archive"),
    "clip longer than its file": (
        '<Clip time="0.0" duration="0.2"', '<Clip time="0.0" duration="0.3"',
        "Clip: plays to 0.3 s, and its audio has 0.2 s",
    ),
    "clip that starts late": ('playStart="0.0"', 'playStart="0.1"', "Clip: plays to 0.3 s, and its audio has 0.2 s"),
    "audio longer than its file": (
        'duration="0.2" algorithm', 'duration="0.4" algorithm', "a duration of 0.4 s, and audio/mix.wav has 0.2 s",
    ),
    "wrong number of channels": ('channels="2"', 'channels="1"', "Audio: channels=1, and audio/mix.wav has 2"),
    "wrong rate": ('sampleRate="48000"', 'sampleRate="44100"', "sampleRate=44100, and audio/mix.wav has 48000"),
    "tempo 0": ('value="120.0" id', 'value="0" id', "Transport/Tempo: a tempo of 0 bpm"),
    "negative tempo of a point": ('value="120.0" int', 'value="-3" int', "RealPoint[1]: a tempo of -3 bpm"),
    "value that is no number": ('value="120.0" int', 'value="abc" int', "RealPoint[1]: value='abc' is not a number"),
    "infinite tempo": ('value="120.0" id', 'value="INF" id', "Transport/Tempo: value='INF' is not a number"),
    "time NaN": ('(<Marker.*?)time="0.0"', r'\1time="NaN"', "Markers/Marker[1]: time='NaN' is not a number"),
    "time of a note": ('<Note time="1.0"', '<Note time="inf"', "Notes/Note[1]: time='inf' is not a number"),
    "negative time": ('(<Marker.*?)time="0.0"', r'\1time="-1"', "Markers/Marker[1]: time=-1 is before the start"),
    "double id": ('id="id9"', 'id="id8"', "Structure/Track[1]/Channel: id='id8' is there 2 times"),
    "points out of order": ('RealPoint time="2.0"', 'RealPoint time="0.5"', "TempoAutomation: point 3 is at 0.5, not"),
    "points at one time": ('RealPoint time="1.0"', 'RealPoint time="0.0"', "TempoAutomation: point 2 is at 0, not"),
    "time signature of 9/6": ('numerator="9" denominator="8"', 'numerator="9" denominator="6"', "signature of 9/6"),
    "automation of another parameter": ('parameter="id1"', 'parameter="id2"', "Target: is not the Tempo of the"),
    "velocity": ('vel="0.7086', 'vel="90.7086', "Notes/Note[1]: vel=90.7087 is not from 0 to 1"),
    "key": ('key="36"', 'key="128"', "Notes/Note[1]: key=128 is not from 0 to 127"),
    "volume above its fader": ('max="2.0" value="1.0"', 'max="2.0" value="3"', "Volume: value=3 is outside of its own"),
    "no master": ('(name="Master".*?)role="master"', r'\1role="regular"', "Structure: 0 channels have the role master"),
    "two masters": ('(name="Stems".*?)destination="[^"]*"', r"\1", "Structure: 2 channels have the role master"),
    "state of another plugin": ('deviceID="01234567', 'deviceID="11234567', "is of the class 0123456789ABCDEF"),
    "device id": ('deviceID="01234567', 'deviceID="x', "is no class id"),
    "unknown element": ("<Mute", "<Silence", "Channel/Silence: no such element in the format"),
    "unknown unit": ('unit="bpm"', 'unit="hz"', "Transport/Tempo: unit='hz' is not one of beats, bpm,"),
    "decimal comma": ('value="120.0" id', 'value="120,0" id', "Transport/Tempo: value='120,0' is not a number"),
    "missing role": (' deviceRole="audioFX"', "", "Devices/Vst3Plugin: the attribute deviceRole is missing"),
    "no markers in it": ("<Marker .*</Markers>", "</Markers>", "Arrangement/Markers: Marker is missing"),
    "order": ("(<Tempo .*?/>)(.*?)(<TimeSignature .*?/>)", r"\3\2\1", "Transport: Tempo is not in the order of"),
    "text": ("<Transport>", "<Transport>x", "Transport: has the text 'x', and only elements may be in it"),
    "another root": ("Project", "Projekt", "project.xml: its element is Projekt, not Project"),
    "no XML": ("<Project", "<", "project.xml: no XML: "),
    "document type": ("<Project", '<!DOCTYPE x [<!ENTITY a "b">]><Project', "project.xml: has a document type"),
}  # fmt: skip
"""Text that is replaced in ``project.xml``, by which, and the problem that is to be found."""
LACKING = (
    "dangling track", "dangling destination", "missing file", "path that leads out", "absolute path",
    "clip longer than its file", "tempo 0", "value that is no number", "time NaN",
)  # fmt: skip
"""Rules that the schema lacks."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "x.dawproject"
    write_dawproject(make_session(), path, lambda frames: None, {ODD_NAME: [DEVICE]})
    return path


def copy(source: Path, target: Path, changed: Mapping[str, bytes | None], compression: int = 0) -> Path:
    """Copy an archive; ``changed``: the new bytes of members, None to leave one out."""
    with ZipFile(source) as archive, ZipFile(target, "w", compression) as written:
        for name in [*archive.namelist(), *(changed.keys() - set(archive.namelist()))]:
            data = changed.get(name, None if name in changed else archive.read(name))
            if data is not None:
                written.writestr(name, data)
    return target


def read(path: Path, name: str = "project.xml") -> bytes:
    with ZipFile(path) as archive:
        return archive.read(name)


@pytest.mark.parametrize("changes", SESSIONS.values(), ids=SESSIONS)
def test_what_is_written_has_no_problem(changes: Mapping[str, object], tmp_path: Path) -> None:
    path = tmp_path / "x.dawproject"
    write_dawproject(make_session(**changes), path, lambda frames: None, {"master": [DEVICE, DEVICE]})
    assert check_dawproject(path) == []


def test_float_and_compressed_files_have_no_problem(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.dawproject"
    write_dawproject(make_session(sample_format=WAV32F), path, lambda frames: None)
    assert check_dawproject(path) == []
    assert check_dawproject(copy(good, tmp_path / "y.dawproject", {}, ZIP_DEFLATED)) == []


@pytest.mark.parametrize(("pattern", "new", "problem"), RULES.values(), ids=RULES)
def test_each_fault_is_said_with_its_place(good: Path, tmp_path: Path, pattern: str, new: str, problem: str) -> None:
    text = read(good).decode()
    count = 0 if pattern == "Project" else 1
    broken = re.sub(pattern, new, text, count=count, flags=re.DOTALL)
    assert broken != text
    problems = check_dawproject(copy(good, tmp_path / "x.dawproject", {"project.xml": broken.encode()}))
    assert any(problem in found for found in problems), problems
    assert all(found.startswith("project.xml: ") for found in problems)
    assert len(problems) <= 6


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="needs the schemas of the format beside the checkout")
@pytest.mark.parametrize("name", LACKING)
def test_the_schema_lacks_these_rules(good: Path, name: str) -> None:
    pattern, new, _ = RULES[name]
    broken = re.sub(pattern, new, read(good).decode(), count=1, flags=re.DOTALL)
    etree.XMLSchema(etree.parse(SCHEMAS / "Project.xsd")).assertValid(etree.fromstring(broken.encode()))


def break_sound(data: bytes, at: bytes, offset: int, value: bytes) -> bytes:
    place = data.index(at) + offset
    return data[:place] + value + data[place + len(value) :]


@pytest.mark.parametrize(
    ("name", "edit", "problem"),
    [
        ("metadata.xml", lambda data: None, "metadata.xml: is not in the archive"),
        ("project.xml", lambda data: None, "project.xml: is not in the archive"),
        ("metadata.xml", lambda data: data.replace(b"Title", b"Name"), "metadata.xml: Name: no such element"),
        ("../x.wav", lambda data: b"x", "../x.wav: the name leads out of its folder"),
        ("audio/mix.wav", lambda data: b"OggS" + data, "audio/mix.wav is no WAV file that can be read"),
        ("audio/mix.wav", lambda data: data[:-100], "audio/mix.wav is no WAV file that can be read"),
        ("audio/mix.wav", lambda data: data[:40], "audio/mix.wav is no WAV file that can be read"),
        (
            "audio/mix.wav",
            lambda data: break_sound(data, b"data", 4, struct.pack("<I", 6000)),
            "a duration of 0.2 s, and audio/mix.wav has 0.0208333 s",
        ),
        ("plugins", lambda data: data[:20], ".vstpreset: cut: 20 bytes"),
        ("audio/bass.wav", lambda data: b"x", "audio/bass.wav: nothing in the project refers to it"),
    ],
)
def test_each_fault_of_the_archive_is_said(good: Path, tmp_path: Path, name: str, edit, problem: str) -> None:  # type: ignore[no-untyped-def]
    with ZipFile(good) as archive:
        member = next((one for one in archive.namelist() if one.startswith(name)), name)
        data = archive.read(member) if member in archive.namelist() else b""
    problems = check_dawproject(copy(good, tmp_path / "x.dawproject", {member: edit(data)}))
    assert any(problem in found for found in problems), problems


def test_two_files_of_one_name_are_a_problem(good: Path, tmp_path: Path) -> None:
    path = copy(good, tmp_path / "x.dawproject", {})
    with ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("audio/mix.wav", b"")
    assert "audio/mix.wav: is in the archive 2 times" in check_dawproject(path)


def test_a_cut_archive_is_a_problem(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.dawproject"
    path.write_bytes(good.read_bytes()[:-30])
    assert check_dawproject(path) == ["no archive that can be read: File is not a zip file"]


def test_timelines_without_end_are_a_problem(good: Path, tmp_path: Path) -> None:
    deep = "<Lanes>" * 500 + "</Lanes>" * 500
    broken = re.sub("<Lanes .*</Lanes>", deep, read(good).decode(), count=1, flags=re.DOTALL)
    problems = check_dawproject(copy(good, tmp_path / "x.dawproject", {"project.xml": broken.encode()}))
    assert any("more than 40 levels of elements" in found for found in problems)
