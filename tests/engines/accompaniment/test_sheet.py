from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bridge.core.chords import QUALITIES, QUALITY_NUMBERS
from bridge.core.events import NOTE_NAMES, Chord, Key
from bridge.errors import ConfigError
from engines.accompaniment.chord_symbol import parse_chord
from engines.accompaniment.score import NO_CHORD
from engines.accompaniment.sheet import HIGHEST_BPM, LOWEST_BPM, METRES, read_sheet


def labels(text: str) -> list[list[str]]:
    return [[chord.label for chord in bar] for section in read_sheet(text).sections for bar in section.bars]


@pytest.mark.parametrize(
    ("quality", "symbols"),
    [
        ("", "C CM Cmaj C6 C69 C6/9 Cadd9 C5 C2"),
        ("m", "Cm C- Cmin Cmi Cm6 CmM7 Cm(maj7) C-Δ Cmadd9"),
        ("7", "C7 C9 C11 C13 C7b9 C7(#9) C7alt C13#11 C7(b9,b13)"),
        ("maj7", "CM7 Cmaj7 Cma7 CΔ CΔ7 C^7 Cmaj9 Cmaj7#11"),
        ("m7", "Cm7 C-7 Cmin7 Cmi7 Cm9 Cm11 Cm13"),
        ("dim", "C° Cdim Co C°7 Cdim7 Cm7b5 C-7b5 Cm7(b5) Cm7♭5 Cø Cø7 Cmb5"),
        ("aug", "C+ Caug C+7 C7#5 Caug7 Cmaj7#5 C7♯5"),
        ("sus4", "Csus Csus4 C7sus4 C9sus C13sus4"),
    ],
)
def test_chords_are_read_as_people_write_them(quality: str, symbols: str) -> None:
    for symbol in symbols.split():
        assert parse_chord(symbol) == Chord(0, QUALITY_NUMBERS[quality], 0, 1.0), symbol


@pytest.mark.parametrize(("symbol", "root"), [("F#m7", 6), ("B♭m7", 10), ("E♯m7", 5), ("Cbm7", 11), ("Abm7", 8)])
def test_sharps_and_flats(symbol: str, root: int) -> None:
    assert parse_chord(symbol) == Chord(root, QUALITY_NUMBERS["m7"], root, 1.0)


def test_a_slash_names_the_bass() -> None:
    assert parse_chord("G/B") == Chord(7, 0, 11, 1.0)
    assert parse_chord("F#m7/C#") == Chord(6, 4, 1, 1.0)
    assert parse_chord("C6/9/E") == Chord(0, 0, 4, 1.0)


def test_a_suspended_second_keeps_its_notes_and_its_bass() -> None:
    chord = parse_chord("Csus2")
    assert chord is not None
    assert {*chord.pitch_classes} == {0, 2, 7}
    assert chord.bass == 0


@pytest.mark.parametrize("symbol", ["N.C.", "NC", "N", "n.c."])
def test_no_chord(symbol: str) -> None:
    assert parse_chord(symbol) == NO_CHORD


@pytest.mark.parametrize("symbol", ["", "Cm8", "Cfoo", "c", "C/", "%", "Cm7m", "7"])
def test_what_is_no_chord_is_none(symbol: str) -> None:
    assert parse_chord(symbol) is None


def test_chords_share_a_bar_evenly() -> None:
    assert labels("| Am7 D7 | Gmaj7 |") == [["Am7", "Am7", "D7", "D7"], ["Gmaj7"] * 4]
    assert labels("| C F G |") == [["C", "C", "F", "G"]]
    assert labels("metre: 3/4\n| C F |") == [["C", "C", "F"]]
    assert labels("| C / / G |") == [["C", "C", "C", "G"]]


def test_a_percent_sign_repeats_the_bar_across_lines_and_sections() -> None:
    assert labels("| C G |\n[b]\n| % | F |\n| % |") == [["C", "C", "G", "G"]] * 2 + [["F"] * 4] * 2


