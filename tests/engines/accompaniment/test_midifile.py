"""MIDI files read as what the band plays to: the band's own, read back, and those that others write."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from itertools import accumulate
from types import FrameType
from typing import Any

import pytest
from mido import Message, MetaMessage, MidiFile, bpm2tempo

from bridge.core.events import Key
from bridge.errors import ConfigError
from engines.accompaniment.arranger import PartTrack
from engines.accompaniment.offline.midi import format_band_file
from engines.accompaniment.offline.midifile import read_midi
from engines.accompaniment.offline.timed_sheet import TimedSheet, make_steady_tempo
from engines.accompaniment.score import ScoreNote
from engines.accompaniment.sheet import read_sheet
from tests.engines.accompaniment.midi_files import POP, chord_notes, labels, make_file, write_piece
from tests.engines.offline.smf import CHORDS, LABELS, block, chords, chunk, file, header, meta, number, track
from tests.fuzz.target import SEEDS

SHEET = """
tempo: 96.5
metre: 3/4
key: F# minor
[verse x2]
| F#m7 | Bm7 C#7 | F#m | N.C. |
[chorus]
| D | E | A/C# | C#7 Bm C#7 |
[verse]
| F#m | % | % | N.C. |
"""


@pytest.mark.parametrize("counted", [False, True])
def test_the_bands_own_file_has_the_same_bars_chords_sections_and_tempo(counted: bool) -> None:
    sheet = read_sheet(SHEET)
    piece = TimedSheet(sheet, make_steady_tempo(96.5), counted=counted)
    again = read_midi(write_piece(piece), "band.mid")
    assert again.list_bars() == piece.list_bars()
    assert (again.tempi, again.lead_ticks, again.counted) == (piece.tempi, 0, counted)
    assert (again.sheet.beats, again.sheet.key) == (3, Key(6, 1, 1.0))
    assert again.sheet.tempo == pytest.approx(96.5, abs=0.001)


def test_bars_asked_for_are_read_back_as_they_were_played() -> None:
    piece = TimedSheet(read_sheet("[a]\n| C | Am |\n[b]\n| F |"), make_steady_tempo(120.0))
    assert read_midi(write_piece(piece, 11), "band.mid").list_bars() == piece.list_bars(11)


def test_what_is_late_in_the_first_beat_ends_with_it() -> None:
    piece = TimedSheet(read_sheet("| C | G |"), make_steady_tempo(120.0))
    bars = piece.list_bars()
    part = PartTrack("drums", ((ScoreNote(0, 60, 36, 90), ScoreNote(240, 60, 38, 90), ScoreNote(480, 60, 36, 90)), ()))
    data = format_band_file(bars, [part], POP, piece.tempi, None, "late", late_ticks=48)
    ticks = accumulate(message.time for message in MidiFile(file=io.BytesIO(data)).tracks[1])
    track = MidiFile(file=io.BytesIO(data)).tracks[1]
    on = [tick for tick, message in zip(ticks, track, strict=True) if message.type == "note_on"]
    assert on == [48, 48 + 216, 480]


def test_a_count_in_behind_a_lead_has_the_tempo_of_the_first_bar() -> None:
    piece = TimedSheet(read_sheet("| C | G |"), ((0, 400_000), (240, 500_000), (2160, 600_000)), lead_ticks=240)
    assert piece.add_count_in().tempi == ((0, 400_000), (240, 500_000), (4080, 600_000))


def test_files_of_other_divisions_are_scaled() -> None:
    tempo = MetaMessage("set_tempo", tempo=bpm2tempo(90))
    notes = chord_notes(0, 384, 57, 60, 64) + chord_notes(384, 768, 55, 59, 62)
    data = make_file([(384, tempo)], notes, ticks_per_beat=96)
    piece = read_midi(data, "a.mid")
    assert piece.tempi == ((0, 500_000), (1920, bpm2tempo(90)))
    assert labels(piece) == [["Am"] * 4, ["G"] * 4]


def test_markers_are_sections_from_the_nearest_bar_on_and_names_of_keys_are_not() -> None:
    markers = [(10, "Verse"), (1900, "Chörus"), (3840, "A minor")]
    first = [(tick, MetaMessage("marker", text=text)) for tick, text in markers]
    piece = read_midi(make_file(first, chord_notes(0, 5760, 60, 64, 67)), "a.mid")
    assert [(section.name, len(section.bars)) for section in piece.sheet.sections] == [("Verse", 1), ("Chörus", 2)]


def test_a_note_on_of_velocity_0_ends_a_note_and_one_that_never_ends_does_no_harm() -> None:
    notes = [
        (0, Message("note_on", note=60, velocity=90)), (0, Message("note_on", note=64, velocity=90)),
        (0, Message("note_on", note=67, velocity=90)), (1920, Message("note_on", note=60, velocity=0)),
        (1920, Message("note_on", note=64, velocity=0)),
    ]  # fmt: skip
    assert labels(read_midi(make_file(notes), "a.mid")) == [["C"] * 4]


def test_drums_are_no_chords() -> None:
    beats = [note for beat in range(8) for note in chord_notes(beat * 480, beat * 480 + 60, 36, 42, channel=9)]
    with pytest.raises(ConfigError, match="has drums alone"):
        read_midi(make_file(beats), "beat.mid")
    assert labels(read_midi(make_file(beats), "beat.mid", harmony=False)) == [["N"] * 4] * 2
    both = read_midi(make_file(beats, chord_notes(0, 3840, 57, 60, 64)), "a.mid")
    assert labels(both) == [["Am"] * 4] * 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cannot be read as MIDI"),
        (b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x20", "cannot be read as MIDI"),
        (b"RIFFxxxxWAVE", "cannot be read as MIDI"),
        (make_file([(0, MetaMessage("track_name", name="empty"))]), "has no notes and names no chords"),
        (make_file([(0, MetaMessage("time_signature", numerator=7, denominator=8))], chord_notes(0, 9600, 60)), "7/8"),
        (make_file(chord_notes(0, 480, 60), chord_notes(0, 480, 60), kind=2), "type 2"),
        (make_file(chord_notes(0, 480 * 4 * 10_001, 60)), "more than 10000 bars"),
    ],
)  # fmt: skip
def test_the_error_for_a_file_without_music_names_the_fix(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_midi(data, "song.mid")
    assert error.value.message.startswith("song.mid: ")
    assert said in error.value.message
    assert error.value.hint


def test_notes_of_no_length_or_without_an_end_carry_the_harmony() -> None:
    ends = {
        "on and off at one tick": chords(0),
        "one tick long": chords(1),
        "30 ticks long": chords(30),
        "soft": chords(velocity=1),
        "soft and of no length": chords(0, velocity=1),
        "of no length behind long ones": b"".join(
            block(pitches, 1920 * (bar < 2), 1920 * (bar == 3)) for bar, pitches in enumerate(CHORDS)
        ),
        "never ended": b"".join(
            number(1920 * (bar > 0)) + bytes([0x90, *(p := CHORDS[bar])[:1], 80, 0, p[1], 80, 0, p[2], 80])
            for bar in range(4)
        )
        + meta(1, b"end", 1920),
        "ended twice": chords() + b"\0\x80\x3c\0\0\x43\0",
        "struck again before they end": b"".join(
            bytes([0, 0x90, pitch, 80]) * 2 + number(0) + bytes([0x80, pitch, 0]) for pitch in CHORDS[0]
        )
        + b"".join(number(1920 * (n == 0)) + bytes([0x80, pitch, 0]) for n, pitch in enumerate(CHORDS[0]))
        + b"".join(block(pitches, 1920) for pitches in CHORDS[1:]),
    }
    for what, events in ends.items():
        assert (what, labels(read_midi(file(events), "a.mid"))) == (what, LABELS)


def test_a_broken_chord_of_notes_without_length_is_a_chord() -> None:
    notes = b"".join(
        number(480 * (bar + beat > 0)) + bytes([0x90, pitch, 80, 0, pitch, 0])
        for bar, (low, *high) in enumerate(CHORDS)
        for beat, pitch in enumerate((low, *high, high[0]))
    )
    assert labels(read_midi(file(notes), "a.mid")) == LABELS


@pytest.mark.parametrize("slip", [b"\0\0\0", b"\0\0\1", b"\0\x27\x10", b"\xff\xff\xff", b"\7\xa1", b"", b"\7\xa1\x20"])
def test_no_tempo_but_one_that_can_be_counts(slip: bytes) -> None:
    tempo = meta(0x51, b"\6\x1a\x80")
    for events in (meta(0x51, slip) + tempo + chords(), tempo + block(CHORDS[0], 1920) + meta(0x51, slip) + chords()):
        piece = read_midi(file(events), "a.mid")
        assert all(60_000 < each < 12_000_000 for _, each in piece.tempi)
        assert piece.tempi[0] == (0, 400_000)
        again = read_midi(write_piece(piece), "band.mid")
        assert again.tempi == piece.tempi
        assert bool(piece.remarks) == (slip != b"\7\xa1\x20")


def test_remarks_are_few_however_many_things_are_odd() -> None:
    slips = b"".join(meta(0x51, bytes([0, 1, n % 256])) + meta(0x58, bytes([0, n % 256])) for n in range(1000))
    torn = chunk(b"MTrk", b"\0\x90") * 100
    piece = read_midi(header(101) + track(slips, chords()) + torn, "a.mid")
    assert len(piece.remarks) == 13
    assert piece.remarks[-1] == "and 89 more remarks"
    assert max(map(len, piece.remarks)) < 500


def test_many_markers_metres_and_notes_of_one_pitch_are_read() -> None:
    bars = 5000
    events = b"".join(meta(6, b"Verse" if bar % 2 else b"Chorus") + block(CHORDS[bar % 4], 1920) for bar in range(bars))
    piece = read_midi(file(events), "a.mid")
    assert len(piece.sheet.sections) == bars
    held = b"\0\x90\x3c\x50" * 50_000 + number(1920) + b"\x3c\0" + b"\0\x3c\0" * 49_999
    assert labels(read_midi(file(held), "a.mid"))[0][0] != "N"


@pytest.mark.parametrize(
    ("name", "chords_"),
    [
        ("karaoke.mid", "C Am F G C Am F G"), ("tempo_0.mid", "C Am F G C Am F G"),
        ("notes_of_no_length.mid", "C Am F G C Am F G"), ("chunk_of_another_kind.mid", "C Am F G C Am F G"),
        ("riff.rmi", "C Am F G C Am F G"), ("key_of_18_sharps.mid", "C Am"),
    ],
)  # fmt: skip
def test_files_that_users_reported_have_the_chords_of_their_notes(name: str, chords_: str) -> None:
    piece = read_midi((SEEDS / "midi" / name).read_bytes(), name)
    assert labels(piece) == [[chord] * 4 for chord in chords_.split()]
    assert (piece.tempi, piece.sheet.tempo) == (((0, 500_000),), 120.0)


def test_the_work_grows_with_the_length_of_the_song_and_no_faster() -> None:
    def lines(bars: int) -> int:
        """Lines of Python that reading so many bars takes, with a marker and a metre each."""
        count = 0

        def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
            nonlocal count
            count += event == "line"
            return trace

        each = (meta(6, b"%d" % bar) + meta(0x58, b"\4\2") + block(CHORDS[bar % 4], 1920) for bar in range(bars))
        data = file(b"".join(each))
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            read_midi(data, "a.mid")
        finally:
            sys.settrace(before)
        return count

    lines(10)
    assert lines(800) < 2.1 * lines(400)
