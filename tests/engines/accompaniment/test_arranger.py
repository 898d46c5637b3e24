from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.events import NOTE_NAMES
from bridge.errors import ConfigError
from engines.accompaniment.arranger import arrange, get_intensity, perform
from engines.accompaniment.parts import PARTS
from engines.accompaniment.parts.voicings import find_voicing
from engines.accompaniment.score import COUNT_IN, Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.sheet import read_sheet
from tests.engines.accompaniment.playing import BOTH, LOOSE, STYLES, song, style

FORM = "[intro]\n| C E7 | F |\n[verse x2]\n| C G | F | G | C Am |\n[chorus]\n| F | G |\n"


def test_sections_follow_one_another_and_the_last_leads_to_the_first() -> None:
    bars = arrange(read_sheet(FORM))
    assert [bar.section for bar in bars] == ["intro"] * 2 + ["verse"] * 8 + ["chorus"] * 2
    assert [bar.number for bar in bars] == list(range(12))
    assert [bar.position for bar in bars] == [0, 1, *range(8), 0, 1]
    assert all(bar.coming == bars[(i + 1) % 12].chords[0] for i, bar in enumerate(bars))


def test_fills_come_at_the_ends_of_sections_and_every_eight_bars() -> None:
    assert [bar.number for bar in arrange(read_sheet(FORM)) if bar.fill] == [1, 9, 11]
    assert [bar.number for bar in arrange(read_sheet("| C | F |"), 20) if bar.fill] == [7, 15, 19]
    assert not arrange(read_sheet("| C |"))[0].fill


def test_what_follows_a_fill_opens() -> None:
    assert [bar.number for bar in arrange(read_sheet("| C | F |"), 20) if bar.opens] == [0, 8, 16]


@pytest.mark.parametrize(
    ("section", "like"),
    [("Chorus 2", "chorus"), ("PRE-CHORUS", "pre"), ("prechorus", "pre"), ("verse a", "verse"), ("B", "b")],
)
def test_a_section_is_known_by_its_first_word(section: str, like: str) -> None:
    assert get_intensity(section) == get_intensity(like)


def test_a_chorus_is_played_harder_than_a_verse_and_a_verse_than_an_intro() -> None:
    assert get_intensity("intro") < get_intensity("verse") < get_intensity("bridge") < get_intensity("chorus")
    assert get_intensity("") == get_intensity("banana") == 0.5


def test_a_section_that_comes_back_is_played_a_little_harder() -> None:
    bars = arrange(read_sheet("[verse]\n| C | F |\n[chorus]\n| G | C |"), 16)
    verses = [bar.intensity for bar in bars if bar.section == "verse" and bar.position == 0]
    assert verses == pytest.approx([0.45, 0.5, 0.55, 0.55])


def test_the_sheet_is_repeated_or_cut_to_the_bars_asked_for() -> None:
    assert len(arrange(read_sheet(FORM), 32)) == 32
    assert len(arrange(read_sheet(FORM), 3)) == 3
    with pytest.raises(ConfigError, match="0 bars; ask for 1"):
        arrange(read_sheet(FORM), 0)


def test_a_count_in_comes_before_the_first_bar_and_changes_nothing_after_it() -> None:
    first, *rest = arrange(read_sheet(FORM), 12, count_in=True)
    assert (first.section, first.number, first.beats) == (COUNT_IN, -1, 4)
    assert tuple(rest) == arrange(read_sheet(FORM), 12)


def loops(
    name: str, part: str, bars: tuple[Bar, ...], controls: PerformanceControls, count: int
) -> list[tuple[ScoreNote, ...]]:
    """The last of ``count`` times through, played without a pause."""
    memory, played = PartState(), list[tuple[ScoreNote, ...]]()
    for _ in range(count):
        played = []
        for bar in bars:
            notes, memory = PARTS[part](bar, style(name), controls, memory)
            played.append(tuple(notes))
    return played


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_a_loop_begins_as_if_it_had_just_ended(name: str, part: str) -> None:
    for seed in range(3):
        controls = replace(LOOSE, seed=seed)
        played = perform(song(), part, PARTS[part], style(name), controls)
        assert played.name == part
        assert list(played.bars) == loops(name, part, song(), controls, 12)


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("part", ["keys", "pad", "guitar"])
def test_a_loop_begins_with_a_voicing_led_from_its_last(name: str, part: str) -> None:
    names = [NOTE_NAMES[(i * 5) % 12] + ("m7" if i % 3 else "") for i in range(7)]
    bars = arrange(read_sheet("| " + " | ".join(names) + " |"))
    bars = tuple(replace(bar, intensity=0.1) for bar in bars)
    controls = PerformanceControls(complexity=0.0, temperature=0.0)
    memory, voicings = PartState(), []
    for bar in bars * 4:
        _, memory = PARTS[part](bar, style(name), controls, memory)
        voicings.append(memory.voicing)
    played = perform(bars, part, PARTS[part], style(name), controls)
    assert {note.pitch for note in played.bars[0]} <= {*voicings[-7]}
    own, chord = style(name).parts[part], bars[0].chords[0]
    assert find_voicing(chord, len(voicings[-7]), own.low, own.high, voicings[-8]) == voicings[-7]
