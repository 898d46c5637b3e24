"""The host's time from MIDI clock and JACK transport."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.random import default_rng

from bridge.core.clock import HostClock
from bridge.core.events import Beat, Midi, TimedEvent, Transport

RATE = 44100
START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"
TEMPOS = (60.0, 90.5, 120.0, 123.45, 174.3, 240.0)


def frames_per_tick(bpm: float) -> float:
    return 60 * RATE / bpm / 24


def ticks(bpm: float, count: int, first: float = 1000.0, jitter_s: float = 0.0) -> Iterator[int]:
    """The whole frames at which ``count`` clocks arrive, each up to ``jitter_s`` late."""
    late = default_rng(1).uniform(0, jitter_s * RATE, count) if jitter_s else np.zeros(count)
    return (round(first + n * frames_per_tick(bpm) + late[n]) for n in range(count))


def started(bpm: float, count: int, first: float = 1000.0, jitter_s: float = 0.0) -> HostClock:
    clock = HostClock(RATE)
    clock.push_midi(500, START)
    for frame in ticks(bpm, count, first, jitter_s):
        clock.push_midi(frame, CLOCK)
    return clock


@pytest.mark.parametrize("bpm", TEMPOS)
def test_beat_frames_are_predicted_a_beat_ahead_within_a_frame(bpm: float) -> None:
    clock = HostClock(RATE)
    clock.push_midi(500, START)
    first = 1000.37
    worst = 0.0
    for n, frame in enumerate(ticks(bpm, 24 * 64, first)):
        clock.push_midi(frame, CLOCK)
        if n >= 48 and n % 24 == 0:
            at = clock.time_at(frame)
            following = n // 24 + 1
            worst = max(worst, abs(at.frame_at(following) - (first + following * 24 * frames_per_tick(bpm))))
    assert worst < 1.0


@pytest.mark.parametrize("bpm", TEMPOS)
def test_jitter_is_smoothed_to_its_mean(bpm: float) -> None:
    clock = started(bpm, 24 * 64, jitter_s=0.0015)
    at = clock.time_at(round(1000 + 24 * 64 * frames_per_tick(bpm)))
    late_s = (at.frame_at(64) - (1000 + 24 * 64 * frames_per_tick(bpm))) / RATE
    assert abs(at.tempo - bpm) < 0.01 * bpm / 120
    assert late_s == pytest.approx(0.00075, abs=0.00015)


def test_jittered_tempo_is_close_after_two_beats() -> None:
    assert started(123.45, 48, jitter_s=0.0015).time_at(44100).tempo == pytest.approx(123.45, abs=0.5)


def test_beat_0_is_the_first_clock_after_start() -> None:
    clock = started(120, 2)
    at = clock.time_at(1000)
    assert (at.rolling, at.hosted) == (True, True)
    assert at.beat == pytest.approx(0.0, abs=1e-3)
    assert clock.time_at(900).beat < 0


def test_start_alone_does_not_roll() -> None:
    clock = HostClock(RATE)
    clock.push_midi(0, START)
    at = clock.time_at(10)
    assert (at.rolling, at.hosted, at.beat) == (False, True, 0.0)


def test_continue_goes_on_from_the_song_position() -> None:
    clock = HostClock(RATE)
    clock.push_midi(0, bytes([0xF2, 16, 1]))  # 144 sixteenths are 36 beats
    assert clock.time_at(50).beat == 36
    clock.push_midi(100, CONTINUE)
    for frame in ticks(120, 3):
        clock.push_midi(frame, CLOCK)
    assert clock.time_at(1000).beat == pytest.approx(36, abs=1e-3)


def test_continue_goes_on_where_stop_stood() -> None:
    clock = started(120, 24)
    clock.push_midi(30000, STOP)
    assert (clock.time_at(40000).rolling, clock.time_at(40000).beat, clock.time_at(40000).hosted) == (False, 1.0, True)
    clock.push_midi(50000, CONTINUE)
    for frame in ticks(120, 2, 51000):
        clock.push_midi(frame, CLOCK)
    assert clock.time_at(51000).beat == pytest.approx(1.0, abs=1e-3)


def test_clocks_while_stopped_tell_the_tempo_but_do_not_move() -> None:
    clock = started(120, 24)
    clock.push_midi(30000, STOP)
    for frame in ticks(90, 48, 31000):
        clock.push_midi(frame, CLOCK)
    at = clock.time_at(90000)
    assert (at.rolling, at.beat) == (False, 1.0)
    assert at.tempo == pytest.approx(90, abs=0.05)


def test_a_clock_without_a_start_is_no_host() -> None:
    clock = HostClock(RATE)
    for frame in ticks(100, 48):
        clock.push_midi(frame, CLOCK)
    at = clock.time_at(55000)
    assert (at.rolling, at.hosted) == (False, False)
    assert at.tempo == pytest.approx(100, abs=0.05)


def test_a_start_moves_the_grid_at_once_and_keeps_the_tempo() -> None:
    clock = HostClock(RATE)
    for frame in ticks(123.45, 240):
        clock.push_midi(frame, CLOCK)
    grid = 1000 + 240 * frames_per_tick(123.45) + 400  # not half a tick away from the old grid
    clock.push_midi(round(grid) - 300, START)
    for frame in ticks(123.45, 24, grid):
        clock.push_midi(frame, CLOCK)
    assert abs(clock.time_at(round(grid)).frame_at(1) - (grid + 24 * frames_per_tick(123.45))) < 2.0


def test_song_position_while_rolling_moves_to_it_on_the_next_clock() -> None:
    clock = started(120, 48)
    clock.push_midi(54000, bytes([0xF2, 32, 0]))
    assert not clock.time_at(54000).rolling
    for frame in ticks(120, 3, 54500):
        clock.push_midi(frame, CLOCK)
    assert clock.time_at(54500).beat == pytest.approx(8, abs=1e-3)


def test_a_clock_that_dies_stops_rolling_after_a_few_missing_ticks() -> None:
    clock = started(120, 48)
    last = 1000 + 47 * frames_per_tick(120)
    assert clock.time_at(round(last + 3 * frames_per_tick(120))).rolling
    at = clock.time_at(round(last + 7 * frames_per_tick(120)))
    assert (at.rolling, at.hosted, at.beat) == (False, False, 2.0)


def test_a_clock_that_comes_back_goes_on_counting() -> None:
    clock = started(120, 48)
    for frame in ticks(120, 2, 200_000):
        clock.push_midi(frame, CLOCK)
    at = clock.time_at(200_000)
    assert at.rolling
    assert at.beat == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("lost", [1, 2, 24])
def test_a_gap_that_swallowed_clocks_shifts_nothing(lost: int) -> None:
    clock = HostClock(RATE)
    clock.push_midi(0, START)
    for n, frame in enumerate(ticks(123.45, 240, jitter_s=0.0015)):
        if n == 200:
            clock.push_gap(round(lost * frames_per_tick(123.45)))
        if not 200 <= n < 200 + lost:
            clock.push_midi(frame, CLOCK)
        if n >= 200 + lost:
            assert clock.time_at(frame).tempo == pytest.approx(123.45, abs=0.05)
    expected = 1000 + 240 * frames_per_tick(123.45)
    assert clock.time_at(round(expected)).beat == pytest.approx(10, abs=0.005)


def test_a_gap_that_swallowed_no_clock_counts_none() -> None:
    clock = HostClock(RATE)
    clock.push_midi(0, START)
    for n, frame in enumerate(ticks(120, 240)):
        if n == 200:
            clock.push_gap(256)
        clock.push_midi(frame, CLOCK)
    assert clock.time_at(round(1000 + 240 * frames_per_tick(120))).beat == pytest.approx(10, abs=1e-3)


@pytest.mark.parametrize(("before", "after"), [(120.0, 60.0), (60.0, 150.0), (120.0, 124.0), (120.0, 120.5)])
def test_a_new_tempo_is_followed_within_four_beats(before: float, after: float) -> None:
    clock = started(before, 24 * 16, jitter_s=0.0015)
    turn = 1000 + 24 * 16 * frames_per_tick(before)
    for frame in ticks(after, 24 * 4, turn, jitter_s=0.0015):
        clock.push_midi(frame, CLOCK)
    end = turn + 24 * 4 * frames_per_tick(after)
    at = clock.time_at(round(end))
    assert at.tempo == pytest.approx(after, rel=0.002)
    assert at.beat == pytest.approx(20, abs=0.005)


def test_one_hiccup_of_the_sender_leaves_the_line_alone() -> None:
    clock = HostClock(RATE)
    clock.push_midi(0, START)
    for n, frame in enumerate(ticks(120, 480)):
        clock.push_midi(frame + (800 if n == 300 else 0), CLOCK)
        assert n < 300 or clock.time_at(frame).tempo == pytest.approx(120, abs=0.01)
    assert clock.time_at(round(1000 + 480 * frames_per_tick(120))).beat == pytest.approx(20, abs=1e-3)


def test_clocks_that_come_in_a_bunch_keep_a_sane_tempo() -> None:
    clock = started(120, 24)
    for _ in range(6):
        clock.push_midi(30000, CLOCK)
    assert 10 <= clock.time_at(30000).tempo <= 600


def test_jack_wins_while_it_rolls_and_gives_way_when_it_stops() -> None:
    clock = started(120, 48)
    clock.push_transport(50000, Transport(1, 100.0, 90.0, 3))
    at = clock.time_at(50000 + 29400)
    assert (at.rolling, at.hosted, at.tempo, at.bar_beats) == (True, True, 90.0, 3)
    assert at.beat == pytest.approx(101.0)
    clock.push_transport(53000, Transport(0, 102.0, 90.0, 3))
    assert clock.time_at(54000).tempo == pytest.approx(120, abs=0.05)


def test_a_jack_transport_that_never_rolled_is_no_host() -> None:
    clock = HostClock(RATE)
    clock.push_transport(0, Transport(0, 0.0, 120.0, 4))
    assert not clock.time_at(100).hosted


def test_a_stopped_jack_transport_holds_its_beat() -> None:
    clock = HostClock(RATE)
    clock.push_transport(0, Transport(1, 0.0, 120.0, 4))
    clock.push_transport(22050, Transport(0, 1.0, 120.0, 4))
    at = clock.time_at(100_000)
    assert (at.rolling, at.hosted, at.beat) == (False, True, 1.0)


def test_a_jack_transport_without_a_tempo_says_nothing() -> None:
    clock = HostClock(RATE)
    clock.push_transport(0, Transport(1, 0.0, 0.0, 4))
    assert not clock.time_at(100).hosted


def test_events_are_taken_by_their_kind() -> None:
    clock = HostClock(RATE)
    clock.push(TimedEvent(0, Midi(START)))
    clock.push(TimedEvent(100, Midi(CLOCK)))
    clock.push(TimedEvent(150, Midi(b"\x90\x3c\x40")))
    clock.push(TimedEvent(160, Beat(0, 4, 120.0, 1.0, 0)))
    assert clock.time_at(200).rolling
    clock.push(TimedEvent(200, Transport(1, 7.0, 100.0, 4)))
    assert clock.time_at(200).beat == 7.0
