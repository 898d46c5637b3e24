"""MIDI clock with jitter, rounded to milliseconds, or all of a period on its first frame: tempo and phase stay."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.core.clock import HostClock
from bridge.core.tick_grid import TickGrid
from bridge.core.time import BlockTime

START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"
PERIODS = (64, 128, 256, 512, 1024, 2048)
LOCKED_S = 20.0
"""From here on a clock is locked, whatever comes: the loop has its narrow bandwidth."""


def make_ticks(bpm: float, rate: int, seconds: float, first: float = 1000.0) -> NDArray[np.float64]:
    step = 60.0 * rate / bpm / 24
    times: NDArray[np.float64] = first + np.arange(int(seconds * rate / step), dtype=np.float64) * step
    return times


def add_jitter(ticks: NDArray[np.float64], most_frames: float, seed: int = 1) -> NDArray[np.float64]:
    late: NDArray[np.float64] = ticks + np.random.default_rng(seed).uniform(0, most_frames, ticks.size)
    return late


def quantise(ticks: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    rounded: NDArray[np.float64] = np.ceil(ticks / step) * step
    return rounded


def follow(arrivals: NDArray[np.float64], clock: HostClock) -> Iterator[tuple[int, BlockTime]]:
    """Push ticks; at each beat its number and the time by then."""
    for number, frame in enumerate(np.round(arrivals).astype(int)):
        clock.push_midi(int(frame), CLOCK)
        if number % 24 == 0:
            yield number // 24, clock.time_at(int(frame))


def measure(
    arrivals: NDArray[np.float64], ticks: NDArray[np.float64], rate: int, settled_s: float = LOCKED_S
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each beat since the clock is locked: its tempo, and by how many milliseconds it is later than it was sent."""
    clock = HostClock(rate)
    clock.push_midi(500, START)
    found = [
        (at.tempo, 1000.0 * (at.frame_at(beat) - ticks[24 * beat]) / rate)
        for beat, at in follow(arrivals, clock)
        if ticks[24 * beat] > settled_s * rate
    ]
    tempos, lateness = np.array(found).T
    return tempos, lateness


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_jitter_of_a_millisecond_and_a_half_moves_neither_tempo_nor_phase(rate: int) -> None:
    ticks = make_ticks(123.45, rate, 120)
    tempos, lateness = measure(add_jitter(ticks, 0.0015 * rate), ticks, rate)
    assert np.std(tempos) < 0.01
    assert np.std(lateness) < 0.1
    assert np.mean(tempos) == pytest.approx(123.45, abs=0.005)
    assert np.mean(lateness) == pytest.approx(0.75, abs=0.1)


@pytest.mark.parametrize("period", PERIODS[:-1])
@pytest.mark.parametrize("jitter_ms", [0.1, 1.5])
def test_jitter_on_the_first_frame_of_a_period_moves_neither_tempo_nor_phase(period: int, jitter_ms: float) -> None:
    ticks = make_ticks(123.45, 48000, 120)
    tempos, lateness = measure(quantise(add_jitter(ticks, 48 * jitter_ms), period), ticks, 48000)
    assert np.std(tempos) < 0.005
    assert np.std(lateness) < 0.1
    assert np.mean(lateness) == pytest.approx(1000 * period / 48000 / 2 + jitter_ms / 2, abs=0.15)


@pytest.mark.parametrize("bpm", [117.2, 117.25, 140.6])
@pytest.mark.parametrize("period", [128, 256, 512, 1024])
def test_ticks_that_are_nearly_a_period_apart_make_no_other_tempo(bpm: float, period: int) -> None:
    """All are at one place of the period for many beats; then all move by a whole one."""
    ticks = make_ticks(bpm, 48000, 80)
    tempos, _ = measure(quantise(ticks, period), ticks, 48000)
    assert np.max(np.abs(tempos - bpm)) < 0.2


def test_a_sender_that_is_interrupted_now_and_then_moves_neither_tempo_nor_phase() -> None:
    ticks = make_ticks(123.45, 48000, 120)
    random = np.random.default_rng(1)
    late = (random.random(ticks.size) < 0.05) * random.uniform(0, 480, ticks.size)
    tempos, lateness = measure(np.maximum.accumulate(add_jitter(ticks, 24) + late), ticks, 48000)
    assert np.max(np.abs(tempos - 123.45)) < 0.03
    assert np.std(lateness) < 0.1


@given(bpm=st.floats(99, 111), rate=st.sampled_from((44100, 48000)), offset=st.floats(0, 50))
@settings(deadline=None, max_examples=12)
def test_ticks_in_whole_milliseconds_flip_to_no_neighbouring_tempo(bpm: float, rate: int, offset: float) -> None:
    ticks = make_ticks(bpm, rate, 30, 1000 + offset)
    tempos, _ = measure(quantise(ticks, rate / 1000), ticks, rate, 5.0)
    assert np.max(np.abs(tempos - bpm)) < 0.1


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("bpm", [60.0, 111.0, 123.45, 174.0, 250.0])
def test_ticks_on_the_first_frame_of_a_period_keep_the_tempo(period: int, bpm: float) -> None:
    """At 174 BPM ticks are 719 frames apart: with a period of 1024 some periods have two, with 2048 all have."""
    ticks = make_ticks(bpm, 48000, 60)
    tempos, lateness = measure(quantise(ticks, period), ticks, 48000)
    assert np.max(np.abs(tempos - bpm)) < 0.1
    assert np.std(lateness) < max(0.1, 0.02 * 1000 * period / 48000)
    assert 0.0 <= np.mean(lateness) <= 1000 * period / 48000


