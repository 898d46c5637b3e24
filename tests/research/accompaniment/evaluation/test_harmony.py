"""Harmony measures on playing whose result is plain."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from research.accompaniment.evaluation.harmony import (
    MOST_BARS,
    count_bars_until_right,
    count_silent_bars,
    cut_notes,
    judge_bars,
    list_root_changes,
    measure_clash,
    measure_in_chord,
    measure_right_after,
    measure_roots_at_changes,
)
from research.accompaniment.evaluation.playing import PlayedNote
from research.accompaniment.songs import AnnotatedSong, make_segment, modulate
from tests.research.accompaniment.evaluation.made import LOOP, song


def play_bars(one: AnnotatedSong, pitches: list[int], part: str = "keys") -> list[PlayedNote]:
    """A bar each."""
    return [PlayedNote(part, 4.0 * bar, 4.0 * bar + 4, pitch) for bar, pitch in enumerate(pitches)]


def test_notes_count_by_how_long_they_sound_upon_the_chord_that_is_there() -> None:
    one = song(2)  # C, then A minor
    held = [PlayedNote("keys", 0.0, 8.0, 67)]  # G: in C, not in A minor, and two semitones from its notes
    assert measure_in_chord(cut_notes(one, held)) == pytest.approx(0.5)
    assert measure_clash(cut_notes(one, held)) == 0.0


@pytest.mark.parametrize(("pitch", "inside", "clashes"), [(60, 1, 0), (61, 0, 1), (62, 0, 0), (65, 0, 1), (71, 0, 1)])
def test_a_semitone_beside_a_chord_tone_clashes_and_a_tone_does_not(pitch: int, inside: int, clashes: int) -> None:
    found = cut_notes(song(1), [PlayedNote("keys", 0.0, 4.0, pitch)])
    assert (measure_in_chord(found), measure_clash(found)) == (inside, clashes)


def test_drums_and_what_lies_beyond_the_chords_do_not_count() -> None:
    assert cut_notes(song(1), [PlayedNote("drums", 0.0, 4.0, 61), PlayedNote("keys", 4.5, 6.0, 61)]) == []
    assert math.isnan(measure_in_chord([]))


def test_the_first_beat_of_a_chord_is_distinguished_from_later_ones() -> None:
    found = cut_notes(song(2), [PlayedNote("pad", 3.5, 6.0, 60)])
    assert [(piece.start, piece.end, piece.first) for piece in found] == [(3.5, 4, False), (4, 5, True), (5, 6, False)]


def test_roots_are_judged_where_they_change_by_what_the_bass_strikes_or_holds() -> None:
    one = song(5)
    assert [span.beat for span in list_root_changes(one)] == [4.0, 8.0, 12.0, 16.0]
    assert measure_roots_at_changes(one, play_bars(one, [36, 33, 41, 43, 36], "bass")) == 1.0
    assert measure_roots_at_changes(one, play_bars(one, [36, 33, 43, 43, 36], "bass")) == 0.75
    assert measure_roots_at_changes(one, [PlayedNote("bass", 0.0, 20.0, 33)]) == 0.25  # held: only under A minor
    assert measure_roots_at_changes(one, [PlayedNote("bass", beat + 0.6, beat + 0.9, 33) for beat in (4, 8, 12)]) == 0.0
    assert measure_roots_at_changes(one, [PlayedNote("bass", 3.95, 5.0, 33), PlayedNote("bass", 4.3, 5, 38)]) == 0.25


def test_a_chord_on_the_same_root_is_no_change_and_the_bass_of_a_slash_chord_is_right_too() -> None:
    chords = [(48, 52, 55), (48, 52, 55, 59), (45, 53, 60)]
    spans = [make_segment(4.0 * bar, 4.0, pitches) for bar, pitches in enumerate(chords)]
    one = replace(song(3), spans=tuple(spans))  # C, Cmaj7, F/A
    assert [span.beat for span in list_root_changes(one)] == [8.0]
    for pitch, right in ((33, 1.0), (41, 1.0), (36, 0.0)):
        assert measure_roots_at_changes(one, [PlayedNote("bass", 8.0, 12.0, pitch)]) == right


def test_without_a_bass_the_lowest_note_stands_for_it() -> None:
    one = song(2)
    above = [PlayedNote("piano", 4.0, 8.0, 60), PlayedNote("piano", 4.05, 8.0, 45)]
    assert measure_roots_at_changes(one, above) == 1.0
    assert measure_roots_at_changes(one, [*above, PlayedNote("bass", 4.0, 8.0, 40)]) == 0.0


def test_a_bar_in_which_nothing_sounds_is_silent_unless_no_chord_was_known_there() -> None:
    one = song(4)
    beat = [PlayedNote("drums", 0.0, 0.1, 36), PlayedNote("drums", 9.0, 9.1, 36)]
    assert count_silent_bars(one, beat) == 2
    assert count_silent_bars(one, beat, from_beat=5.0) == 1
    assert count_silent_bars(one, [*beat, PlayedNote("pad", 3.0, 4.5, 60), PlayedNote("pad", 15.0, 17.0, 60)]) == 0
    unknown = AnnotatedSong("gap", "made", 120.0, 4, 16, one.spans[:3])
    assert count_silent_bars(unknown, beat) == 1


def test_bars_pass_until_the_harmony_of_the_new_key_is_right() -> None:
    one = modulate(song(8))
    old, new = [LOOP[bar % 4][0] for bar in range(8)], [LOOP[bar % 4][0] + 2 for bar in range(8)]
    assert judge_bars(one, cut_notes(one, play_bars(one, [*old[:4], *new[4:]]))) == [True] * 8
    for wrong, share in ((0, 1.0), (1, 1.0), (2, 1.0), (3, 0.0)):
        found = cut_notes(one, play_bars(one, [*old[:4], *[49] * wrong, *new[4 + wrong :]]))
        assert count_bars_until_right(one, found) == [wrong]
        assert measure_right_after(one, found) == share
    assert count_bars_until_right(one, cut_notes(one, play_bars(one, old[:4]))) == [MOST_BARS]
    assert math.isnan(measure_right_after(song(8), []))
