"""Side-chain: accents and level of a stem along the timeline, with and without delay."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from bridge.core.audio import Audio
from bridge.core.engine import block_for
from engines.accompaniment.band import Band
from engines.accompaniment.score import PerformanceControls
from engines.accompaniment.sidechain import DOWN_DB, FOLLOWS, MOST_LATE, SOURCES, StemFollower
from engines.accompaniment.timeline import HOP

RHYTHM = (0, 18, 24, 42)
"""Twelfths of a beat in a bar of four: on 1, behind 2, on 3, behind 4."""
SIZE = 48
Clock = Callable[[int], float]
"""The beat at a frame."""


def make_plucks(places: Sequence[int], bars: int, bpm: float, rate: int, loose_s: float = 0.0) -> Audio:
    """Short low tones at these twelfths of each bar, over a little noise, shape (2, frames)."""
    beat, rng = 60 * rate / bpm, np.random.default_rng(3)
    audio = rng.normal(0, 0.001, round(bars * 4 * beat) + rate)
    time = np.arange(round(0.2 * rate)) / rate
    for bar in range(bars):
        for place in places:
            on = max(round((4 * bar + place / 12) * beat + loose_s * rng.normal() * rate), 0)
            hz = 55.0 * 2 ** (rng.integers(8) / 12)
            tone = 0.3 * np.sin(2 * np.pi * hz * time) * np.exp(-time / 0.05) * np.minimum(time / 0.003, 1)
            audio[on : on + len(tone)] += tone
    return np.stack([audio, audio]).astype(np.float32)


def make_clock(bpm: float, rate: int) -> Clock:
    return lambda frame: frame * bpm / (60 * rate)


class Hears:
    """The drums follow the bass: what they hear, hop by hop."""

    def __init__(self, rate: int = 44100) -> None:
        self.following, self.rate, self.frame = StemFollower(), rate, 0
        self.following.prepare(rate)
        self.values = {control.name: 0.0 for control in FOLLOWS.values()}
        self.values[FOLLOWS["drums"].name] = 1.0 + SOURCES.index("bass")

    def hear(self, audio: Audio, clock: Clock, late: int = 0, bar_beats: int = 4) -> Hears:
        """``audio``, which is reported ``late`` frames after it sounded."""
        results = np.concatenate([np.zeros((2, late), np.float32), audio], axis=1)
        for first in range(0, results.shape[1] - HOP + 1, HOP):
            block = block_for(Band.spec.inputs, HOP)
            block.values, block.stem_delay_frames = self.values, late
            block.audio["bass"][:] = results[:, first : first + HOP]
            self.frame += HOP
            self.following.process(block, clock(self.frame), bar_beats)
        return self

    def make_controls(self, bar_beats: int = 4) -> PerformanceControls:
        self.following.jump()
        self.following.begin_bar(0)
        return self.following.make_controls(PerformanceControls(), bar_beats, self.values)["drums"]


def strong(accents: Sequence[float]) -> set[int]:
    return {place for place, accent in enumerate(accents) if accent >= 0.5}


def around(places: Sequence[int]) -> set[int]:
    return {(place + by) % SIZE for place in places for by in (-1, 0, 1)}


@pytest.mark.parametrize("bpm", [70.0, 120.0, 168.0])
@pytest.mark.parametrize(("rate", "late"), [(44100, 0), (48000, 9000), (96000, 20000)])
def test_a_rhythm_that_goes_on_is_found_where_it_sounded(bpm: float, rate: int, late: int) -> None:
    hears = Hears(rate).hear(make_plucks(RHYTHM, 8, bpm, rate, 0.005), make_clock(bpm, rate), late)
    accents = hears.make_controls().accents
    assert len(accents) == SIZE
    assert set(RHYTHM) <= strong(accents)
    # a stroke between two twelfths may be either
    assert strong(accents) <= around(sorted(around(RHYTHM)))


def test_nothing_is_followed_before_two_bars_nor_where_the_metre_is_another() -> None:
    audio, clock = make_plucks(RHYTHM, 8, 120, 44100), make_clock(120, 44100)
    bar = 2 * 44100
    assert Hears().hear(audio[:, : round(1.9 * bar)], clock).make_controls().accents == ()
    hears = Hears().hear(audio[:, : round(2.3 * bar)], clock)
    assert hears.make_controls().accents
    assert hears.make_controls(bar_beats=3).accents == ()


def test_another_rhythm_takes_over_within_four_bars() -> None:
    hears, clock = Hears(), make_clock(120, 44100)
    bar = 2 * 44100
    hears.hear(make_plucks(RHYTHM, 8, 120, 44100)[:, : 8 * bar], clock)
    hears.hear(make_plucks((6, 30), 6, 120, 44100)[:, : 5 * bar], clock)
    assert {6, 30} <= strong(hears.make_controls().accents)
    assert not strong(hears.make_controls().accents) & {0, 18, 24, 42}


@pytest.mark.parametrize("late", [0, 9000])
def test_a_loop_of_one_bar_is_detected_whole_each_time(late: int) -> None:
    hears = Hears().hear(make_plucks(RHYTHM, 8, 120, 44100), lambda frame: frame / 22050 % 4, late)
    assert set(RHYTHM) <= strong(hears.make_controls().accents)


def test_what_is_struck_evenly_without_a_rhythm_is_not_followed() -> None:
    rng, clock = np.random.default_rng(1), make_clock(120, 44100)
    noise = np.repeat(rng.normal(0, 0.1, (1, 16 * 44100)), 2, 0).astype(np.float32)
    assert Hears().hear(noise, clock).make_controls().accents == ()
    roll = make_plucks(range(0, SIZE, 3), 8, 120, 44100)
    assert Hears().hear(roll, clock).make_controls().accents == ()
    assert Hears().hear(make_plucks(range(0, SIZE, 6), 8, 120, 44100), clock).make_controls().accents


def test_it_is_played_as_much_softer_as_the_stem_is_and_no_further() -> None:
    audio, clock = make_plucks(RHYTHM, 12, 120, 44100)[:, : 24 * 44100], make_clock(120, 44100)
    usual = Hears().hear(audio, clock).make_controls().intensity
    softer = Hears().hear(audio, clock).hear(audio[:, : 4 * 44100] * np.float32(0.25), clock).make_controls().intensity
    silent = Hears().hear(audio, clock).hear(np.zeros((2, 8 * 44100), np.float32), clock).make_controls().intensity
    assert usual == pytest.approx(0.5, abs=0.15)
    assert usual - softer == pytest.approx(0.03 * 12, abs=0.12)
    assert silent == pytest.approx(max(0.5 + 0.03 * DOWN_DB, 0.0))


def test_while_no_time_passes_nothing_is_learned() -> None:
    hears = Hears().hear(make_plucks(RHYTHM, 8, 120, 44100), make_clock(120, 44100))
    before = hears.make_controls()
    hears.hear(np.zeros((2, 4 * 44100), np.float32), lambda _: float("nan"))
    assert hears.make_controls().accents == before.accents
    assert hears.make_controls().intensity == pytest.approx(before.intensity, abs=0.05)


def test_what_comes_later_than_anything_is_remembered_is_not_followed() -> None:
    audio = make_plucks(RHYTHM, 4, 120, 44100)
    for late in (MOST_LATE - HOP, 2 * MOST_LATE):
        assert Hears().hear(audio, make_clock(120, 44100), late).make_controls() == PerformanceControls()


def test_an_unused_sidechain_has_no_effect_and_a_part_without_one_plays_as_reported() -> None:
    hears = Hears()
    hears.values[FOLLOWS["drums"].name] = 0.0
    hears.hear(make_plucks(RHYTHM, 8, 120, 44100), make_clock(120, 44100))
    assert hears.make_controls() == PerformanceControls()
    assert not any(array.any() for name, array in hears.following.state().items() if name.startswith("bass.struck"))


def test_broken_samples_are_silence() -> None:
    audio = make_plucks(RHYTHM, 8, 120, 44100)
    broken = audio.copy()
    broken[0, 1000:3000], broken[1, 1000:3000:2], broken[1, 1001:3000:2] = np.nan, np.inf, -np.inf
    audio[:, 1000:3000] = 0.0
    clock = make_clock(120, 44100)
    assert Hears().hear(broken, clock).make_controls() == Hears().hear(audio, clock).make_controls()


@pytest.mark.parametrize("right", [-1.0, -0.9])
def test_a_stem_whose_sides_cancel_is_followed_as_if_they_did_not(right: float) -> None:
    audio, clock = make_plucks(RHYTHM, 8, 120, 44100), make_clock(120, 44100)
    found = Hears().hear(audio * np.array([[1.0], [right]], np.float32), clock).make_controls()
    assert set(RHYTHM) <= strong(found.accents)
    assert strong(found.accents) <= around(sorted(around(RHYTHM)))
    assert found.intensity == pytest.approx(Hears().hear(audio, clock).make_controls().intensity, abs=0.01)


def test_of_an_ordinary_stem_the_mean_of_its_sides_is_followed_to_the_bit() -> None:
    audio, clock = make_plucks(RHYTHM, 8, 120, 44100), make_clock(120, 44100)
    wide = np.stack([audio[0], 0.4 * np.roll(audio[1], 300)])
    both = np.stack([wide.mean(0)] * 2)
    states = [Hears().hear(sides, clock).following.state() for sides in (wide, both)]
    names = [name for name in states[0] if name.startswith("bass.") and ".downmix." not in name]
    assert len(names) > 10
    assert all(np.array_equal(states[0][name], states[1][name], equal_nan=True) for name in names)


def test_what_is_inverted_when_it_goes_on_elsewhere_stays_so() -> None:
    audio, clock = make_plucks(RHYTHM, 8, 120, 44100) * np.array([[1.0], [-1.0]], np.float32), make_clock(120, 44100)
    one, other = Hears().hear(audio[:, :200000], clock), Hears()
    assert int(one.following.state()["bass.downmix.inverted"]) == 1
    other.following.restore(one.following.state())
    assert int(other.following.state()["bass.downmix.inverted"]) == 1
    one.following.reset()
    assert int(one.following.state()["bass.downmix.inverted"]) == 0


def test_it_goes_on_elsewhere_as_it_was_and_forgets_all() -> None:
    audio, clock = make_plucks(RHYTHM, 8, 120, 44100), make_clock(120, 44100)
    one, other = Hears().hear(audio[:, :200000], clock), Hears()
    other.following.restore(one.following.state())
    other.frame = one.frame
    for hears in (one, other):
        hears.hear(audio[:, 200000:], clock, 3000)
        hears.make_controls()
    states = one.following.state(), other.following.state()
    assert all(np.array_equal(states[0][name], states[1][name], equal_nan=True) for name in states[0])
    one.following.reset()
    fresh = Hears().following.state()
    assert all(np.array_equal(array, fresh[name], equal_nan=True) for name, array in one.following.state().items())
