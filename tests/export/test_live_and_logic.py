"""Live and Logic folders: a MIDI file that mido reads, and a page with every setting, track and marker."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from mido import MidiFile

from export.files.session_midi import TEMPO_TRACK_NAME
from export.files.steps_page import format_time
from export.live.live_folder import write_live
from export.logic.logic_folder import write_logic
from export.session.session import Marker, Session, SessionTempo
from tests.export.sample_session import ODD_NAME, WAV32F, make_session

MIDI_PATH = "MIDI/Don't _stop_ now.mid"
Writer = Callable[[Session, Path], None]
both = pytest.mark.parametrize("write", [write_live, write_logic], ids=["live", "logic"])


def read_page(write: Writer, folder: Path, session: Session) -> Any:
    """The page, parsed by lxml."""
    write(session, folder)
    return lxml.html.document_fromstring((folder / "Steps.html").read_text(encoding="utf-8"))


def read_tables(page: Any) -> dict[str, list[list[str]]]:
    """The rows of each table under the heading before it."""
    found = {}
    for table in page.iter("table"):
        heading = table.getprevious().text_content()
        found[heading] = [[cell.text_content() for cell in row if cell.tag == "td"] for row in table.iter("tr")]
    return found


@both
def test_the_page_lists_tracks_sections_and_chords(write: Writer, tmp_path: Path) -> None:
    page = read_page(write, tmp_path, make_session())
    tables = read_tables(page)
    assert tables["Audio files"][1:] == [
        ["mix.wav", "mix", "stereo", "muted"],
        ["drums.wav", "drums", "stereo", "on"],
        ["vocals.wav", ODD_NAME, "mono", "on"],
        ["band drums.wav", "band drums", "stereo", "muted"],
    ]
    assert tables["MIDI tracks"][1:] == [["drums", "1", "10"], [ODD_NAME, "34", "1"]]
    assert tables["Time signatures"][1:] == [["1.1.1", "0:00.000", "1/4"], ["2.1.1", "0:00.500", "9/8"]]
    assert tables["Sections"][1:] == [["2.1.1", "0:00.500", "intro"], ["3.1.1", "0:02.651", ODD_NAME]]
    assert tables["Chords"][1:] == [
        ["1.1.1", "0:00.000", "Am7/G"],
        ["2.1.1", "0:00.500", "F#m7b5"],
        ["2.3.1", "0:00.992", "N.C."],
    ]


@both
def test_the_steps_name_the_files_the_rate_and_the_muted_tracks(write: Writer, tmp_path: Path) -> None:
    page = read_page(write, tmp_path, make_session(rate=44100))
    steps = " ".join(step.text_content() for step in page.iter("li"))
    assert MIDI_PATH in steps
    assert (tmp_path / MIDI_PATH).is_file()
    assert "44100" in steps
    assert "Audio" in steps
    muted = next(step for step in page.iter("li") if "What plays now is the song" in step.text_content())
    assert [name.text_content() for name in muted.iter("b")] == ["mix", "band drums"]


@both
def test_the_page_says_that_nobody_tried_it_and_needs_no_network(write: Writer, tmp_path: Path) -> None:
    page = read_page(write, tmp_path, make_session())
    assert "not tried" in page.find_class("note")[0].text_content()
    assert page.xpath("//@src | //@href | //script") == []


@both
def test_names_are_text_and_not_markup(write: Writer, tmp_path: Path) -> None:
    name = "<script>alert(1)</script> &amp; <i>co"
    tracks = (replace(make_session().audio[0], name=name),)
    session = make_session(name=name, file_name="<b>x", audio=tracks, chords=(Marker(0, name),))
    page = read_page(write, tmp_path, session)
    assert page.xpath("//script | //i") == []
    assert page.find(".//h1").text_content().startswith(f"{name} in ")
    assert "MIDI/<b>x.mid" in page.text_content()
    tables = read_tables(page)
    assert (tables["Audio files"][1][1], tables["Chords"][1][2]) == (name, name)
    assert any(step.text_content().endswith(f": {name}. What plays now is the song.") for step in page.iter("li"))


@both
def test_a_session_without_markers_and_midi_has_no_empty_tables(write: Writer, tmp_path: Path) -> None:
    first = {"metres": make_session().metres[:1], "audio": make_session().audio[1:2]}
    bare = make_session(sections=(), chords=(), midi=(), keys=(), **first)
    page = read_page(write, tmp_path, bare)
    assert [heading.text_content() for heading in page.iter("h2")] == ["Steps", "Audio files"]
    steps = " ".join(step.text_content() for step in page.iter("li"))
    assert "Sections" not in steps
    assert "What plays now" not in steps


@both
def test_the_facts_are_those_of_the_session(write: Writer, tmp_path: Path) -> None:
    varied = read_tables(read_page(write, tmp_path, make_session()))
    steady = make_session(tempi=(SessionTempo(0, 616_650),), sample_format=WAV32F)
    facts = next(iter(read_tables(read_page(write, tmp_path, steady)).values()))
    assert [row[0] for row in next(iter(varied.values()))] == [
        "48000 Hz",
        "24-bit WAV. All begin at bar 1 (1.1.1).",
        "0:00.200",
        "131.5 BPM, the median of 120.00 to 145.32 (11 changes)",
        "1/4, 9/8",
        "Am",
    ]
    assert [row[0] for row in facts][1::2] == ["32-bit float WAV. All begin at bar 1 (1.1.1).", "97.30 BPM", "Am"]


@pytest.mark.parametrize(("write", "spans"), [(write_live, True), (write_logic, False)], ids=["live", "logic"])
def test_a_note_spans_the_tempo_changes_for_live_alone(write: Writer, spans: bool, tmp_path: Path) -> None:
    write(make_session(), tmp_path)
    file = MidiFile(file=io.BytesIO((tmp_path / MIDI_PATH).read_bytes()), charset="utf-8")
    assert [track.name for track in file.tracks] == [
        ODD_NAME,
        "drums",
        ODD_NAME,
        *([TEMPO_TRACK_NAME] if spans else []),
    ]
    assert sum(message.type == "set_tempo" for message in file.tracks[0]) == 12
    assert sum(message.type == "marker" for message in file.tracks[0]) == 5


@both
def test_the_same_session_gives_the_same_files(write: Writer, tmp_path: Path) -> None:
    def read_all() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*.*")}

    write(make_session(), tmp_path)
    first = read_all()
    write(make_session(), tmp_path)
    assert len(first) == 2
    assert read_all() == first


@pytest.mark.parametrize(
    ("time_s", "text"), [(0, "0:00.000"), (59.9996, "1:00.000"), (754.321, "12:34.321"), (3661.5, "1:01:01.500")]
)
def test_times_are_minutes_and_seconds(time_s: float, text: str) -> None:
    assert format_time(time_s) == text
