"""Chord vocabulary: the table is whole, its parts agree, and the numbers of qualities stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.chords import (
    MAJOR,
    MAJOR_THIRD,
    MINOR,
    MINOR_THIRD,
    NO_CHORD_STATE,
    PITCH_CLASSES,
    QUALITIES,
    QUALITY_NUMBERS,
    SPELLINGS,
    ChordQuality,
    find_intervals,
    find_nearest_quality,
)
from bridge.core.events import NOTE_NAMES

STORED = (("", (0, 4, 7)), ("m", (0, 3, 7)), ("7", (0, 4, 7, 10)), ("maj7", (0, 4, 7, 11)), ("m7", (0, 3, 7, 10)),
          ("dim", (0, 3, 6)), ("aug", (0, 4, 8)), ("sus4", (0, 5, 7)))  # fmt: skip
"""The qualities of the numbers 0 to 7 in networks, training data and recorded events."""
ROWS = [f"| {number}" for number in range(len(QUALITIES))]
qualities = st.sampled_from(QUALITIES)


def test_the_page_lists_the_vocabulary() -> None:
    page = (Path(__file__).parents[2] / "docs" / "chords.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in page.splitlines() if line[:3] in ROWS]
    assert rows == [
        [
            str(number),
            quality.name,
            f"`C{quality.suffix}`",
            *(" ".join(map(str, steps)) for steps in (quality.intervals, quality.scale)),
            f"`{quality.harte}`",
            ("" if quality.suffix else "nothing, ") + " ".join(f"`{one}`" for one in quality.spellings if one),
        ]
        for number, quality in enumerate(QUALITIES)
    ]


def test_a_number_means_what_it_meant() -> None:
    assert tuple((quality.suffix, quality.intervals) for quality in QUALITIES[: len(STORED)]) == STORED
    assert (MAJOR.suffix, MINOR.suffix) == ("", "m")


@pytest.mark.parametrize("quality", QUALITIES, ids=lambda quality: quality.name)
def test_a_quality_is_whole(quality: ChordQuality) -> None:
    for steps in (quality.intervals, quality.scale):
        assert steps[0] == 0
        assert list(steps) == sorted({*steps})
        assert steps[-1] < PITCH_CLASSES
    assert 3 <= len(quality.intervals) <= 4  # what recognition and voicings can take
    assert {*quality.intervals} <= {*quality.scale}
    assert quality.suffix in quality.spellings
    assert quality.name
    assert quality.harte


@pytest.mark.parametrize("attribute", ["name", "suffix", "intervals", "harte"])
def test_no_two_qualities_share_what_tells_them_apart(attribute: str) -> None:
    assert len({getattr(quality, attribute) for quality in QUALITIES}) == len(QUALITIES)


def test_a_spelling_means_one_quality() -> None:
    spellings = [spelling for quality in QUALITIES for spelling in quality.spellings]
    assert len({*spellings}) == len(spellings) == len(SPELLINGS)


def test_a_suffix_behind_a_note_name_is_not_read_as_another_note() -> None:
    labels = {name + quality.suffix for name in NOTE_NAMES for quality in QUALITIES}
    assert len(labels) == len(NOTE_NAMES) * len(QUALITIES) == NO_CHORD_STATE


@given(qualities)
def test_a_quality_is_found_by_its_number_its_notes_and_its_spellings(quality: ChordQuality) -> None:
    number = QUALITY_NUMBERS[quality.suffix]
    assert QUALITIES[number] is quality
    assert find_intervals(frozenset(quality.intervals)) == number
    assert {SPELLINGS[spelling] for spelling in quality.spellings} == {number}


@given(qualities, st.integers(1, PITCH_CLASSES - 1))
def test_where_other_roots_have_the_same_notes_the_lowest_is_meant(quality: ChordQuality, root: int) -> None:
    seen_from_there = frozenset((interval - root) % PITCH_CLASSES for interval in quality.intervals)
    if find_intervals(seen_from_there) is not None:
        assert quality.root_is_lowest


@given(
    st.sampled_from([2, MINOR_THIRD, MAJOR_THIRD, 5]), st.sampled_from([6, 7, 8]), st.none() | st.integers(8, 11)
)  # fmt: skip
def test_the_nearest_quality_has_the_third_and_fifth_and_no_other_seventh(
    third: int, fifth: int, seventh: int | None
) -> None:
    number = find_nearest_quality(third, fifth, seventh)
    triads = [quality for quality in QUALITIES if quality.intervals[:3] == (0, third, fifth)]
    assert (number is None) == (not triads)
    if number is not None:
        assert QUALITIES[number] in triads
        assert QUALITIES[number].intervals[3:] in ((), (seventh,))
        whole = any(quality.intervals[3:] == (seventh,) for quality in triads)
        assert len(QUALITIES[number].intervals) == (4 if whole else 3)
