from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from engines.accompaniment.performance_controls import MUTES, SEED
from engines.accompaniment.timeline import LOOKAHEAD
from research.accompaniment.evaluation.baselines import draw_pitches_in_key, draw_random_pitches, hold_last_chord
from research.accompaniment.evaluation.playing import PlayedNote, list_human_notes, play, select_pitched
from research.accompaniment.evaluation.rhythm import make_reference
from research.accompaniment.evaluation.run import Condition, evaluate
from research.accompaniment.simulated_input import ChordEvent, list_true_chords
from research.accompaniment.songs import AnnotatedSong, modulate
from research.datasets.symbolic import TuneNote
from tests.research.accompaniment.evaluation.made import song


@pytest.fixture(scope="module")
def one() -> AnnotatedSong:
    return modulate(song(8))


@pytest.fixture(scope="module")
def sounds(one: AnnotatedSong) -> list[PlayedNote]:
    return play(one, list_true_chords(one), {})


def test_the_band_plays_all_parts_to_the_end_in_beats_of_the_song(one: AnnotatedSong, sounds: list[PlayedNote]) -> None:
    assert {sound.part for sound in sounds} == {"drums", "bass", "keys", "pad", "guitar"}
    assert all(-0.05 < sound.start < sound.end < one.beats + 1 for sound in sounds)
    assert max(sound.end for sound in sounds) > one.beats - 0.6
    kicks = [sound.start % 1 for sound in sounds if sound.part == "drums" and sound.pitch == 36]
    assert min(kicks) < 0.05 or max(kicks) > 0.95
    assert not [sound for sound in select_pitched(sounds) if sound.part == "drums"]


def test_controls_reach_the_band() -> None:
    muted = play(song(2), list_true_chords(song(2)), {MUTES["drums"].name: 1.0, LOOKAHEAD.name: 2.0})
    assert muted
    assert not [sound for sound in muted if sound.part == "drums"]


def test_chords_are_known_only_once_they_are_reported() -> None:
    late = play(song(4), list_true_chords(song(4), 4.0), {})
    assert min(sound.start for sound in late) > 7.9


def test_each_song_is_another_performance_and_the_same_under_each_condition() -> None:
    seeds: list[float] = []

    def watch(_song: AnnotatedSong, _told: Sequence[ChordEvent], values: Mapping[str, float]) -> list[PlayedNote]:
        seeds.append(values[SEED.name])
        return []

    conditions = [Condition(name, 1.0, list_true_chords, watch) for name in ("one", "other")]
    list(evaluate([song(2), song(2)], conditions, make_reference((), ()), {}))
    assert seeds == [0, 0, 1, 1]


@pytest.mark.parametrize("chance", [draw_random_pitches, draw_pitches_in_key])
def test_chance_plays_the_bands_rhythm_with_other_notes(
    chance: Callable[[AnnotatedSong, Sequence[PlayedNote]], list[PlayedNote]],
    one: AnnotatedSong,
    sounds: list[PlayedNote],
) -> None:
    other = chance(one, sounds)
    assert [(s.part, s.start, s.end) for s in other] == [(s.part, s.start, s.end) for s in sounds]
    assert [s for s in other if s.part == "drums"] == [s for s in sounds if s.part == "drums"]
    assert max(abs(s.pitch - t.pitch) for s, t in zip(other, sounds, strict=True)) <= 6
    assert other == chance(one, sounds)
    keyed = all(s.pitch % 12 in one.get_scale(s.start) for s in select_pitched(other))
    assert keyed == (chance is draw_pitches_in_key)


def test_the_last_chord_is_held_until_another_is_reported_in_time() -> None:
    one = song(4)
    notes = [PlayedNote("bass", beat, beat + 1, 40) for beat in (0.0, 4.0, 5.0)] + [PlayedNote("keys", 5.0, 6.0, 61)]
    kept = hold_last_chord(one, notes, list_true_chords(one), 1.0)
    assert [(sound.start, sound.pitch % 12) for sound in kept if sound.part == "bass"] == [(4.0, 0), (5.0, 9)]
    assert [sound.pitch for sound in kept if sound.part == "keys"] == [60]


def test_the_pianist_ends_with_the_song() -> None:
    human = list_human_notes(song(2, human=(TuneNote(1.0, 2.0, 60), TuneNote(8.0, 1.0, 62))))
    assert [(sound.start, sound.end, sound.pitch) for sound in human] == [(1.0, 3.0, 60)]
