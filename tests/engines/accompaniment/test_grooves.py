"""Drummers' grooves as styles play them."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bridge.config import read_toml
from bridge.errors import ConfigError
from engines.accompaniment.grooves import (
    CERTAIN_PERCENT,
    FILE,
    MAX_GAIN,
    STEPS,
    Articulation,
    Cell,
    FamilyTable,
    TemplateTable,
    list_families,
    load_family,
    read_grooves,
    to_family,
    to_weight,
)
from engines.accompaniment.parts import PARTS
from engines.accompaniment.parts.humanise import AS_PLAYED, DRUM_VELOCITIES
from engines.accompaniment.parts.pattern_selection import add_fill, select_pattern
from engines.accompaniment.parts.random_draws import draw
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import ROLES, StepPattern, Style, StyleFile, load_style
from engines.accompaniment.style_lookup import find_style
from tests.engines.accompaniment.playing import STRAIGHT, STYLES, make_song_at, song, style

LEVEL = 0.5
SNARE, CLOSED = ROLES["snare"], ROLES["closed"]
HITS = {
    "kick": (Cell(0, 100, 80, 0, 4), Cell(8, 60, 70, 0, 4)),
    "snare": (Cell(4, 100, 100, 12, 5), Cell(7, 95, 30, 4, 5), Cell(12, 100, 100, 12, 5)),
    "closed": tuple(Cell(step, 100, 60, -8, 3) for step in range(0, 16, 2)),
}
USUAL = {"kick": ((1, 2),) * STEPS, "tom_low": ((-20, 1),) * STEPS}
LOUD = {"kick": 80, "snare": 100, "closed": 60}
TABLE = FamilyTable(3, 60, 0.0, LOUD, USUAL, (TemplateTable(LEVEL, 2, 20, HITS),))


def make_drummer() -> Style:
    """One who has nothing but TABLE's template."""
    (one,) = to_family(TABLE).templates
    drums = replace(
        style("rock").parts["drums"], patterns=(StepPattern(one.level, one.lanes, articulations=one.articulations),)
    )
    return replace(style("rock"), parts={"drums": drums})


def play_hits(own: Style, controls: PerformanceControls, pitch: int, tick: int, beats: int = 4) -> list[ScoreNote]:
    """The notes of ``pitch`` within a sixteenth around ``tick``, through many bars."""
    found: list[ScoreNote] = []
    for number in range(200):
        bar = Bar(number, song()[5].chords[:1] * beats, intensity=LEVEL)
        notes, _ = PARTS["drums"](bar, own, controls, PartState())
        found += [note for note in notes if note.pitch == pitch and abs(note.tick - tick) < 60]
    return found


def test_what_nearly_every_bar_has_always_sounds_and_the_rest_as_often_as_there() -> None:
    assert [to_weight(percent) for percent in (100, CERTAIN_PERCENT, 80, 50, 20, 1)] == [9, 9, 7, 4, 2, 1]
    (one,) = to_family(TABLE).templates
    assert one.lanes["kick"] == "9.......5......."
    assert one.lanes["snare"] == "....9..9....9..."


def test_a_stroke_that_no_template_has_is_struck_with_the_familys_feel() -> None:
    (one,) = to_family(TABLE).templates
    assert one.groove_cluster == 2
    assert one.articulations["kick"][8] == Articulation(0, 4, 70 / 76.25, 1.0)  # against the mean of its kicks
    assert one.articulations["kick"][3] == Articulation(1, 2)
    assert one.articulations["tom_low"][3] == Articulation(-20, 1)


def test_no_stroke_shouts_because_its_kit_does() -> None:
    (one,) = to_family(FamilyTable(3, 60, 0.0, {**LOUD, "snare": 40}, USUAL, TABLE.templates)).templates
    assert one.articulations["snare"][4].gain == MAX_GAIN < 100 / 40


@pytest.mark.parametrize(("velocity", "gain"), [(20, 0.25), (60, 1.0)])
def test_a_kick_that_is_feathered_on_every_beat_stays_soft(velocity: int, gain: float) -> None:
    hits = {"kick": tuple(Cell(step, 90, velocity, 0, 4) for step in (0, 4, 8, 12))}
    (one,) = to_family(FamilyTable(3, 60, 0.0, LOUD, USUAL, (TemplateTable(LEVEL, 2, 20, hits),))).templates
    assert [one.articulations["kick"][step].gain for step in (0, 4, 8, 12)] == [gain] * 4


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_snares_are_laid_back_and_hats_pushed_as_far_as_humanise_says(share: float) -> None:
    controls = replace(STRAIGHT, humanise=share * AS_PLAYED)
    snares, hats = ([n.tick for n in play_hits(make_drummer(), controls, pitch, 1440)] for pitch in (SNARE, CLOSED))
    assert np.mean(snares) - 1440 == pytest.approx(12 * share, abs=1)
    assert np.mean(hats) - 1440 == pytest.approx(-8 * share, abs=1)
    assert np.std(snares) == pytest.approx(5 * share, abs=1)


