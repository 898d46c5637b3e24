"""Templates and likeness counted on drummers whose grooves are known."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import mido
import numpy as np
import pytest

from bridge.config import read_toml
from engines.accompaniment.grooves import STEPS, read_grooves
from engines.accompaniment.parts.drums import LANES
from engines.accompaniment.style import StyleFile
from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style
from research.accompaniment.training.__main__ import main
from research.accompaniment.training.drumming import (
    KINDS,
    DrumBars,
    DrumStyle,
    estimate_swing,
    find_grid_steps,
    join,
    list_performances,
    split_performances,
)
from research.accompaniment.training.groove_similarity import (
    compare_grooves,
    compute_gains,
    measure_steadiness,
    shuffle_steps,
)
from research.accompaniment.training.templates import (
    build_family,
    build_groove_file,
    build_template,
    group_bars,
    measure_correlation,
    select_usable,
    to_json,
)
from research.datasets.symbolic import GrooveHit, MidiGroove

ROCK = {"kick": (0, 8), "snare": (4, 12), "closed": tuple(range(0, 16, 2))}
BUSY = {"kick": (0, 3, 6, 10), "snare": (4, 12, 15), "ride": tuple(range(0, 16, 2))}
EVERY = {"kick": (0, 8), "closed": tuple(range(16))}
LATE = {"snare": 12.0, "closed": -9.0, "ride": -9.0}


def make_groove(
    name: str,
    pattern: dict[str, tuple[int, ...]],
    bars: int = 24,
    loud: float = 0.6,
    swing: float = 0.5,
    pair: float = 1.0,
    loose: float = 0.0,
    seed: int = 0,
) -> MidiGroove:
    """``pattern`` over and over; snares come 12 ticks late and cymbals 9 early, all of it 20 late altogether."""
    random = np.random.default_rng(seed)
    hits = []
    for bar in range(bars):
        for role, steps in pattern.items():
            for step in steps:
                pairs, rest = divmod(step / 4 / pair, 1.0)
                there = pairs + (rest * 2 * swing if rest < 0.5 else swing + (rest - 0.5) * 2 * (1 - swing))
                ticks = 20 + LATE.get(role, 0.0) + loose * random.standard_normal()
                hits.append(GrooveHit(4 * bar + pair * there + ticks / 480, role, loud + 0.1 * (step % 8 == 4)))
    return MidiGroove(name, 100.0, 4.0 * bars, tuple(sorted(hits, key=lambda hit: hit.beat)))


def rock(*grooves: MidiGroove) -> DrumBars:
    return join(list_performances([("rock", groove) for groove in grooves], KINDS["rock"]))


@pytest.mark.parametrize(("swing", "pair"), [(0.5, 1.0), (0.62, 1.0), (0.66, 1.0), (0.58, 0.5)])
def test_a_drummers_swing_is_estimated_and_leaves_no_deviation(swing: float, pair: float) -> None:
    groove = make_groove("drummer1/a/1", EVERY, swing=swing, pair=pair, loose=3.0)
    beats = np.array([hit.beat for hit in groove.hits])
    assert estimate_swing(beats, pair) == pytest.approx(swing, abs=0.011)
    steps, late = find_grid_steps(beats, pair, swing)
    assert set(steps % STEPS) == set(range(STEPS))
    assert np.abs(late - 20).max() < 30


def test_triplets_are_the_first_three_steps_of_a_swung_beat() -> None:
    steps, late = find_grid_steps(np.arange(12) / 3, 1.0, 2 / 3)
    assert steps.tolist() == [4 * beat + place for beat in range(4) for place in range(3)]
    assert np.abs(late).max() < 1e-6


def test_lateness_of_a_drum_is_separated_from_that_of_the_whole_performance() -> None:
    bars = rock(make_groove("drummer1/a/1", ROCK))
    snare, closed = (
        float(np.median(bars.late[:, LANES[role]][bars.is_hit[:, LANES[role]]])) for role in LATE if role != "ride"
    )
    assert snare - closed == pytest.approx(21.0)
    assert abs(np.median(bars.late[bars.is_hit])) < 1e-6


def test_a_foot_that_hurries_is_early_and_no_sixteenth_before() -> None:
    steady = make_groove("drummer1/a/1", ROCK, 8)
    feet = [GrooveHit(4 * bar + beat + (20 - 90) / 480, "pedal", 0.5) for bar in range(8) for beat in (1, 3)]
    bars = rock(replace(steady, hits=tuple(sorted([*steady.hits, *feet], key=lambda hit: hit.beat))))
    pedal = bars.is_hit[:, LANES["pedal"]]
    assert set(np.flatnonzero(pedal.any(0))) == {4, 12}
    assert np.median(bars.late[:, LANES["pedal"]][pedal]) == pytest.approx(-90, abs=10)


def test_of_two_strokes_at_one_place_the_louder_stays() -> None:
    steady = make_groove("drummer1/a/1", ROCK, 8)
    for velocity in (0.1, 0.99):
        flam = [GrooveHit(4 * bar + 1.07, "snare", velocity) for bar in range(8)]
        bars = rock(replace(steady, hits=tuple(sorted([*steady.hits, *flam], key=lambda hit: hit.beat))))
        assert bars.velocity[2, LANES["snare"], 4] == pytest.approx(127 * max(velocity, 0.7))


def test_a_family_has_what_swings_or_what_does_not() -> None:
    straight, shuffled_ = make_groove("drummer1/a/1", ROCK), make_groove("drummer1/a/2", ROCK, swing=0.66)
    both = [("rock", straight), ("rock/folk", shuffled_), ("jazz", straight), ("rocksteady", straight)]
    assert [one.name for one in list_performances(both, DrumStyle(("rock",)))] == ["drummer1/a/1"]
    assert [one.name for one in list_performances(both, DrumStyle(("rock",), swung=True))] == ["drummer1/a/2"]


def test_nothing_is_learned_from_who_is_held_out_nor_from_the_grooves_that_all_play() -> None:
    names = ["drummer1/a/1", "drummer1/eval_session/1", "drummer3/a/1", "drummer5/a/1", "drummer5/eval_session/1"]
    kind = replace(KINDS["rock"], held_out=frozenset({"drummer3"}))
    learned, held = split_performances(
        kind, list_performances([("rock", make_groove(name, ROCK, 4)) for name in names], kind)
    )
    assert [one.name for one in learned] == names[:1]
    assert [one.name for one in held] == names[2:]
    assert all("drummer5" in [o.drummer for o in split_performances(k, [replace(held[-1])])[1]] for k in KINDS.values())


def test_fills_rolls_loose_bars_near_silence_and_no_backbeat_are_no_grooves() -> None:
    fill = {"kick": (0,), "tom_low": (6, 8, 10), "snare": (4, 12)}
    march = {**ROCK, "snare": tuple(range(16))}
    washed = {**ROCK, "closed": (), "open": tuple(range(16))}
    for pattern in (march, washed, {**ROCK, "kick": (2, 8)}, {**ROCK, "snare": (6, 14)}):
        unheard = rock(make_groove("drummer1/a/2", pattern, 6))
        assert len(unheard) == 6
        assert not len(select_usable(unheard, KINDS["rock"]))
    assert len(select_usable(rock(make_groove("drummer1/a/2", {**ROCK, "snare": (6, 14)}, 6)), KINDS["jazz"])) == 6
    off = replace(
        make_groove("drummer1/a/3", ROCK, 4), hits=tuple(GrooveHit(0.3 * i + 0.13, "closed", 0.5) for i in range(40))
    )
    for unwanted in (make_groove("drummer1/a/2", fill, 4), make_groove("drummer1/a/4", {"kick": (0, 4, 8)}, 6), off):
        assert not len(select_usable(rock(unwanted), KINDS["rock"]))
    assert len(select_usable(rock(make_groove("drummer1/a/1", ROCK, 4)), KINDS["rock"])) == 4


def test_a_template_says_what_was_struck_how_loud_and_how_late() -> None:
    half = {**ROCK, "kick": (0, 8, 10)}
    everything = [make_groove(f"drummer1/a/{i}", half if i % 2 else ROCK, 12, loose=4.0, seed=i) for i in range(8)]
    table = build_family(list_performances([("rock", one) for one in everything], KINDS["rock"]), KINDS["rock"])
    assert table.performances == 8 and table.bars == 96
    for template in table.templates:
        cells = {(role, cell.step): cell for role, hits in template.hits.items() for cell in hits}
        assert {(role, step) for role, steps in ROCK.items() for step in steps} <= set(cells)
        assert cells["snare", 4].percent == 100
        assert cells["snare", 4].velocity == pytest.approx(0.7 * 127, abs=1)
        assert cells["kick", 0].velocity == pytest.approx(0.6 * 127, abs=1)
        assert cells["snare", 12].late_ticks - cells["closed", 2].late_ticks == pytest.approx(21, abs=5)
        assert cells["closed", 4].spread_ticks == pytest.approx(4, abs=3)
    assert any(cell.step == 10 for template in table.templates for cell in template.hits["kick"])


def test_bars_that_differ_become_templates_of_their_own_from_calm_to_hard() -> None:
    calm, hard = make_groove("drummer1/a/1", ROCK, 40, 0.3), make_groove("drummer2/a/1", BUSY, 40, 0.8)
    table = build_family(list_performances([("rock", calm), ("rock", hard)], KINDS["rock"]), KINDS["rock"])
    levels = [one.level for one in table.templates]
    assert levels == sorted(levels)
    assert "closed" in table.templates[0].hits and "ride" not in table.templates[0].hits
    assert "ride" in table.templates[-1].hits and "closed" not in table.templates[-1].hits


def test_bars_that_have_little_in_common_are_no_template() -> None:
    random = np.random.default_rng(1)
    velocity = np.where(random.random((20, len(LANES), STEPS)) < 0.3, 80.0, 0.0)
    velocity[:, LANES["kick"], 0] = 90
    bars = DrumBars(velocity, np.zeros_like(velocity), np.zeros(20, np.int64))
    assert build_template(bars, 0.5) is None
    alike = np.repeat(velocity[:1], 20, axis=0)
    assert build_template(replace(bars, velocity=alike), 0.5) is not None


def test_of_a_group_the_nearest_are_counted_and_of_a_long_performance_some_bars() -> None:
    points = np.zeros((40, 4))
    points[:, 0] = np.arange(40) % 10 / 100
    (group,) = group_bars(points, 1)
    assert len(group) == 24
    assert np.abs(points[group, 0] - 0.045).max() <= 0.03
    long = list_performances([("rock", make_groove("drummer1/a/1", ROCK, 90))], KINDS["rock"])
    assert build_family(long, KINDS["rock"]).bars == 48


def test_velocities_are_compared_with_the_hard_strokes_of_their_drum() -> None:
    velocity = np.zeros((10, len(LANES), STEPS))
    velocity[:, 0, 0], velocity[9, 0, 0], velocity[:, 1, 4] = 50, 100, 20
    found = compute_gains(DrumBars(velocity, np.zeros_like(velocity), np.zeros(10, np.int64)))
    assert sorted(found) == pytest.approx([1.0] * 19 + [2.0])


def test_groups_are_of_what_is_alike() -> None:
    points = np.concatenate([np.zeros((16, 4)), np.ones((20, 4))]) + np.arange(144).reshape(36, 4) / 1e4
    kinds = [{int(i >= 16) for i in group} for group in group_bars(points, 2)]
    assert sorted(map(tuple, kinds)) == [(0,), (1,)]
    assert group_bars(points[:5], 3) == []


def test_correlated_timing_of_limbs_is_distinguished_from_independent_timing() -> None:
    random = np.random.default_rng(1)
    velocity, late = np.zeros((200, len(LANES), STEPS)), np.zeros((200, len(LANES), STEPS))
    velocity[:, :2, ::4] = 80
    common = random.standard_normal((200, 1, 4))
    alone = random.standard_normal((200, 2, 4))
    for share in (0.0, 0.5, 0.9):
        late[:, :2, ::4] = 8 * (share**0.5 * common + (1 - share) ** 0.5 * alone)
        assert measure_correlation(DrumBars(velocity, late, np.zeros(200, np.int64))) == pytest.approx(share, abs=0.1)


def test_the_same_drummers_make_the_same_file_which_reads_back() -> None:
    learned = {
        "rock": list_performances(
            [("rock", make_groove("drummer1/a/1", ROCK)), ("rock", make_groove("drummer1/a/2", BUSY))], KINDS["rock"]
        )
    }
    text = to_json(build_groove_file(learned))
    assert text == to_json(build_groove_file(learned))
    assert read_grooves(text, "here") == build_groove_file(learned)
    assert max(map(len, text.splitlines())) < 2500


def test_bars_are_like_themselves_and_less_so_shuffled() -> None:
    bars = rock(make_groove("drummer1/a/1", ROCK, loose=4.0))
    same, other = compare_grooves(bars, bars), compare_grooves(shuffle_steps(bars, np.random.default_rng(0)), bars)
    np.testing.assert_allclose(astuple(same), (1, same.by_drum, 1, 0, 0, 1, 1), atol=1e-9)
    assert other.similarity < 0.8 and other.steadiness < 0.7 and other.onset_bits > 0.1
    np.testing.assert_allclose((other.velocity_overlap, other.timing_overlap), 1)


def test_likeness_is_of_the_drums_of_the_touch_and_of_the_lateness() -> None:
    bars = rock(make_groove("drummer1/a/1", ROCK, loose=4.0))
    louder, flat = (
        replace(bars, velocity=velocity) for velocity in (1.3 * bars.velocity, np.where(bars.is_hit, 90.0, 0.0))
    )
    later = DrumBars(bars.velocity, bars.late + 40 * bars.is_hit, bars.song)
    turned = DrumBars(bars.velocity[:, ::-1], bars.late[:, ::-1], bars.song)
    assert compare_grooves(flat, bars).velocity_overlap < 0.6 and compare_grooves(
        flat, bars
    ).similarity == pytest.approx(1.0)
    assert compare_grooves(louder, bars).velocity_overlap == pytest.approx(1.0)
    assert compare_grooves(later, bars).timing_overlap < 0.2 and compare_grooves(
        later, bars
    ).velocity_overlap == pytest.approx(1.0)
    assert compare_grooves(turned, bars).drum_bits > 0.5 and compare_grooves(turned, bars).onset_bits == pytest.approx(
        0.0
    )


def test_steadiness_is_within_a_song_and_not_between_songs() -> None:
    one, other = rock(make_groove("drummer1/a/1", ROCK)), rock(make_groove("drummer1/a/2", BUSY))
    velocity, late = np.concatenate([one.velocity, other.velocity]), np.concatenate([one.late, other.late])
    both = DrumBars(velocity, late, np.repeat([0, 1], 24))
    assert measure_steadiness(both) == pytest.approx(1.0)
    assert measure_steadiness(replace(both, song=np.zeros(48, np.int64))) < 0.95


def write(folder: Path, row: str, style: str, groove: MidiGroove) -> str:
    """The line of the table for a MIDI file made of ``groove``."""
    notes = {"kick": 36, "snare": 38, "closed": 42, "ride": 51}
    events = [(round(480 * h.beat), notes[h.role], round(127 * h.force)) for h in groove.hits]
    track, now = mido.MidiTrack(), 0
    hits = [(tick, note, velocity) for tick, note, velocity in events] + [
        (tick + 30, note, 0) for tick, note, _ in events
    ]
    for tick, note, velocity in sorted(hits):
        track.append(mido.Message("note_on", note=note, velocity=velocity, time=tick - now))
        now = tick
    file = f"{row.replace('/', '_')}.mid"
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(folder / file)
    return f"{row},{style},100,beat,4-4,{file}"


def test_the_commands_write_the_grooves_and_compare_the_styles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "groove"
    folder.mkdir()
    lines = ["id,style,bpm,beat_type,time_signature,midi_filename"]
    for drummer in ("drummer1", "drummer5"):
        for number, pattern in enumerate((ROCK, BUSY), 1):
            row = f"{drummer}/a/{number}"
            lines.append(write(folder, row, "rock", make_groove(row, pattern, 40, loose=4.0, seed=number)))
    (folder / "info.csv").write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "grooves.json"
    assert main(["grooves", "--symbolic", str(tmp_path), "--out", str(out)]) == 0
    assert "2 performances,   80 bars" in capsys.readouterr().out
    assert set(read_grooves(out.read_bytes(), "it").families) == {"rock"}
    assert main(["groove-check", "--symbolic", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "rock: 80 bars held out, 80 learned from" in said
    assert "| the drummers learned from |" in said
    assert "jazz: no bars of jazz" in said
    assert main(["grooves", "--symbolic", str(tmp_path / "none")]) == 2


def test_every_groove_of_a_style_is_a_family_that_is_counted() -> None:
    named = {drums.groove for name in SHIPPED_STYLES if (drums := read_toml(find_style(name), StyleFile).drums)} - {""}
    assert len(named) >= 5
    assert named <= set(KINDS)
