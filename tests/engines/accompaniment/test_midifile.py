"""MIDI files read as what the band plays to: the band's own, read back, and those that others write."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from mido import Message, MetaMessage, MidiFile, MidiTrack, bpm2tempo

from bridge.core.events import Chord, Key
from bridge.errors import ConfigError
from engines.accompaniment.arranger import perform
from engines.accompaniment.offline.midi import band_file
from engines.accompaniment.offline.midifile import read_midi
from engines.accompaniment.offline.piece import Piece, steady
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import Dials
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.style import PART_NAMES, find, load

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
POP = load(find("pop"))


def written(piece: Piece, count: int | None = None) -> bytes:
    bars = piece.bars(count)
    parts = [perform(bars, name, PARTS[name], POP, Dials()) for name in PART_NAMES]
    return band_file(bars, parts, POP, piece.tempi, piece.sheet.key, "mine", piece.lead_ticks)


def file_of(*tracks: Sequence[tuple[int, Any]], ticks_per_beat: int = 480, kind: int = 1) -> bytes:
    """Tracks of (tick, message), in any order."""
    file = MidiFile(type=kind, ticks_per_beat=ticks_per_beat, charset="utf-8")
    for events in tracks:
        track, before = MidiTrack(), 0
        for tick, message in sorted(events, key=lambda timed: timed[0]):
            track.append(message.copy(time=tick - before))
            before = tick
        file.tracks.append(track)
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def chord_notes(start: int, end: int, *pitches: int, channel: int = 0) -> list[tuple[int, Message]]:
    on = [(start, Message("note_on", note=pitch, velocity=90, channel=channel)) for pitch in pitches]
    return on + [(end, Message("note_off", note=pitch, channel=channel)) for pitch in pitches]


def labels(piece: Piece) -> list[list[str]]:
    return [[chord.label for chord in bar.chords] for bar in piece.bars()]


@pytest.mark.parametrize("counted", [False, True])
def test_the_bands_own_file_has_the_same_bars_chords_sections_and_tempo(counted: bool) -> None:
    sheet = read_sheet(SHEET)
    piece = Piece(sheet, steady(96.5), counted=counted)
    again = read_midi(written(piece), "band.mid")
    assert again.bars() == piece.bars()
    assert (again.tempi, again.lead_ticks, again.counted) == (piece.tempi, 0, counted)
    assert (again.sheet.beats, again.sheet.key) == (3, Key(6, 1, 1.0))
    assert again.sheet.tempo == pytest.approx(96.5, abs=0.001)


def test_bars_asked_for_are_read_back_as_they_were_played() -> None:
    piece = Piece(read_sheet("[a]\n| C | Am |\n[b]\n| F |"), steady(120.0))
    assert read_midi(written(piece, 11), "band.mid").bars() == piece.bars(11)


def test_a_lead_in_and_a_tempo_for_each_beat_are_read_back() -> None:
    tempi = ((0, 437_123), (500 - 20, 500_001), (960, 499_999), (1440, 612_345))
    piece = Piece(read_sheet("| C | G |"), tempi, lead_ticks=480)
    again = read_midi(written(piece), "band.mid")
    assert again.tempi == tempi
    # quarter notes that lead in are a bar of their own, in which no chord is named
    assert labels(again) == [["N"], ["C"] * 4, ["G"] * 4]
    sixty_fourths = Piece(read_sheet("| C | G |"), tempi, lead_ticks=150)
    again = read_midi(written(sixty_fourths), "band.mid")
    assert (again.lead_ticks, labels(again)) == (150, [["C"] * 4, ["G"] * 4])
    first = MidiFile(file=io.BytesIO(written(sixty_fourths))).tracks[0]
    metres = [(m.numerator, m.denominator) for m in first if m.type == "time_signature"]
    assert metres == [(5, 64), (4, 4)]


def test_metres_may_change_and_long_bars_are_divided() -> None:
    metres = [
        (tick, MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for tick, numerator, denominator in ((0, 6, 8), (1440, 4, 4), (3360, 2, 2), (5280, 9, 4))
    ]
    data = file_of(metres, chord_notes(0, 9600, 60, 64, 67))
    assert [bar.beats for bar in read_midi(data, "a.mid").bars()] == [3, 4, 4, 3, 3, 3]


def test_files_of_other_divisions_are_scaled() -> None:
    tempo = MetaMessage("set_tempo", tempo=bpm2tempo(90))
    notes = chord_notes(0, 384, 57, 60, 64) + chord_notes(384, 768, 55, 59, 62)
    data = file_of([(384, tempo)], notes, ticks_per_beat=96)
    piece = read_midi(data, "a.mid")
    assert piece.tempi == ((0, 500_000), (1920, bpm2tempo(90)))
    assert labels(piece) == [["Am"] * 4, ["G"] * 4]


def test_markers_are_sections_from_the_nearest_bar_on_and_names_of_keys_are_not() -> None:
    markers = [(10, "Verse"), (1900, "Chörus"), (3840, "A minor")]
    first = [(tick, MetaMessage("marker", text=text)) for tick, text in markers]
    piece = read_midi(file_of(first, chord_notes(0, 5760, 60, 64, 67)), "a.mid")
    assert [(section.name, len(section.bars)) for section in piece.sheet.sections] == [("Verse", 1), ("Chörus", 2)]


def test_a_note_on_of_velocity_0_ends_a_note_and_one_that_never_ends_does_no_harm() -> None:
    notes = [
        (0, Message("note_on", note=60, velocity=90)), (0, Message("note_on", note=64, velocity=90)),
        (0, Message("note_on", note=67, velocity=90)), (1920, Message("note_on", note=60, velocity=0)),
        (1920, Message("note_on", note=64, velocity=0)),
    ]  # fmt: skip
    assert labels(read_midi(file_of(notes), "a.mid")) == [["C"] * 4]


def test_drums_are_no_chords() -> None:
    beats = [note for beat in range(8) for note in chord_notes(beat * 480, beat * 480 + 60, 36, 42, channel=9)]
    with pytest.raises(ConfigError, match="has drums alone"):
        read_midi(file_of(beats), "beat.mid")
    assert labels(read_midi(file_of(beats), "beat.mid", harmony=False)) == [["N"] * 4] * 2
    both = read_midi(file_of(beats, chord_notes(0, 3840, 57, 60, 64)), "a.mid")
    assert labels(both) == [["Am"] * 4] * 2


def test_texts_that_are_no_chords_and_lyrics_are_passed_over() -> None:
    words = [(0, MetaMessage("text", text="recorded at home")), (0, MetaMessage("lyrics", text="A"))]
    assert labels(read_midi(file_of(words, chord_notes(0, 1920, 60, 64, 67)), "a.mid")) == [["C"] * 4]
    named = [*words, (960, MetaMessage("text", text="F#m7/C#"))]
    (bar,) = read_midi(file_of(named, chord_notes(0, 1920, 60, 64, 67)), "a.mid").bars()
    assert bar.chords[0].root == -1
    assert bar.chords[2] == Chord(6, 4, 1, 1.0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cannot be read as MIDI"),
        (b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x20", "cannot be read as MIDI"),
        (b"RIFFxxxxWAVE", "cannot be read as MIDI"),
        (file_of([(0, MetaMessage("track_name", name="empty"))]), "has no notes and names no chords"),
        (file_of([(0, MetaMessage("time_signature", numerator=7, denominator=8))], chord_notes(0, 9600, 60)), "7/8"),
        (file_of(chord_notes(0, 480, 60), kind=2), "type 2"),
        (file_of(chord_notes(0, 480 * 4 * 10_001, 60)), "more than 10000 bars"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_to_is_said_with_a_mend(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_midi(data, "song.mid")
    assert error.value.message.startswith("song.mid: ")
    assert said in error.value.message
    assert error.value.hint