def test_sections_headings_and_comments() -> None:
    sheet = read_sheet(
        "# mine\ntempo: 92.5\nmeter: 3/4\nkey: F# minor\n[verse]\n| F#m | # soft\n[chorus x2]\n|| D | A ||"
    )
    assert (sheet.tempo, sheet.beats, sheet.key) == (92.5, 3, Key(6, 1, 1.0))
    assert [(one.name, one.times, len(one.bars)) for one in sheet.sections] == [("verse", 1, 1), ("chorus", 2, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "\ufefftempo: 96\n| C | Am |", "tempo: 96\r\n| C | Am |\r\n", "tempo: 96\r| C | Am |\r",
        "tempo: 96\u2028| C | Am |",
        "tempo:\u00a096\n|\u00a0C\u00a0|\u00a0Am\u00a0|", "\ttempo:\t96\n|\tC\t|\tAm\t|", "tempo： 96\n｜Ｃ｜Ａｍ｜",
        "tempo: 96\n|\u200bC\u200b|A\u2060m|\ufeff", "tempo: 96\n│ C │ Am │", "tempo: 96\n‖ C | A\u00adm ‖",
        "tempo: 96\n| C |\u3000A\u2212 |",
    ],
)  # fmt: skip
def test_every_editors_characters_are_read(text: str) -> None:
    sheet = read_sheet(text)
    assert sheet.tempo == 96
    assert [[chord.label for chord in bar] for bar in sheet.sections[0].bars] == [["C"] * 4, ["Am"] * 4]


def test_columns_are_those_that_an_editor_shows() -> None:
    with pytest.raises(ConfigError) as error:
        read_sheet("\ufeff|\u200b Ｃ\u3000|\u00a0Xm |")
    assert "line 1, column 7: 'Xm'" in error.value.message


def test_names_and_titles_keep_their_characters() -> None:
    sheet = read_sheet("title: a | b – Ø\n[Øst – 2º x2]\n| C |")
    assert sheet.sections[0].name == "Øst – 2º"


@pytest.mark.parametrize("repeat", ["%", "％", "./.", "\U0001d10e"])
def test_a_bar_is_repeated_by_any_sign_for_it(repeat: str) -> None:
    assert labels(f"| C G |\n| {repeat} |") == [["C", "C", "G", "G"]] * 2