def test_limbs_at_one_step_are_not_loose_alike_but_lean_the_same_way() -> None:
    controls = replace(STRAIGHT, humanise=AS_PLAYED)
    snares, hats = ([n.tick for n in play_hits(make_drummer(), controls, pitch, 1440)] for pitch in (SNARE, CLOSED))
    assert 0.35 < np.corrcoef(snares, hats)[0, 1] < 0.7


def test_strokes_are_as_loud_beside_one_another_as_the_drummers_struck_them() -> None:
    controls = replace(STRAIGHT, humanise=AS_PLAYED)

    def loud(tick: int, controls: PerformanceControls) -> float:
        return float(np.mean([note.velocity for note in play_hits(make_drummer(), controls, SNARE, tick)]))

    full = sum(DRUM_VELOCITIES) / 2
    assert loud(480, controls) == pytest.approx(full, abs=1.5)
    assert loud(840, controls) == pytest.approx(0.3 * full, abs=1.5)
    harder = replace(controls, intensity=0.7)
    assert loud(480, harder) == pytest.approx(full + 0.2 * (DRUM_VELOCITIES[1] - DRUM_VELOCITIES[0]), abs=1.5)
    middle = (100 + 95 * 0.3 + 100) / 295  # without humanise half the difference is left
    assert loud(480, STRAIGHT) == pytest.approx(full * (1 + middle) / 2, abs=1.5)
    assert loud(840, STRAIGHT) == pytest.approx(full * (0.3 + middle) / 2, abs=1.5)


def test_a_fill_is_as_loud_as_it_is_written() -> None:
    own = make_drummer()
    bar = replace(song()[5], intensity=LEVEL, fill=True)
    chance = draw(bar, STRAIGHT, "drums")
    before = own.parts["drums"].patterns[0]
    fill = replace(own.parts["drums"], fills=(StepPattern(LEVEL, {"snare": "************9.*."}),))
    after = add_fill(bar, fill, STRAIGHT, chance, before)
    assert after.lanes["snare"] == "....9..9....9..."
    assert after.articulations["snare"][12] == Articulation(12, 5)
    assert after.articulations["snare"][7] == before.articulations["snare"][7]
    assert after.articulations["kick"] == before.articulations["kick"]


def test_in_another_metre_each_beat_keeps_its_own_touch() -> None:
    controls = replace(STRAIGHT, humanise=AS_PLAYED)
    late = [note.tick - 960 for note in play_hits(make_drummer(), controls, SNARE, 960, beats=3)]
    assert len(late) == 200  # the last of the template's four beats
    assert np.mean(late) == pytest.approx(12, abs=1)


def test_plain_beats_of_a_weak_style_have_no_drummers_touch() -> None:
    controls = replace(STRAIGHT, humanise=AS_PLAYED, style_strength=0.0)
    assert abs(np.mean([n.tick - 480 for n in play_hits(make_drummer(), controls, SNARE, 480)])) < 1


def write_style(folder: Path, groove: str = "funk") -> Style:
    path = folder / "mine.toml"
    path.write_text(f"""
schema = 1
name = "mine"
[drums]
groove = "{groove}"
[[drums.patterns]]
level = 0.5
hits.cowbell = "9.......9......."
""")
    return load_style(path)


def test_a_users_style_plays_the_templates_and_its_own_patterns_beside_them(tmp_path: Path) -> None:
    own = write_style(tmp_path).parts["drums"]
    assert sum(not one.groove_cluster for one in own.patterns) == 1
    assert sum(bool(one.groove_cluster) for one in own.patterns) == len(load_family("funk").templates)
    chosen: list[StepPattern] = []
    for bar in make_song_at(0.5):
        for seed in range(20):
            controls = PerformanceControls(complexity=1.0, temperature=1.0, seed=seed)
            chosen.append(select_pattern(bar, own, controls, draw(bar, controls, "drums")))
    shares = np.mean([bool(one.groove_cluster) for one in chosen])
    assert shares > 0.8


