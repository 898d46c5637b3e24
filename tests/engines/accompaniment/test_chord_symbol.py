"""Chord symbols as people write them: the notes, the bass and the root that published conventions give them."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bridge.core.chords import QUALITIES, SPELLINGS, find_intervals
from bridge.core.events import Chord
from engines.accompaniment import chord_symbol
from engines.accompaniment.chord_symbol import (
    ChordSymbol,
    SymbolError,
    has_ambiguous_b,
    parse_chord,
    parse_label,
    parse_symbol,
)
from engines.accompaniment.note_names import normalise
from engines.accompaniment.score import NO_CHORD

TABLE = Path(__file__).with_name("chord_symbols.tsv")
FOREIGN = "xyzqkwv?!;=&@_~é\u9f3b"
"""Characters that no symbol has."""


class Row(NamedTuple):
    symbol: str
    root: int
    pitch_classes: frozenset[int]
    bass: int
    quality: str


def rows() -> list[Row]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").split("\n") if line and not line.startswith("# ")]
    cells = [line.split("\t") for line in lines[1:]]
    return [
        Row(symbol, int(root), frozenset(map(int, notes.split())), int(bass), quality)
        for symbol, root, notes, bass, quality, _source in cells
    ]


ROWS = rows()
symbols = st.sampled_from([row.symbol for row in ROWS])


def test_the_table_has_all_the_spellings_it_should() -> None:
    assert len({row.symbol for row in ROWS}) == len(ROWS) >= 300


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.symbol)
def test_a_symbol_is_read_as_its_convention_has_it(row: Row) -> None:
    symbol = parse_symbol(row.symbol)
    assert (symbol.root, symbol.pitch_classes, symbol.bass, symbol.quality) == row[1:]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_spelling_of_the_vocabulary_has_its_notes_and_is_composed_to_the_same(
    spelling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = QUALITIES[SPELLINGS[spelling]]
    assert normalise(spelling) == spelling
    for root in ("C", "Eb", "F#"):
        symbol = parse_symbol(f"{root}{spelling}/G")
        assert (symbol.intervals, symbol.quality) == (frozenset(quality.intervals), quality.suffix)
        with monkeypatch.context() as patched:
            patched.setattr(chord_symbol, "SPELLINGS", {})
            assert parse_symbol(f"{root}{spelling}/G") == symbol


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.symbol)
def test_a_symbol_of_a_qualitys_own_notes_is_of_that_quality(row: Row) -> None:
    symbol = parse_symbol(row.symbol)
    number = find_intervals(symbol.intervals)
    assert number is None or symbol.quality in (
        QUALITIES[number].suffix,
        "",
    )  # "": what is left of a chord without its third


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.symbol)
def test_the_band_keeps_root_bass_third_and_seventh(row: Row) -> None:
    chord = parse_chord(row.symbol)
    assert chord is not None
    assert chord.bass == row.bass
    assert chord.root == row.root
    played = QUALITIES[chord.quality].intervals
    written = {(note - row.root) % 12 for note in row.pitch_classes}
    thirds = written & {3, 4, 5} if QUALITIES[chord.quality].suffix != "sus4" else {5}
    assert played[1] in thirds or not thirds  # 4 and 3, as in 7#9: 4
    assert len(played) < 4 or played[3] in written
    if QUALITIES[chord.quality].suffix in ("dim", "aug"):
        assert set(played) <= written


@given(symbols, st.integers(0, 30), st.sampled_from(FOREIGN))
def test_nothing_in_a_symbol_is_passed_over(symbol: str, place: int, foreign: str) -> None:
    place = min(place, len(symbol))
    with pytest.raises(SymbolError) as error:
        parse_symbol(symbol[:place] + foreign + symbol[place:])
    assert foreign in error.value.rest or error.value.hint


@given(st.text("ABCDEFGHabdegijlmnosu0123456789#b+-()/,Δ^°øM♭♯.", max_size=12))
def test_any_text_is_a_chord_or_says_what_is_not_understood(text: str) -> None:
    try:
        symbol = parse_symbol(text)
    except SymbolError as error:
        assert 0 <= error.at <= max(len(text) - 1, 0)
        assert error.rest or not text
    else:
        assert 0 in symbol.intervals or "no" in text.lower()
        assert all(0 <= note < 12 for note in (symbol.root, symbol.bass, *symbol.intervals))
        assert symbol.chord.root in symbol.pitch_classes | {(symbol.root + 7) % 12}


@pytest.mark.parametrize(
    "alterations", [("b9", "#5"), ("#9", "b5"), ("#11", "b9"), ("b9", "b13", "#11"), ("sus4", "b9")]
)
def test_the_order_of_alterations_does_not_matter(alterations: tuple[str, ...]) -> None:
    read = {parse_symbol("C7" + "".join(order)) for order in permutations(alterations)}
    read |= {parse_symbol(f"C7({','.join(order)})") for order in permutations(alterations)}
    assert len(read) == 1


def test_an_alteration_in_brackets_is_not_the_roots() -> None:
    assert [symbol_of(text).root for text in ("E(b9)", "Eb9", "F(#11)", "F#11")] == [4, 3, 5, 6]


def symbol_of(text: str) -> ChordSymbol:
    return parse_symbol(text)


@pytest.mark.parametrize("symbol", ["N.C.", "NC", "N", "n.c.", "ＮＣ"])
def test_no_chord(symbol: str) -> None:
    assert parse_chord(symbol) == NO_CHORD


@pytest.mark.parametrize(
    ("symbol", "rest", "hint"),
    [
        ("Cfoo", "foo", ""), ("Cm8", "8", ""), ("C7maj9x", "x", ""), ("C(b9", "(b9", "close"), ("C9)", ")", ""),
        ("C((9))", "(9))", ""), ("C/", "/", "below the slash"), ("C/D/E", "/D", "below the slash"),
        ("C/Em7", "/Em7", "below the slash"), ("D\\C", "\\C", "below the slash"), ("Cm7m", "m", ""),
        ("Cdimaug", "aug", ""),
        ("Cm7(maj7)", "maj7)", ""), ("C79", "79", ""), ("C7913", "7913", ""), ("Cmsus4", "sus4", ""),
        ("C+11", "+11", "C(#11) or Caug11"), ("Bbb9", "bb9", "Bb(b9)"), ("F##5", "##5", "F#(#5)"),
        ("C###", "#", ""),
        ("C7/4", "/4", "C7sus4, or C7add4"), ("C4", "4", "Csus4"),
        ("Do", "Do", "C or, for a diminished chord, Ddim"), ("Do7", "Do7", "C7"), ("Rem", "Rem", "Dm"),
        ("Ré", "Ré", "D"),
        ("Mi", "Mi", "E"), ("Fa#m", "a#m", "F#m"), ("Sol7", "Sol7", "G7"), ("LAm", "LAm", "Am"), ("Si", "Si", "B"),
        ("1", "1", "by their names"), ("4m", "4m", "by their names"), ("bVII", "bVII", "by their names"),
        ("V7", "V7", "by their names"), ("ii", "ii", "by their names"), ("vi7", "vi7", "by their names"),
        ("am", "am", "Am"), ("dm7", "dm7", "Dm7"), ("c", "c", "C, or Cm"), ("h", "h", "H, or Hm"),
        ("fis", "fis", "Fis"),
        ("(G7)", "(G7)", "one word"), ("", "", ""), ("7", "7", "by their names"), ("%", "%", ""),
        ("C maj7", " maj7", ""),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said(symbol: str, rest: str, hint: str) -> None:
    with pytest.raises(SymbolError) as error:
        parse_symbol(symbol)
    assert error.value.rest == rest
    assert hint in error.value.hint
    assert parse_chord(symbol) is None


def test_words_of_a_song_are_no_chords() -> None:
    for word in ("Bad", "Cab", "Dad", "Egg", "Face", "Gas", "Ate", "Bed", "Add", "Age", "Ace", "Dogs", "Come", "Go!"):
        assert parse_chord(word) is None, word


def test_a_b_beside_german_names_is_not_clear() -> None:
    assert not has_ambiguous_b(["C", "B", "Bm7"])
    assert not has_ambiguous_b(["H7", "Bb", "Es"])
    assert has_ambiguous_b(["H7", "N.C.", "B"])
    assert has_ambiguous_b(["Fis", "C/B"])


@pytest.mark.parametrize("root", [-1, *range(12)])
def test_every_label_of_an_analyser_is_a_chord_again(root: int) -> None:
    for quality in range(len(QUALITIES)) if root >= 0 else (0,):
        detected = Chord(root, quality, root, 1.0)
        parsed = parse_label(detected.label)
        assert (parsed.root, parsed.label) == (root, detected.label)
