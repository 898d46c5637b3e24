"""Clip notes: ranges, tolerances, and what Live keeps of overlapping notes."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.daw.ableton.clip_notes import FARTHEST_BEATS, ClipNote, divide_notes, is_equal, prepare_notes, read_notes
from bridge.errors import ControlError

LENGTH = 4096.0
notes = st.lists(
    st.builds(
        ClipNote,
        st.floats(0, LENGTH, exclude_max=True),
        st.integers(0, 127),
        st.floats(0.01, 9.0),
        st.integers(1, 127).map(float),
    ),
    max_size=80,
)


def as_32_bits(number: float) -> float:
    """As it arrives at the other side."""
    return float(struct.unpack(">f", struct.pack(">f", number))[0])


@given(notes, st.integers(1, 20).map(lambda most: 128 + most))
def test_each_note_is_in_exactly_one_range_also_in_32_bits(given_notes: list[ClipNote], most: int) -> None:
    kept = prepare_notes(given_notes, LENGTH)
    ranges = divide_notes(kept, most)
    assert [note for one in ranges for note in one.notes] == kept
    assert all(one.start + one.span == after.start for one, after in pairwise(ranges))
    assert (ranges[0].start, ranges[-1].start + ranges[-1].span) == (-FARTHEST_BEATS, FARTHEST_BEATS)
    for one in ranges:
        assert as_32_bits(one.start) == one.start
        assert as_32_bits(one.span) == one.span
        inside = [note for note in kept if one.start <= as_32_bits(note.start) < one.start + one.span]
        assert inside == list(one.notes)


def test_a_range_has_as_many_notes_as_fit() -> None:
    kept = prepare_notes([ClipNote(beat / 4, 60, 0.2) for beat in range(1000)], 250.0)
    assert [len(one.notes) for one in divide_notes(kept)] == [250, 250, 250, 250]


def test_an_empty_clip_is_one_range() -> None:
    assert len(divide_notes([])) == 1


def test_of_two_notes_of_one_pitch_the_first_ends_where_the_second_begins() -> None:
    kept = prepare_notes([ClipNote(1.0, 60, 4.0), ClipNote(2.0, 60, 1.0), ClipNote(2.0, 60, 3.0)], 16.0)
    assert kept == [ClipNote(1.0, 60, 1.0), ClipNote(2.0, 60, 3.0)]


def test_no_note_goes_beyond_the_end_of_the_clip() -> None:
    kept = prepare_notes([ClipNote(-1.0, 60, 4.0), ClipNote(3.0, 61, 4.0), ClipNote(4.0, 62, 1.0)], 4.0)
    assert kept == [ClipNote(3.0, 61, 1.0)]


@pytest.mark.parametrize("length", [0.0, -1.0, 8193.0])
def test_a_clip_has_a_length_that_live_can_read_back(length: float) -> None:
    with pytest.raises(ControlError, match="a clip of"):
        prepare_notes([], length)


def test_notes_are_equal_within_32_bits_and_no_more() -> None:
    kept = prepare_notes([ClipNote(1000.1, 60, 0.3, 99.0), ClipNote(1000.1, 64, 0.3, 99.0)], 2000.0)
    found = read_notes(tuple(value for note in reversed(kept) for value in (note.pitch, as_32_bits(note.start),
                       as_32_bits(note.duration), 99, 0)))  # fmt: skip
    assert found is not None
    assert is_equal(found, kept)
    assert not is_equal(found[:1], kept)
    assert not is_equal([*found, found[0]], kept)
    moved = [ClipNote(found[0].start + 0.01, 60, found[0].duration, 99.0), found[1]]
    assert not is_equal(moved, kept)


@pytest.mark.parametrize("wrong", [(60, 0.0, 1.0, 100), (60, "x", 1.0, 100, 0), (None,) * 5])
def test_a_list_that_is_no_list_of_notes_is_none(wrong: tuple[object, ...]) -> None:
    assert read_notes(wrong) is None
