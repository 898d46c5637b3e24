from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from engines.accompaniment.performance_controls import MUTES, SEED
from engines.accompaniment.timeline import LOOKAHEAD
from research.accompaniment.evaluation.baselines import at_random, held, in_key
from research.accompaniment.evaluation.playing import Sound, pitched, play, played_by_human
from research.accompaniment.evaluation.rhythm import people_of
from research.accompaniment.evaluation.run import Condition, evaluate
from research.accompaniment.simulated_input import Told, true_chords
from research.accompaniment.songs import Song, modulated
from research.datasets.symbolic import Note
from tests.research.accompaniment.evaluation.made import song


@pytest.fixture(scope="module")
def one() -> Song:
    return modulated(song(8))


@pytest.fixture(scope="module")
def sounds(one: Song) -> list[Sound]:
    return play(one, true_chords(one), {})


def test_the_band_plays_all_parts_to_the_end_in_beats_of_the_song(one: Song, sounds: list[Sound]) -> None:
    assert {sound.part for sound in sounds} == {"drums", "bass", "keys", "pad", "guitar"}
    assert all(-0.05 < sound.start < sound.end < one.beats + 1 for sound in sounds)
    assert max(sound.end for sound in sounds) > one.beats - 0.6
    kicks = [sound.start % 1 for sound in sounds if sound.part == "drums" and sound.pitch == 36]
    assert min(kicks) < 0.05 or max(kicks) > 0.95
    assert not [sound for sound in pitched(sounds) if sound.part == "drums"]


def test_controls_reach_the_band() -> None:
    muted = play(song(2), true_chords(song(2)), {MUTES["drums"].name: 1.0, LOOKAHEAD.name: 2.0})
    assert muted
    assert not [sound for sound in muted if sound.part == "drums"]


def test_chords_are_heard_only_when_they_are_told() -> None:
    late = play(song(4), true_chords(song(4), 4.0), {})
    assert min(sound.start for sound in late) > 7.9


def test_each_song_is_another_performance_and_the_same_under_each_condition() -> None:
    seeds: list[float] = []

    def watch(_song: Song, _told: Sequence[Told], values: Mapping[str, float]) -> list[Sound]:
        seeds.append(values[SEED.name])
        return []

    conditions = [Condition(name, 1.0, true_chords, watch) for name in ("one", "other")]
    list(evaluate([song(2), song(2)], conditions, people_of((), ()), {}))
    assert seeds == [0, 0, 1, 1]


@pytest.mark.parametrize("chance", [at_random, in_key])
def test_chance_plays_the_bands_rhythm_with_other_notes(
    chance: Callable[[Song, Sequence[Sound]], list[Sound]], one: Song, sounds: list[Sound]
) -> None:
    other = chance(one, sounds)
    assert [(s.part, s.start, s.end) for s in other] == [(s.part, s.start, s.end) for s in sounds]
    assert [s for s in other if s.part == "drums"] == [s for s in sounds if s.part == "drums"]
    assert max(abs(s.pitch - t.pitch) for s, t in zip(other, sounds, strict=True)) <= 6
    assert other == chance(one, sounds)
    keyed = all(s.pitch % 12 in one.scale_at(s.start) for s in pitched(other))
    assert keyed == (chance is in_key)


def test_who_holds_the_last_chord_plays_it_until_another_was_told_in_time() -> None:
    one = song(4)
    notes = [Sound("bass", beat, beat + 1, 40) for beat in (0.0, 4.0, 5.0)] + [Sound("keys", 5.0, 6.0, 61)]
    kept = held(one, notes, true_chords(one), 1.0)
    assert [(sound.start, sound.pitch % 12) for sound in kept if sound.part == "bass"] == [(4.0, 0), (5.0, 9)]
    assert [sound.pitch for sound in kept if sound.part == "keys"] == [60]


def test_the_pianist_ends_with_the_song() -> None:
    played = played_by_human(song(2, human=(Note(1.0, 2.0, 60), Note(8.0, 1.0, 62))))
    assert [(sound.start, sound.end, sound.pitch) for sound in played] == [(1.0, 3.0, 60)]
