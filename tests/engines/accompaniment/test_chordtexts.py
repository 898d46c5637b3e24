"""Chord texts of a MIDI file: those of a chord track; not lyrics, rehearsal letters, markers, credits or names."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bridge.errors import ConfigError
from engines.accompaniment.arranger import perform
from engines.accompaniment.offline.midi import format_band_file
from engines.accompaniment.offline.midifile import read_midi
from engines.accompaniment.offline.timed_sheet import TimedSheet, make_steady_tempo
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import PerformanceControls
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.style import PART_NAMES, load_style
from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style
from engines.mir.offline.midi_export import format_midi_file
from engines.mir.offline.song_map import ChordSpan, SongBeat, SongMap
from tests.engines.offline.smf import CHORDS, LABELS, block, chords, file, header, number, text, track

SONG = chords(times=2)
"""C Am F G, twice."""
TWICE = LABELS * 2


def labels(data: bytes, harmony: bool = True) -> list[list[str]]:
    return [[chord.label for chord in bar.chords] for bar in read_midi(data, "a.mid", harmony).list_bars()]


def texts(words: Sequence[str], step: int, kind: int = 1, name: str = "", first: int = 0) -> bytes:
    """A track of texts, one each so many ticks."""
    named = [text(name, 3)] if name else []
    return track(*named, *(text(word, kind, step if place else first) for place, word in enumerate(words)))


def with_track(other: bytes, song: bytes = SONG) -> bytes:
    return header(2) + track(song) + other


KARAOKE = [
    "@KMIDI KARAOKE FILE",
    "@LENGL",
    "@TOne song",
    "\\I",
    " Am",
    " A",
    " man",
    "/E",
    " ver",
    " D",
    "\\A",
    "/Am",
    " I",
]
ABCD = ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    "other",
    [
        texts(KARAOKE, 480), texts(KARAOKE[3:], 480), texts(KARAOKE, 480, name="Words"), texts(KARAOKE, 480, kind=5),
        texts(["I", "Am", "A", "man"], 480), texts([" A", " Am"], 960, first=960), texts(["Am"], 0), texts(["D"], 0),
        texts(["G"], 0, first=7 * 1920),
        texts(["Am", "A", "Em", "D", "E", "B"], 700, kind=5), texts(["A", "E", "Dim"], 480),
        texts(ABCD, 3840), texts(ABCD[:2], 7680), texts(["A", "A", "B", "A"], 3840), texts(ABCD, 1920, name="Chords"),
        texts(["Intro", *ABCD], 1920), texts(ABCD, 1920, kind=6), texts(["Verse A", "Chorus B"], 1920, kind=6),
        texts(["E", "D"], 1920, kind=7), texts(["D"], 0, kind=2), texts(["C 1999 by A. Bee"], 0, kind=2),
        texts(["E"], 0, kind=4), texts([], 0, name="E"), texts(["by", "A", "and", "D", "(Em)"], 0),
    ],
)  # fmt: skip
def test_lyrics_letters_credits_and_names_leave_the_chords_to_the_notes(other: bytes) -> None:
    assert labels(with_track(other)) == TWICE


def test_the_same_in_the_track_of_the_notes() -> None:
    words = (" Am", " A", " man", " D")
    events = b"".join(text(word) + block(pitches, 1920) for word, pitches in zip(words, CHORDS, strict=True))
    assert labels(file(events)) == LABELS
    letters = b"".join(text(letter) + chords() for letter in ABCD)
    assert labels(file(letters)) == LABELS * 4


TUNE = b"".join(
    block((pitch,), 480) for pitch in (76, 74, 79, 81, 76, 74, 72, 69, 77, 79, 81, 76, 79, 77, 74, 71,
                                       72, 76, 74, 79, 73, 76, 79, 77, 74, 76, 77, 69, 71, 74, 76, 77)
)  # fmt: skip
CHART = ["Cmaj7", "Am7", "F", "G7", "Cmaj7", "A7", "Dm7", "G7"]


@pytest.mark.parametrize(
    ("song", "chart"),
    [
        (SONG, ["Cmaj7", "Am7", "F6", "G7", "C", "Am7", "F", "G"]),
        (TUNE, CHART),
        (b"".join(b"\0\xc9\0" + number(1920 * (bar > 0)) + b"\x99\x24\x50\x60\x24\0" for bar in range(8)), CHART),
        (b"", CHART), (b"", ["C", "F", "G", "C"]),
    ],
)  # fmt: skip
def test_a_chord_track_names_the_chords(song: bytes, chart: list[str]) -> None:
    named = with_track(texts(chart, 1920) + b"", song)
    ends = read_midi(named, "a.mid").list_bars()
    expected = [read_sheet(f"| {symbol} |").sections[0].bars[0][0].label for symbol in chart]
    assert [bar.chords[0].label for bar in ends] == expected[: len(ends)]
    assert len(ends) >= len(chart) - 1


def test_credits_at_the_start_of_a_chord_track_do_no_harm() -> None:
    words = [text("Transcribed by A. Bee"), text("recorded at home"), text("1999")]
    chart = [text(symbol, delta=1920 * (place > 0)) for place, symbol in enumerate(["Cmaj7", "Am7", "Fmaj7", "G7"])]
    assert [bar[0] for bar in labels(with_track(track(*words, *chart), chords()))] == ["Cmaj7", "Am7", "Fmaj7", "G7"]


def test_a_chord_track_counts_beside_the_words_of_a_song() -> None:
    chart = texts(["Cmaj7", "Am7", "Fmaj7", "G7"] * 2, 1920, name="Chords")
    data = header(3) + track(SONG) + chart + texts(KARAOKE, 480, name="Words")
    assert [bar[0] for bar in labels(data)] == ["Cmaj7", "Am7", "Fmaj7", "G7"] * 2


def test_a_chord_before_the_first_named_one_is_none() -> None:
    chart = ["Am7", "F", "G7", "C", "Am7", "F", "G7"]
    named = labels(with_track(texts(chart, 1920, first=1920)))
    assert [bar[0] for bar in named] == ["N", "Am7", "F", "G7", "C", "Am7", "F", "G7"]


@pytest.mark.parametrize("words", [ABCD, ABCD[:2], KARAOKE, KARAOKE[3:], ["Am", "I", "a", "D"]])
def test_letters_and_words_beside_drums_are_no_chords(words: list[str]) -> None:
    drums = b"".join(number(240 * (n > 0)) + b"\x99\x24\x50\x60\x24\0" for n in range(64))
    data = with_track(texts(words, 960), drums)
    with pytest.raises(ConfigError, match="drums alone"):
        labels(data)
    assert {label for bar in labels(data, False) for label in bar} == {"N"}


@pytest.mark.parametrize("style", SHIPPED_STYLES)
@pytest.mark.parametrize("sheet", ["| C | F |", "| Dm7 | G7 | Cmaj7 | A7 |", "| A | B | C | D |", "| N.C. | Ebaug/G |"])
@pytest.mark.parametrize("parts", [PART_NAMES, ("drums",), ("bass",)])
def test_the_bands_own_chords_are_read_back_whatever_it_plays(style: str, sheet: str, parts: tuple[str, ...]) -> None:
    band = load_style(find_style(style))
    piece = TimedSheet(read_sheet(sheet), make_steady_tempo(100.0))
    bars = piece.list_bars(8)
    played = [perform(bars, name, PARTS[name], band, PerformanceControls()) for name in parts if name in band.parts]
    data = format_band_file(bars, played, band, piece.tempi, None, f"Sideman: {style}")
    assert [bar.chords for bar in read_midi(data, "band.mid").list_bars()] == [bar.chords for bar in bars]


def test_the_chords_of_an_analysed_song_are_read_back() -> None:
    beats = tuple(SongBeat(0.5 * n, n % 4 + 1, 4, 0.9) for n in range(17))
    names = (("C", 0, (0, 4, 7)), ("Am", 9, (9, 0, 4)), ("F", 5, (5, 9, 0)), ("G", 7, (7, 11, 2)))
    spans = tuple(ChordSpan(2.0 * n + 0.04, 2.0 * n + 2.04, label, label, root, root, pitches, 0.8)
                  for n, (label, root, pitches) in enumerate(names))  # fmt: skip
    data = format_midi_file(SongMap("x.wav", "mir.x", 48000, 8 * 48000, 8.0, beats=beats, chords=spans), "song")
    assert [bar[1] for bar in labels(data)][:4] == ["C", "Am", "F", "G"]


def test_named_and_played_chords_that_disagree_are_those_played_and_that_is_said() -> None:
    data = with_track(texts(["F#m7", "B7", "Emaj7", "C#m"] * 2, 1920))
    assert labels(data) == TWICE
    assert read_midi(data, "a.mid").remarks == ("track 2: its chord symbols do not fit the notes, which count",)
    words = with_track(texts(["C", "la", "Am", "ti", "F"], 960, name="Chords"))
    assert labels(words) == TWICE
    assert read_midi(words, "a.mid").remarks == ("track 2: 2 of its texts are no chords, so none is taken for one",)


def test_a_track_of_letters_does_not_lengthen_the_song() -> None:
    assert labels(with_track(texts(ABCD, 7680))) == TWICE
    assert len(labels(with_track(texts([*CHART, "C"], 1920)))) == 9 - 1
    assert len(labels(with_track(texts([*CHART, "C", "F"], 1920)))) == 9
