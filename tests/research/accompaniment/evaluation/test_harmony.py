"""What the measures of harmony say of playing whose worth is plain."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from research.accompaniment.evaluation.harmony import (
    MOST_BARS,
    bars_until_right,
    changes,
    clash,
    in_chord,
    pieces,
    right_after,
    right_bars,
    roots_at_changes,
    silent_bars,
)
from research.accompaniment.evaluation.playing import Sound
from research.accompaniment.songs import Song, modulated, span_of
from tests.research.accompaniment.evaluation.made import LOOP, song


def played(one: Song, pitches: list[int], part: str = "keys") -> list[Sound]:
    """A bar each."""
    return [Sound(part, 4.0 * bar, 4.0 * bar + 4, pitch) for bar, pitch in enumerate(pitches)]


def test_notes_count_by_how_long_they_sound_upon_the_chord_that_is_there() -> None:
    one = song(2)  # C, then A minor
    held = [Sound("keys", 0.0, 8.0, 67)]  # G: in C, not in A minor, and two semitones from its notes
    assert in_chord(pieces(one, held)) == pytest.approx(0.5)
    assert clash(pieces(one, held)) == 0.0


@pytest.mark.parametrize(("pitch", "inside", "clashes"), [(60, 1, 0), (61, 0, 1), (62, 0, 0), (65, 0, 1), (71, 0, 1)])
def test_a_semitone_beside_a_chord_tone_clashes_and_a_tone_does_not(pitch: int, inside: int, clashes: int) -> None:
    found = pieces(song(1), [Sound("keys", 0.0, 4.0, pitch)])
    assert (in_chord(found), clash(found)) == (inside, clashes)


def test_drums_and_what_lies_beyond_the_chords_do_not_count() -> None:
    assert pieces(song(1), [Sound("drums", 0.0, 4.0, 61), Sound("keys", 4.5, 6.0, 61)]) == []
    assert math.isnan(in_chord([]))


def test_the_first_beat_of_a_chord_is_told_from_the_later_ones() -> None:
    found = pieces(song(2), [Sound("pad", 3.5, 6.0, 60)])
    assert [(piece.start, piece.end, piece.first) for piece in found] == [(3.5, 4, False), (4, 5, True), (5, 6, False)]


def test_roots_are_judged_where_they_change_by_what_the_bass_strikes_or_holds() -> None:
    one = song(5)
    assert [span.beat for span in changes(one)] == [4.0, 8.0, 12.0, 16.0]
    assert roots_at_changes(one, played(one, [36, 33, 41, 43, 36], "bass")) == 1.0
    assert roots_at_changes(one, played(one, [36, 33, 43, 43, 36], "bass")) == 0.75
    assert roots_at_changes(one, [Sound("bass", 0.0, 20.0, 33)]) == 0.25  # held: only under A minor
    assert roots_at_changes(one, [Sound("bass", beat + 0.6, beat + 0.9, 33) for beat in (4, 8, 12)]) == 0.0
    assert roots_at_changes(one, [Sound("bass", 3.95, 5.0, 33), Sound("bass", 4.3, 5, 38)]) == 0.25


def test_a_chord_on_the_same_root_is_no_change_and_the_bass_of_a_slash_chord_is_right_too() -> None:
    chords = [(48, 52, 55), (48, 52, 55, 59), (45, 53, 60)]
    spans = [span_of(4.0 * bar, 4.0, pitches) for bar, pitches in enumerate(chords)]
    one = replace(song(3), spans=tuple(spans))  # C, Cmaj7, F/A
    assert [span.beat for span in changes(one)] == [8.0]
    for pitch, right in ((33, 1.0), (41, 1.0), (36, 0.0)):
        assert roots_at_changes(one, [Sound("bass", 8.0, 12.0, pitch)]) == right


def test_without_a_bass_the_lowest_note_stands_for_it() -> None:
    one = song(2)
    above = [Sound("piano", 4.0, 8.0, 60), Sound("piano", 4.05, 8.0, 45)]
    assert roots_at_changes(one, above) == 1.0
    assert roots_at_changes(one, [*above, Sound("bass", 4.0, 8.0, 40)]) == 0.0


def test_a_bar_in_which_nothing_sounds_is_silent_unless_no_chord_was_known_there() -> None:
    one = song(4)
    beat = [Sound("drums", 0.0, 0.1, 36), Sound("drums", 9.0, 9.1, 36)]
    assert silent_bars(one, beat) == 2
    assert silent_bars(one, beat, from_beat=5.0) == 1
    assert silent_bars(one, [*beat, Sound("pad", 3.0, 4.5, 60), Sound("pad", 15.0, 17.0, 60)]) == 0
    unknown = Song("gap", "made", 120.0, 4, 16, one.spans[:3])
    assert silent_bars(unknown, beat) == 1


def test_bars_pass_until_the_harmony_of_the_new_key_is_right() -> None:
    one = modulated(song(8))
    old, new = [LOOP[bar % 4][0] for bar in range(8)], [LOOP[bar % 4][0] + 2 for bar in range(8)]
    assert right_bars(one, pieces(one, played(one, [*old[:4], *new[4:]]))) == [True] * 8
    for wrong, share in ((0, 1.0), (1, 1.0), (2, 1.0), (3, 0.0)):
        found = pieces(one, played(one, [*old[:4], *[49] * wrong, *new[4 + wrong :]]))
        assert bars_until_right(one, found) == [wrong]
        assert right_after(one, found) == share
    assert bars_until_right(one, pieces(one, played(one, old[:4]))) == [MOST_BARS]
    assert math.isnan(right_after(song(8), []))