@pytest.mark.parametrize(
    ("text", "key"),
    [("Am", (9, 1)), ("C", (0, 0)), ("Bb major", (10, 0)), ("G#minor", (8, 1)), ("H", (11, 0)), ("Fis", (6, 0))],
)
def test_keys(text: str, key: tuple[int, int]) -> None:
    assert read_sheet(f"key: {text}\n| C |").key == Key(*key, 1.0)


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("| C | Xm7 |", "line 1, column 7: 'Xm7' is no chord", "write it as"),
        ("[a]\n  | C | am |", "line 2, column 9: 'am'", "Am"),
        ("| H |\n| C | Em/B |", "line 2, column 7: 'Em/B' beside 'H'", "write Bb for B flat, H for B natural"),
        ("| B | C |\n| Fis |", "line 1, column 3: 'B' beside 'Fis'", "write Bb"),
        ("key: B\n| H7 |", "line 1, column 6: 'B' beside 'H7'", "write Bb"),
        ("| C | Cm7foo |", "column 7: 'Cm7foo' is no chord that is known here: 'foo' at column 10", "write it as"),
        ("| Do | Sol |", "column 3: 'Do'", "write notes by letters: C"),
        ("| C | (b9) |", "column 7: '(b9)'", "one word"),
        ("| V7 |", "column 3: 'V7'", "by their names"),
        ("| C | ./. D |", "column 11: % is not alone", "write"),
        ("| C | " + "X" * 99 + " |", "column 7: '" + "X" * 40 + "...'", "write it as"),
        ("[a x99999999999999999999999999999999999999999999999]\n| C |", "x99999", "x1 to x64"),
        ("| C D E F G |", "line 1, column 11: 5 chords in a bar of 4 beats", "one a beat"),
        ("| C | | D |", "column 6: an empty bar", "%"),
        ("| % |", "column 3: % without a bar", "first bar"),
        ("| C | % D |", "column 9: % is not alone", "write"),
        ("|: C :|", "column 2: ':'", "[verse x2]"),
        ("[verse x0]\n| C |", "line 1, column 1: x0", "x1"),
        ("[verse] | C |", "line 1, column 1", "bars"),
        ("[]\n| C |", "line 1, column 1: '[]'", "[verse]"),
        ("[verse]\n[chorus]\n| C |", "line 1, column 1: the section 'verse' has no bars", "below"),
        ("| C |\n\n[end]", "line 3, column 1: the section 'end'", "below"),
        ("tempo: fast\n| C |", "line 1, column 8: the tempo 'fast'", "20 to 400"),
        ("tempo: nan\n| C |", "line 1, column 8", "20 to 400"),
        ("  metre: 6/8\n| C |", "line 1, column 10: the metre '6/8'", "3/4"),
        ("key: X\n| C |", "line 1, column 6: the key 'X'", "Am"),
        ("mood: sad\n| C |", "line 1, column 1: 'mood'", "tempo, metre"),
        ("| C |\ntempo: 90", "line 2, column 1: tempo after", "above"),
        ("C Am F G", "line 1, column 1", "| Am7 D7 |"),
        ("# nothing", "no bars", "| Am7"),
        ("[a x64]\n" + "| C |\n" * 200, "more than 10000 bars", "less often"),
    ],
)  # fmt: skip
def test_errors_name_line_column_and_hint(text: str, place: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_sheet(text, "song.txt")
    assert error.value.message.startswith("song.txt: ")
    assert place in error.value.message
    assert hint in error.value.hint


chords = st.builds(
    lambda root, quality, bass: Chord(root, quality, root if bass is None else bass, 1.0),
    st.integers(0, 11), st.integers(0, len(QUALITIES) - 1), st.none() | st.integers(0, 11),
) | st.just(NO_CHORD)  # fmt: skip
written = st.lists(st.lists(chords, min_size=1, max_size=2), min_size=1, max_size=12)


@given(written, st.sampled_from(sorted(METRES)), st.floats(LOWEST_BPM, HIGHEST_BPM), st.integers(1, 9))
def test_what_is_written_is_read(bars: list[list[Chord]], metre: str, tempo: float, times: int) -> None:
    lines = " | ".join(" ".join("N.C." if c.root < 0 else c.label for c in bar) for bar in bars)
    sheet = read_sheet(f"tempo: {tempo}\nmetre: {metre}\n[verse two x{times}]\n| {lines} |")
    assert (sheet.tempo, sheet.beats) == (tempo, METRES[metre])
    (section,) = sheet.sections
    assert (section.name, section.times) == ("verse two", times)
    assert [list(dict.fromkeys(bar)) for bar in section.bars] == [list(dict.fromkeys(bar)) for bar in bars]
    assert all(len(bar) == sheet.beats for bar in section.bars)
    assert all(bar[0] == given[0] and bar[-1] == given[-1] for bar, given in zip(section.bars, bars, strict=True))


@given(st.text("|[]%:#/ \nCGmaj7bx.é", max_size=60))
def test_any_text_is_a_sheet_or_a_clear_error(text: str) -> None:
    try:
        sheet = read_sheet(text)
    except ConfigError as error:
        assert error.hint
    else:
        assert sheet.sections


def test_every_label_that_the_project_prints_is_read_back() -> None:
    for root in range(12):
        for number, quality in enumerate(QUALITIES):
            assert parse_chord(NOTE_NAMES[root] + quality.suffix) == Chord(root, number, root, 1.0)
