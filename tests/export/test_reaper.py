"""Reaper project writer: two other readers find the session's tempo map, markers, tracks and notes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest
import rpp
from hypothesis import given
from hypothesis import strategies as st

from export.reaper.project import make_project, write_reaper
from export.reaper.rpp_text import QUOTES, RppBlock, format_block, quote
from export.session.session import AudioTrack, Marker, Session, SessionTempo, TimeSignature
from tests.export.rpp_readers import READERS, RppNode, read_with_rpp, read_with_rppxml
from tests.export.sample_session import FRAMES, ODD_NAME, RATE, make_impulse, make_session

NANOSECOND = 1e-9
NAME_IN_REAPER = ODD_NAME.replace("`", "'")
"""A name with all three quotation marks loses one kind, as in Reaper."""
PLAIN = Session(
    "song", "song", RATE, FRAMES, make_session().sample_format, (SessionTempo(0, 500_000),), (TimeSignature(0, 4, 4),)
)
both_readers = pytest.mark.parametrize("read", READERS, ids=["rpp", "rppxml"])
Reader = Callable[[str], RppNode]


def to_text(session: Session) -> str:
    return format_block(make_project(session))


@pytest.mark.parametrize("session", [make_session(), PLAIN], ids=["odd", "plain"])
def test_both_readers_find_the_same_tree(session: Session) -> None:
    assert read_with_rpp(to_text(session)) == read_with_rppxml(to_text(session))


def test_a_reader_that_writes_it_again_writes_the_same_project() -> None:
    project = rpp.loads(to_text(make_session()))
    assert rpp.loads(rpp.dumps(project)) == project


@both_readers
def test_tempi_and_time_signatures_are_at_their_times(read: Reader) -> None:
    between = TimeSignature(480 * 3 + 2160 + 7, 3, 4)  # between two tempi, and within a bar
    session = make_session(metres=(*make_session().metres, between))
    project = read(to_text(session))
    assert project.get("TEMPO") == (session.tempi[0].bpm, 1, 4, 0)
    (envelope,) = project.find_all("TEMPOENVEX")
    points = [node.tokens for node in envelope.find_all("PT")]
    tempi = {point.tick: point.bpm for point in session.tempi}
    ticks = sorted({*tempi, *(metre.tick for metre in session.metres)})
    assert [point[0] for point in points] == pytest.approx([session.to_seconds(tick) for tick in ticks], abs=NANOSECOND)
    bpm = [tempi[max(at for at in tempi if at <= tick)] for tick in ticks]
    assert [point[1] for point in points] == pytest.approx(bpm, rel=1e-12)
    assert {point[2] for point in points} == {1}
    signatures = {ticks[i]: point[3:] for i, point in enumerate(points) if len(point) > 3}
    expected = {0: (4 << 16 | 1, 0, 1), 480: (8 << 16 | 9, 0, 1), between.tick: (4 << 16 | 3, 0, 5)}
    assert signatures == expected


@both_readers
def test_sections_are_regions_and_chords_are_markers(read: Reader) -> None:
    chords = (Marker(0, "Am7/G"), Marker(1000, ODD_NAME))
    session = make_session(frames=5 * RATE, audio=(), chords=chords)
    lines = [node.tokens for node in read(to_text(session)).find_all("MARKER")]
    starts = [session.to_seconds(section.tick) for section in session.sections]
    assert [line[0] for line in lines[:4]] == [1, 1, 2, 2]
    assert [line[1] for line in lines[:4]] == pytest.approx([starts[0], starts[1], starts[1], 5], abs=NANOSECOND)
    assert [line[2] for line in lines[:4]] == ["intro", "", NAME_IN_REAPER, ""]
    assert [line[3] for line in lines] == [1, 1, 1, 1, 0, 0]
    assert [line[0] for line in lines[4:]] == [1, 2]
    times = [session.to_seconds(chord.tick) for chord in chords]
    assert [line[1] for line in lines[4:]] == pytest.approx(times, abs=NANOSECOND)
    assert [line[2] for line in lines[4:]] == ["Am7/G", NAME_IN_REAPER]


def test_a_section_behind_the_song_has_a_region_all_the_same() -> None:
    session = make_session(frames=10, audio=(), sections=(Marker(4800, "outro"),))
    start, end = read_with_rpp(to_text(session)).find_all("MARKER")[:2]
    assert float(end.tokens[1]) > float(start.tokens[1])


@both_readers
def test_groups_are_folders_and_the_song_and_the_band_are_muted(read: Reader) -> None:
    tracks = read(to_text(make_session())).find_all("TRACK")
    names = [track.get("NAME")[0] for track in tracks]
    assert names == ["mix", "Stems", "drums", NAME_IN_REAPER, "Band", "band drums", "drums", NAME_IN_REAPER]
    depths = list(accumulate(int(track.get("ISBUS")[1]) for track in tracks))
    assert depths == [0, 1, 1, 0, 1, 1, 1, 0]
    assert [int(track.get("MUTESOLO")[0]) for track in tracks] == [1, 0, 0, 0, 0, 1, 0, 0]
    assert all(track.get("VOLPAN")[:2] == (1, 0) for track in tracks)


@both_readers
def test_items_begin_at_0_and_last_as_long_as_their_files(read: Reader) -> None:
    session = make_session()
    items = [item for track in read(to_text(session)).find_all("TRACK") for item in track.find_all("ITEM")]
    audio = [item for item in items if item.get("SOURCE") == ("WAVE",)]
    assert [item.get("POSITION") + item.get("SOFFS") for item in items] == [(0, 0, 0)] * 5
    lengths = [float(item.get("LENGTH")[0]) * RATE for item in audio]
    assert lengths == pytest.approx([track.sound.frames for track in session.audio], abs=1e-6)
    files = [item.find_all("SOURCE")[0].get("FILE")[0] for item in audio]
    assert files == ["Audio/mix.wav", "Audio/drums.wav", "Audio/vocals.wav", "Audio/band drums.wav"]


@both_readers
def test_midi_items_have_the_notes_at_their_ticks(read: Reader) -> None:
    session = make_session()
    items = [item for track in read(to_text(session)).find_all("TRACK") for item in track.find_all("ITEM")]
    source = next(block for item in items for block in item.find_all("SOURCE") if block.tokens == ("MIDI",))
    assert source.get("HASDATA") == (1, 480, "QN")
    events = [event.tokens for event in source.find_all("E")]
    ticks = accumulate(int(event[0]) for event in events)
    found = [(tick, *(int(str(byte), 16) for byte in event[1:])) for tick, event in zip(ticks, events, strict=True)]
    expected = [(0, 0xC9, 0, 0), (0, 0xB9, 7, 127), (0, 0xB9, 10, 64)]
    for note in session.midi[0].notes:
        expected += [(note.tick, 0x99, note.pitch, note.velocity), (note.end_tick, 0x89, note.pitch, 0)]
    assert found == [*expected, (session.end_tick, 0xB9, 0x7B, 0)]
    length_s = next(item.get("LENGTH")[0] for item in items if source in item.content)
    assert length_s == pytest.approx(session.to_seconds(session.end_tick), abs=NANOSECOND)


NAMES = ["", "plain", 'a "b" c', "it's", "`x", "'", 'say "it\'s"', "#1", "|x", "<b>", ">", " x ", "a\tb", "../x", "♫"]


@both_readers
@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_as_it_is(read: Reader, name: str) -> None:
    assert read(format_block(RppBlock("A", (f"NAME {quote(name)} 1",)))).get("NAME") == (name, 1)


LETTERS = st.one_of(
    st.sampled_from("\"'`#;|<> \n"), st.characters(exclude_categories=["Cs", "N"], exclude_characters="nN")
)
"""Characters without those of a number (inf, nan), which the readers of the tests would take for one."""


@both_readers
@given(name=st.text(alphabet=LETTERS))
def test_any_name_is_one_word_to_a_reader(read: Reader, name: str) -> None:
    expected = " ".join(name.splitlines()).replace("\0", "")
    if all(mark in expected for mark in QUOTES):
        expected = expected.replace("`", "'")
    assert read(format_block(RppBlock("A", (f"NAME {quote(name)} 1",)))).get("NAME") == (expected, 1)


@pytest.mark.parametrize("name", ["a\nb", "a\r\nb", "a\u2028b", "a\x0bb", "a\x00 b"])
def test_a_name_stays_on_its_line(name: str) -> None:
    assert quote(name) == '"a b"'


def test_the_file_is_the_same_each_time_and_all_its_guids_differ(tmp_path: Path) -> None:
    write_reaper(make_session(), tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.name == "Don't _stop_ now.RPP"
    first = path.read_bytes()
    write_reaper(make_session(), tmp_path)
    assert path.read_bytes() == first
    words = first.decode("utf-8").replace("TRACKID {", "").split()
    guids = [word for word in words if word.startswith("{")]
    assert len(guids) == len(set(guids)) == 2 + 3 + 8 + 2 * 5


def test_a_session_with_one_stem_has_one_folder() -> None:
    session = make_session(midi=(), audio=(AudioTrack("vocals", "vocals.wav", "stems", make_impulse()),))
    tracks = read_with_rpp(to_text(session)).find_all("TRACK")
    assert [track.get("ISBUS") for track in tracks] == [(1, 1), (2, -1)]


def test_half_of_a_surrogate_pair_is_a_question_mark(tmp_path: Path) -> None:
    write_reaper(make_session(name="a\udcff"), tmp_path)
    (path,) = tmp_path.iterdir()
    assert read_with_rpp(path.read_text(encoding="utf-8")).get("TITLE") == ("a?",)