def test_a_section_keeps_to_one_manner_and_another_seed_to_another() -> None:
    own, manners = style("rock").parts["drums"], set()
    for seed in range(20):
        controls = PerformanceControls(complexity=0.3, seed=seed)
        bars = [Bar(number, song()[5].chords, position=number, section="chorus") for number in range(32)]
        found = [select_pattern(bar, own, controls, draw(bar, controls, "drums")).groove_cluster for bar in bars]
        most = max(found, key=found.count)
        assert found.count(most) >= 24
        manners.add(most)
    assert len(manners) > 1


def test_a_groove_comes_back_through_a_phrase_with_little_changed() -> None:
    bars = [Bar(number, song()[5].chords, position=number) for number in range(3)]
    apart: dict[int, list[int]] = {1: [], 2: []}
    for seed in range(60):
        controls = replace(STRAIGHT, complexity=0.0, seed=seed)
        played = []
        for bar in (*bars, replace(bars[1], number=9, position=5)):
            notes, _ = PARTS["drums"](bar, style("rock"), controls, PartState())
            played.append({(note.tick, note.pitch) for note in notes})
        apart[1].append(len(played[0] ^ played[1]))
        apart[2].append(len(played[0] ^ played[3]))  # a phrase later
    assert 0 < np.mean(apart[1]) < 0.7 * np.mean(apart[2])


def test_a_groove_that_is_none_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        write_style(tmp_path, "polka")
    assert "groove: 'polka' is none; grooves are funk, hiphop, jazz" in error.value.message


def test_a_file_of_grooves_that_is_broken_is_named() -> None:
    for text in (b"{", b'{"schema": 1}'):
        with pytest.raises(ConfigError, match=r"grooves\.json: cannot be read"):
            read_grooves(text, "grooves.json")


def test_what_ships_is_attributed_and_small() -> None:
    text = (files("engines.accompaniment") / FILE).read_bytes()
    assert len(text) < 200_000
    results = read_grooves(text, FILE).attribution
    assert all(word in results for word in ("Groove MIDI Dataset", "Gillick", "Google LLC", "CC BY 4.0", "Changed"))


@pytest.mark.parametrize("name", list_families())
def test_each_family_has_templates_from_calm_to_hard(name: str) -> None:
    templates = load_family(name).templates
    levels = [one.level for one in templates]
    assert len(templates) >= 12
    assert {one.groove_cluster for one in templates} == {1, 2, 3, 4}
    assert levels[0] < 0.2 and levels[-1] > 0.8
    assert max(b - a for a, b in pairwise(levels)) <= 0.25
    for one in templates:
        assert "9" in "".join(one.lanes.values())
        assert all(len(line) == STEPS for line in one.lanes.values())
        assert set(one.lanes) <= set(ROLES)
        touches = [touch for steps in one.articulations.values() for touch in steps]
        assert all(abs(touch.late_ticks) <= 30 and 0 <= touch.spread_ticks <= 25 for touch in touches)


def read_groove(name: str) -> str:
    """The family of recorded grooves that the drums of style ``name`` play; empty where its patterns are written."""
    drums = read_toml(find_style(name), StyleFile).drums
    return drums.groove if drums else ""


@pytest.mark.parametrize("name", [name for name in STYLES if read_groove(name)])
def test_the_styles_with_grooves_of_drummers_play_them(name: str) -> None:
    own = style(name).parts["drums"]
    chosen = [
        select_pattern(bar, own, PerformanceControls(seed=s), draw(bar, PerformanceControls(seed=s), "drums"))
        for bar in song()
        for s in range(9)
    ]
    assert np.mean([bool(one.groove_cluster) for one in chosen]) > 0.8


def test_drums_with_touch_stay_within_their_bar() -> None:
    bar = Bar(0, song()[5].chords, intensity=0.9)
    early = {"closed": (Articulation(-30, 25, 1.0, 1.0),) * STEPS}
    own = replace(
        style("rock").parts["drums"], patterns=(StepPattern(0.5, {"closed": "9" * STEPS}, articulations=early),)
    )
    for seed in range(50):
        controls = PerformanceControls(humanise=1.0, seed=seed)
        notes, _ = PARTS["drums"](bar, replace(style("rock"), parts={"drums": own}), controls, PartState())
        assert len(notes) == STEPS
        assert all(note.tick >= 0 and note.end <= bar.ticks for note in notes)
        assert all(a.end <= b.tick for a, b in pairwise(notes))
