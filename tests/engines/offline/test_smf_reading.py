"""MIDI files of every shape that software writes, and broken ones, read as far as they go."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bridge.errors import ConfigError
from engines.offline.smf.containers import is_smf
from engines.offline.smf.metas import MARKER, TEXT, parse_key, parse_metre, parse_tempo, parse_text
from engines.offline.smf.reading import Smf, read_smf
from tests.engines.offline.smf import CHORDS, END, block, chords, chunk, file, header, meta, number, text, track

TEMPO = meta(0x51, b"\x07\xa1\x20")
PLAIN = file(chords())


def riff(data: bytes, size: int | None = None, before: bytes = b"", after: bytes = b"") -> bytes:
    held = b"data" + (len(data) if size is None else size).to_bytes(4, "little") + data
    body = b"RMID" + before + held + after
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def list_notes(smf: Smf) -> list[tuple[int, int]]:
    """(tick, pitch) of each note that begins."""
    return [(event.tick, event.data[0]) for event in smf.events if event.status & 0xF0 == 0x90 and event.data[1]]


NOTES = [(1920 * bar, pitch) for bar, pitches in enumerate(CHORDS) for pitch in pitches]
ALIEN = chunk(b"XFIH", b"hello")


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        riff(PLAIN), riff(PLAIN, before=b"DISP\4\0\0\0abcd"), riff(PLAIN, after=b"LIST\4\0\0\0INFO"),
        riff(PLAIN, size=0), riff(PLAIN, size=1 << 31), b"RIFX\0\0\0\0RMIDdata\0\0\0\0" + PLAIN,
        header() + ALIEN + track(chords()), header() + track(chords()) + ALIEN, ALIEN + PLAIN, bytes(128) + PLAIN,
        header(2) + track(TEMPO) + ALIEN + ALIEN + track(chords()),
        header(2) + track(TEMPO) + chunk(b"XFKM", b"", 1 << 30) + track(chords()),
        chunk(b"MThd", header()[8:] + b"more") + track(chords()),
        chunk(b"MThd", header()[8:], 99) + track(chords()),
        header(kind=0) + track(chords()), header(kind=2) + track(chords()), header(kind=7) + track(chords()),
        header(5) + track(chords()), header(0) + track(TEMPO) + track(chords()),
        header() + track(chords(), end=b""), header() + chunk(b"MTrk", chords(), 0xFFFFFFFF),
        header(2) + chunk(b"MTrk", chords() + END, 0) + track(TEMPO),
        header(2) + chunk(b"MTrk", chords() + END, 9) + track(TEMPO),
        header(2) + chunk(b"MTrk", TEMPO + END, 4000) + track(chords()),
        header(2) + chunk(b"MTrk", TEMPO + END, 0xFFFFFFFF) + track(chords()),
        header(2) + track(TEMPO) + b"\0" + track(chords()), PLAIN + b"\n", PLAIN + b"\0" * 40, PLAIN + PLAIN,
        file(b"\0\xf8", chords()), file(b"\0\xf2\1\2\0\xf3\1\0\xfe", chords()),
        file(b"\0\xf0\5\x7e\x7f\x09\1\xf7\0\xf7\2\1\2", chords()),
        file(meta(0x60, b"unknown"), meta(0x7F, b"\0\0\x41"), meta(0x20, b""), meta(0x21), meta(0), chords()),
    ],
)  # fmt: skip
def test_notes_are_where_they_are_in_any_container(data: bytes) -> None:
    assert list_notes(read_smf(data, "a.mid")) == NOTES


@pytest.mark.parametrize("off", [-1000, *range(-40, 0), *range(1, 41), 1000, 1 << 31])
def test_a_wrong_length_of_a_track_loses_no_note(off: int) -> None:
    torn = chunk(b"MTrk", chords() + END, max(len(chords() + END) + off, 0))
    for data in (header() + torn, header(2) + torn + track(TEMPO), header(2) + track(TEMPO) + torn,
                 header(2) + torn + ALIEN + track(TEMPO)):  # fmt: skip
        assert list_notes(read_smf(data, "a.mid")) == NOTES


def test_what_has_no_place_in_a_track_takes_no_time_from_it() -> None:
    for odd in (b"\xf8", b"\xf0\2\1\xf7", b"\xff\x60\0", b"\xff\x59\2\x12\1", b"\xff\x21\0", b"\xff\x01\0"):
        data = file(number(960) + odd, chords())
        assert list_notes(read_smf(data, "a.mid")) == [(tick + 960, pitch) for tick, pitch in NOTES]


def test_running_status_goes_on_across_metas_and_exclusives() -> None:
    data = file(b"\0\x90\x3c\x50", text("la"), b"\0\x40\x50", b"\0\xf0\2\1\xf7", b"\0\x43\x50")
    assert list_notes(read_smf(data, "a.mid")) == [(0, 60), (0, 64), (0, 67)]


@pytest.mark.parametrize("division", [1, 24, 96, 480, 960, 0x7FFF])
def test_every_division_is_scaled_to_480(division: int) -> None:
    assert list_notes(read_smf(file(chords(4 * division, 4 * division), division=division), "a.mid")) == NOTES


@pytest.mark.parametrize(("frames", "each"), [(25, 40), (24, 80), (30, 100), (29, 100)])
def test_smpte_time_becomes_quarter_notes_of_the_tempo(frames: int, each: int) -> None:
    rate = (30000 / 1001 if frames == 29 else frames) * each
    second = round(rate)
    slow = meta(0x51, (1_000_000).to_bytes(3, "big"))
    data = file(
        block((60,), second), slow, block((62,), second), block((64,), second), division=(256 - frames) << 8 | each
    )
    found = list_notes(read_smf(data, "a.mid"))
    assert [pitch for _, pitch in found] == [60, 62, 64]
    assert [tick for tick, _ in found] == pytest.approx([0, 960, 1440], abs=2)


def test_impossible_values_are_passed_over_and_said() -> None:
    slips = [
        meta(0x51, b"\0\0\0"), meta(0x51, b"\0\0\1"), meta(0x51, b"\xff\xff\xff"), meta(0x51, b"\7\xa1"), meta(0x51),
        meta(0x58, b"\0\2\x18\x08"), meta(0x58, b"\4\x28\x18\x08"), meta(0x58, b"\4"), meta(0x58),
        meta(0x59, b"\x12\1"), meta(0x59, b"\0\7"), meta(0x59, b"\0"), meta(0x59),
    ]  # fmt: skip
    smf = read_smf(file(*slips, chords()), "a.mid")
    assert (smf.find_all(parse_tempo), smf.find_all(parse_metre), smf.find_all(parse_key)) == ([], [], [])
    for said in ("a tempo of 0 us", "a tempo of 1 us", "a metre of 0/2^2", "a metre of 4/2^40", "a key of 18 sharps"):
        assert said in smf.remarks[0]


def test_short_and_long_metas_say_what_they_say() -> None:
    smf = read_smf(file(meta(0x58, b"\3\2"), meta(0x59, b"\xfd\1\0\0"), meta(0x51, b"\7\xa1\x20\0")), "a.mid")
    assert smf.find_all(parse_metre) == [(0, (3, 4))]
    assert smf.find_all(parse_key) == [(0, (0, True))]
    assert smf.find_all(parse_tempo) == [(0, 500_000)]
    assert smf.remarks == ()


@pytest.mark.parametrize(
    ("sharps", "minor", "key"), [(0, 0, (0, False)), (7, 0, (1, False)), (-7, 0, (11, False)), (6, 0, (6, False)),
                                 (0, 1, (9, True)), (-7, 1, (8, True)), (7, 1, (10, True)), (5, 1, (8, True))]
)  # fmt: skip
def test_every_key_signature_has_its_tonic(sharps: int, minor: int, key: tuple[int, bool]) -> None:
    smf = read_smf(file(meta(0x59, bytes([sharps & 0xFF, minor]))), "a.mid")
    assert smf.find_all(parse_key) == [(0, key)]


def test_texts_are_utf_8_or_latin_1() -> None:
    smf = read_smf(file(text("Stück"), meta(6, "Stück".encode("latin-1")), text("\0 \0")), "a.mid")
    assert [parse_text(event, TEXT, MARKER) for event in smf.events] == ["Stück", "Stück", None, None]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (header() + chunk(b"MTrk", chords()[:24], 200), "the file ends before track 1 does"),
        (header(2) + chunk(b"MTrk", chords() + END, 3) + track(TEMPO), "track 1 has a wrong length"),
        (header(7) + track(chords()), "the header says 7 tracks, 1 are there"),
        (PLAIN + PLAIN, "another MIDI file follows"),
        (file(block(CHORDS[0], 9), b"\0\x90\x40"), "track 1 breaks off"),
        (header() + chunk(b"MTrk", b"\0\x3c\x50" + chords()), None),
    ],
)
def test_what_is_wrong_is_said(data: bytes, said: str | None) -> None:
    if said is None:
        with pytest.raises(ConfigError, match="no track with anything in it"):
            read_smf(data, "a.mid")
    else:
        assert any(said in remark for remark in read_smf(data, "a.mid").remarks)


def test_a_file_that_breaks_off_anywhere_is_read_up_to_there() -> None:
    first = len(header()) + 8
    for length in range(first + 4, len(PLAIN)):
        found = list_notes(read_smf(PLAIN[:length], "a.mid"))
        assert found == NOTES[: len(found)]
        assert len(found) >= (length - first - 4) // 8


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no MIDI header"), (b"MThd\0\0\0\6\0\1", "cut off"), (b"RIFF....WAVEfmt ", "no MIDI header"),
        (header(), "no track"), (header(2, kind=2) + track(chords()) * 2, "type 2"),
        (file(chords(), division=0), "no ticks"), (file(chords(), division=0xFF00), "SMPTE"),
        (file(chords(), division=0x8028), "SMPTE"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_with_a_fix(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        read_smf(data, "song.mid")
    assert error.value.message.startswith("song.mid: ")
    assert error.value.hint


def test_midi_is_known_by_its_content() -> None:
    assert is_smf(PLAIN)
    assert is_smf(riff(PLAIN))
    assert not is_smf(b"RIFF\0\0\0\0WAVE")
    assert not is_smf(b"")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 40))
def test_any_bytes_are_read_or_refused(noise: bytes, at: int, gone: int) -> None:
    try:
        smf = read_smf(PLAIN[:at] + noise + PLAIN[at + gone :], "a.mid")
    except ConfigError:
        return
    assert all(event.tick >= 0 for event in smf.events)
    assert all(byte < 128 for event in smf.events if event.status < 0xF0 for byte in event.data)