@given(bpm=st.floats(40, 280), period=st.sampled_from(PERIODS), jitter_ms=st.floats(0, 3), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_no_tempo_period_and_jitter_loses_a_beat(bpm: float, period: int, jitter_ms: float, seed: int) -> None:
    ticks = make_ticks(bpm, 48000, 40)
    tempos, lateness = measure(quantise(add_jitter(ticks, 48 * jitter_ms, seed), period), ticks, 48000)
    assert np.max(np.abs(tempos / bpm - 1.0)) < 0.01
    assert np.all((lateness > -period / 48 - 1) & (lateness < 2 * period / 48 + jitter_ms + 1))


@pytest.mark.parametrize("period", [1, 128, 1024])
def test_a_new_tempo_is_followed_within_two_bars(period: int) -> None:
    before, after = make_ticks(120, 48000, 20), make_ticks(124, 48000, 20, 0.0)
    joined = np.concatenate([before, before[-1] + 1000 + after])
    clock = HostClock(48000)
    clock.push_midi(500, START)
    changed = before.size // 24
    for beat, at in follow(quantise(joined, period), clock):
        if beat > changed + 8:
            assert at.tempo == pytest.approx(124, abs=1.0 if beat < changed + 16 else 0.3)


@pytest.mark.parametrize("period", [64, 256, 1024])
def test_a_small_change_of_the_tempo_is_found_on_a_wide_grid_too(period: int) -> None:
    """The line is slow to follow there, so that a change is searched over some beats."""
    before, after = make_ticks(120, 48000, 60), make_ticks(120.5, 48000, 25, 0.0)
    joined = np.concatenate([before, before[-1] + 1000 + after])
    clock = HostClock(48000)
    clock.push_midi(500, START)
    changed, seen = before.size // 24, 0
    for beat, at in follow(quantise(add_jitter(joined, 72), period), clock):
        late_ms = 1000 * (at.frame_at(beat) - joined[24 * beat]) / 48000 - 1000 * period / 48000 / 2 - 0.75
        if beat > changed:
            assert abs(late_ms) < 6.0
        if beat > changed + 20:
            seen += 1
            assert at.tempo == pytest.approx(120.5, abs=0.05)
    assert seen > 20


def test_a_gap_that_moves_the_periods_leaves_the_tempo() -> None:
    ticks = make_ticks(123.45, 48000, 60)
    clock = HostClock(48000)
    clock.push_midi(500, START)
    moved = quantise(ticks, 1024)
    moved[1500:] = quantise(ticks[1500:] - 300, 1024) + 300
    for number, frame in enumerate(moved.astype(int)):
        if number == 1500:
            clock.push_gap(300)
        clock.push_midi(int(frame), CLOCK)
        if number > 1000:
            assert clock.time_at(int(frame)).tempo == pytest.approx(123.45, abs=0.1)


@pytest.mark.parametrize("period", [1, 256, 1024])
@pytest.mark.parametrize("jitter_ms", [0.0, 1.5])
def test_start_stop_continue_and_a_position_while_it_runs(period: int, jitter_ms: float) -> None:
    """Each at once, and the beat is right again within four ticks, as near as the driver's grid allows."""
    rate, bpm = 48000, 123.45
    step = 60.0 * rate / bpm / 24
    clock = HostClock(rate)
    late = np.random.default_rng(3).uniform(0, jitter_ms * rate / 1000, 10_000)
    tick = 0

    def send(message: bytes, expected: float | None, ticks: int) -> None:
        nonlocal tick
        if message:
            clock.push_midi(int(np.ceil((1000 + (tick - 0.5) * step) / period) * period), message)
        for n in range(ticks):
            exact = 1000 + tick * step
            arrived = int(np.ceil((exact + late[tick]) / period) * period)
            clock.push_midi(arrived, CLOCK)
            tick += 1
            if expected is not None and n >= 4:
                beat = clock.time_at(arrived).beat_at(exact)
                allowed = (period + jitter_ms * rate / 1000) / (24 * step) + 0.01
                assert beat == pytest.approx(expected + n / 24, abs=allowed)
            elif expected is None and n:
                assert not clock.time_at(arrived).rolling

    send(START, 0.0, 480)
    send(bytes((0xF2, 32, 0)), None, 0)
    send(CONTINUE, 8.0, 240)
    send(STOP, None, 100)
    send(CONTINUE, 18.0, 240)
    send(bytes((0xF2, 64, 1)), None, 0)
    send(CONTINUE, 48.0, 240)
    send(bytes((0xF2, 16, 0)), 4.0, 240)  # some senders continue without saying so
    send(START, 0.0, 240)
    assert clock.time_at(round(1000 + tick * step)).tempo == pytest.approx(bpm, abs=0.5)


def test_a_grid_is_found_where_there_is_one_and_forgotten_with_the_clock() -> None:
    grid = TickGrid(72.0)
    for frame in quantise(make_ticks(123.45, 48000, 5), 1024):
        grid.push(int(frame))
    assert grid.frames == 1024
    for frame in add_jitter(make_ticks(123.45, 48000, 2, 300_000), 72):
        grid.push(round(frame))
    assert grid.frames <= 2
    grid.forget()
    assert grid.frames == 0
