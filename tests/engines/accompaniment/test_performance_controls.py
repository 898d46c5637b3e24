"""Effect of each performance control, in its direction; means over seeds."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from engines.accompaniment.parts import PARTS
from engines.accompaniment.parts.pattern_selection import select_pattern
from engines.accompaniment.parts.random_draws import draw
from engines.accompaniment.score import PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import Style
from tests.engines.accompaniment.playing import BOTH, STRAIGHT, STYLES, join_bars, make_song_at, play, set_seed, style

SEEDS = range(6)
LONG = "| C | Am7 | F | G7 |\n" * 8


def mean_notes(name: str, part: str, controls: PerformanceControls) -> float:
    return sum(len(join_bars(play(name, part, set_seed(controls, seed)))) for seed in SEEDS) / len(SEEDS)


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_more_density_is_more_notes(name: str, part: str) -> None:
    notes = [mean_notes(name, part, replace(STRAIGHT, density=density)) for density in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(a <= b for a, b in pairwise(notes))
    if part != "pad":  # a pad may have nothing but full strokes
        assert notes[-1] > 1.05 * notes[0]


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_more_intensity_is_more_energy(name: str, part: str) -> None:
    def energy(intensity: float) -> float:
        controls = replace(STRAIGHT, intensity=intensity)
        played = [join_bars(play(name, part, set_seed(controls, seed), make_song_at(0.5))) for seed in SEEDS]
        return sum(note.velocity for notes in played for note in notes) / len(SEEDS)

    assert all(a < 0.95 * b for a, b in pairwise([energy(intensity) for intensity in (0.1, 0.4, 0.7, 1.0)]))


@pytest.mark.parametrize("name", STYLES)
def test_more_swing_is_later_off_beats_and_nothing_else(name: str) -> None:
    pair = style(name).swing_ticks

    def ticks(swing: float) -> list[int]:
        # all patterns but those in triplets, which do not swing
        own = style(name)
        parts = {
            key: replace(part, patterns=tuple(p for p in part.patterns if p.per_beat == 4))
            for key, part in own.parts.items()
        }  # fmt: skip
        return [note.tick for note in drums_and_bass(replace(own, parts=parts), replace(STRAIGHT, swing=swing))]

    straight = ticks(0.0)
    for swing in (0.25, 0.5, 1.0):
        for before, after in zip(straight, ticks(swing), strict=True):
            within = before % pair
            if within == 0:
                assert after == before
            elif within == pair // 2:
                assert after - before == pytest.approx(swing * pair / 6, abs=1)
            else:
                assert after > before
    assert any(tick % pair == pair // 2 for tick in straight)


def drums_and_bass(own: Style, controls: PerformanceControls) -> list[ScoreNote]:
    found: list[ScoreNote] = []
    for part in ("drums", "bass"):
        memory = PartState()
        for bar in make_song_at(0.7):
            notes, memory = PARTS[part](bar, own, controls, memory)
            found += sorted(notes, key=lambda note: (note.pitch, note.tick))
    return found


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_more_complexity_is_more_different_bars(name: str, part: str) -> None:
    def different(complexity: float) -> float:
        # no luck but that of the patterns: all strokes sound
        controls = replace(STRAIGHT, complexity=complexity, density=1.0, temperature=1.0)
        total = 0
        for seed in range(12):
            bars = play(name, part, set_seed(controls, seed), make_song_at(0.6, LONG))
            total += len({tuple(sorted({(note.tick, note.ticks, note.pitch) for note in bar})) for bar in bars})
        return total / 12

    low, middle, high = (different(complexity) for complexity in (0.0, 0.5, 1.0))
    assert low < middle < high


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_more_humanise_is_further_from_the_grid(name: str, part: str) -> None:
    straight = play(name, part, STRAIGHT, make_song_at(0.6))

    def off(humanise: float) -> list[int]:
        loose = play(name, part, replace(STRAIGHT, humanise=humanise), make_song_at(0.6))
        return [
            there.tick - here.tick
            for bar, other in zip(straight, loose, strict=True)
            for here, there in zip(sorted(bar, key=in_place), sorted(other, key=in_place), strict=True)
        ]

    def mean(ticks: list[int]) -> float:
        return sum(map(abs, ticks)) / len(ticks)

    assert mean(off(0.0)) == 0.0
    assert 0.0 < mean(off(0.5)) < mean(off(1.0))
    assert min(off(1.0)) < 0 < max(off(1.0))


def in_place(note: ScoreNote) -> tuple[int, int]:
    return note.pitch, note.tick


@pytest.mark.parametrize("part", ["drums", "bass", "keys", "pad", "guitar"])
def test_without_style_all_styles_play_the_same_rhythm_and_with_it_they_do_not(part: str) -> None:
    def rhythms(strength: float) -> list[set[tuple[int, int]]]:
        controls = replace(STRAIGHT, style_strength=strength, density=1.0)
        names = [name for name in STYLES if all(p.per_beat == 4 for p in style(name).parts[part].patterns)]
        bars = tuple(replace(bar, fill=False, opens=False) for bar in make_song_at(0.6, LONG))
        return [
            {(note.tick, note.ticks) for note in join_bars(play(name, part, controls, bars), bars)} for name in names
        ]

    plain = rhythms(0.0)
    assert len(plain) >= 5
    assert all(one == plain[0] for one in plain)
    full = rhythms(1.0)
    assert all(one != other for one, other in pairwise(full))
    distance = [sum(len(a ^ b) for a, b in pairwise(rhythms(strength))) for strength in (0.0, 0.3, 0.6, 1.0)]
    assert distance == sorted(distance)


def test_without_temperature_chance_has_no_say_in_what_is_struck() -> None:
    cold = replace(STRAIGHT, temperature=0.0, complexity=0.0)
    for name in STYLES:
        first, second = (join_bars(play(name, "keys", set_seed(cold, seed))) for seed in (1, 2))
        assert [(n.tick, n.pitch) for n in first] == [(n.tick, n.pitch) for n in second]
    warm = replace(cold, temperature=1.0)
    first, second = (join_bars(play("jazz", "keys", set_seed(warm, seed))) for seed in (1, 2))
    assert [(n.tick, n.pitch) for n in first] != [(n.tick, n.pitch) for n in second]


def test_triplets_do_not_swing() -> None:
    own = style("classical").parts["keys"]
    triplets = replace(own, patterns=tuple(p for p in own.patterns if p.per_beat == 3))
    band = replace(style("classical"), parts={"keys": triplets})
    notes, _ = PARTS["keys"](make_song_at(0.6)[0], band, replace(STRAIGHT, swing=1.0, density=1.0), PartState())
    assert [note.tick for note in notes] == [160 * step for step in range(12)]


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_a_pattern_stays_for_a_phrase_and_varies_only_in_its_last_bar(name: str, part: str) -> None:
    own, varied, changed = style(name).parts[part], 0, 0
    for seed in SEEDS:
        controls = replace(STRAIGHT, complexity=0.8, seed=seed)
        bars = make_song_at(0.6, LONG)
        chosen = [select_pattern(bar, own, controls, draw(bar, controls, part)) for bar in bars]
        for first, second, third, last in zip(*(chosen[start::4] for start in range(4)), strict=True):
            assert first == second == third
            varied += last != first
        changed += len(set(map(id, chosen[::4]))) > 1
    assert varied
    assert changed
