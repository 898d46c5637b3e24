"""A stream's rate, period and standstill, and the drift of its devices, in virtual time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.core.latency import buffering_frames
from bridge.drivers.portaudio.device_drift import KNOWN_S, DeviceDrift
from bridge.drivers.portaudio.stream_argument import (
    INPUT_OVERFLOW,
    LOG_ADC,
    LOG_CLOCK,
    LOG_DAC,
    LOG_FLAGS,
    LOG_FRAME,
    LOG_LENGTH,
    LOG_WORDS,
    OUTPUT_UNDERFLOW,
)
from bridge.drivers.portaudio.stream_watch import STANDSTILL_S, StreamWatch, find_declared_period, find_usual_rate

POLL_S = 0.05
REOPENED_S = 2.0
"""Within so long a device of a new rate is to be open again."""


def make_rows(lengths: list[int], rate: float, jitter_s: float = 0.0, seed: int = 0) -> NDArray[np.float64]:
    """The log of callbacks of ``lengths`` by a device that really runs at ``rate``."""
    rows = np.zeros((len(lengths), LOG_WORDS))
    rows[:, LOG_LENGTH] = lengths
    rows[:, LOG_FRAME] = np.cumsum(lengths) - lengths
    late = np.random.default_rng(seed).exponential(jitter_s, len(lengths)) if jitter_s else 0.0
    rows[:, LOG_CLOCK] = 100.0 + rows[:, LOG_FRAME] / rate + late
    return rows


def watch_rows(watch: StreamWatch, rows: NDArray[np.float64]) -> float:
    """Give ``rows`` to ``watch`` as a driver does; returns after which time it saw another rate, infinity: never."""
    start_s = float(rows[0, LOG_CLOCK])
    for look in range(math.ceil((float(rows[-1, LOG_CLOCK]) - start_s) / POLL_S)):
        now_s = start_s + (look + 1) * POLL_S
        watch.update(rows[(rows[:, LOG_CLOCK] >= now_s - POLL_S) & (rows[:, LOG_CLOCK] < now_s)], now_s)
        if watch.new_rate:
            return now_s - start_s
    return math.inf


@pytest.mark.parametrize("period", [16, 128, 441, 1024, 4096])
@pytest.mark.parametrize(("ours", "real"), [(44100, 48000), (48000, 44100), (48000, 96000), (96000, 88200)])
def test_a_rate_that_was_changed_is_seen_in_time_to_be_back_within_two_seconds(
    ours: int, real: int, period: int
) -> None:
    watch = StreamWatch(ours, 100.0)
    seen_s = watch_rows(watch, make_rows([period] * (4 * real // period), real, jitter_s=0.001))
    assert watch.new_rate == real
    assert seen_s < REOPENED_S - 0.4


@pytest.mark.parametrize("seed", range(5))
def test_late_callbacks_are_no_other_rate(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = make_rows([128] * 10_000, 48000, jitter_s=0.004, seed=seed)
    for stop in random.uniform(101, 125, 12):  # the machine stands still for up to 0.3 s, the frames are late
        late = (rows[:, LOG_CLOCK] > stop) & (rows[:, LOG_CLOCK] < stop + random.uniform(0.01, 0.3))
        rows[late, LOG_CLOCK] = rows[late, LOG_CLOCK].max(initial=0.0)
    assert watch_rows(StreamWatch(48000, 100.0), rows) == math.inf


def test_a_machine_that_steadily_loses_frames_has_no_other_rate() -> None:
    """A jackd beside other work: 8 % of the callbacks never came, which is what lies between 48 and 44.1 kHz."""
    rows = make_rows([128] * 4000, 44100)
    rows[::12, LOG_FLAGS] = INPUT_OVERFLOW | OUTPUT_UNDERFLOW
    assert watch_rows(StreamWatch(48000, 100.0), rows) == math.inf


def test_a_stream_that_stands_still_is_seen_once_it_does() -> None:
    watch = StreamWatch(48000, 100.0)
    watch_rows(watch, make_rows([128] * 1000, 48000))
    now_s = 100.0 + 1000 * 128 / 48000
    watch.update(np.zeros((0, LOG_WORDS)), now_s + 0.5 * STANDSTILL_S)
    assert not watch.is_still(now_s + 0.5 * STANDSTILL_S)
    assert watch.is_still(now_s + POLL_S + 1.01 * STANDSTILL_S)
    assert StreamWatch(48000, 5.0).is_still(5.0 + 1.01 * STANDSTILL_S)  # it never called at all


def test_lengths_are_those_of_the_last_callbacks() -> None:
    watch = StreamWatch(48000, 100.0)
    assert watch.lengths == (0, 0)
    watch.update(make_rows([128, 128, 128], 48000), 100.1)
    assert watch.lengths == (128, 128)
    watch.update(make_rows([1024, 1024, 1024], 48000), 100.2)
    watch.update(make_rows([1024] * 8, 48000), 100.3)
    assert watch.lengths == (1024, 1024)  # the user chose another period
    watch.update(make_rows([441, 442] * 20, 48000), 100.4)
    assert watch.lengths == (128, 1024)
    watch.update(make_rows([441, 442] * 150, 48000), 100.5)
    assert watch.lengths == (441, 442)
    watch.update(make_rows([64] * 300, 48000), 100.6)
    assert watch.lengths == (64, 64)


@pytest.mark.parametrize("rate", [44100.0, 44100 * 1.01, 44100 * 0.965, 46000.0, 192000.0, 1000.0])
def test_a_usual_rate_is_known_within_a_few_percent(rate: float) -> None:
    wanted = {46000.0: 0, 44100 * 0.965: 0, 192000.0: 192000, 1000.0: 0}.get(rate, 44100)
    assert find_usual_rate(rate) == wanted


@pytest.mark.parametrize("most", [1, 2, 64, 127, 128, 441, 512, 1000, 8192, 9000])
def test_an_even_period_is_declared_and_an_uneven_one_by_its_worst_case(most: int) -> None:
    assert find_declared_period(most, most) == most
    period = find_declared_period(max(1, most - 1), most + 1)
    assert most + 1 <= period < 1.2 * most + 4
    for hop in (64, 441, 512, 1024, 1411, 2048, 16384):
        if hop % period:
            assert buffering_frames(hop, period) == hop - 1


def add_times(rows: NDArray[np.float64], ppm: float, rate: int) -> NDArray[np.float64]:
    """Times of two devices, the input ``ppm`` faster than the output, with jitter of half a millisecond."""
    random = np.random.default_rng(3)
    frames = rows[:, LOG_FRAME]
    rows[:, LOG_ADC] = 50.0 + frames / (rate * (1.0 + 1e-6 * ppm)) + random.normal(0.0, 0.0005, len(rows))
    rows[:, LOG_DAC] = 50.02 + frames / rate + random.normal(0.0, 0.0005, len(rows))
    return rows


@pytest.mark.parametrize("ppm", [-120.0, 0.0, 30.0, 300.0])
@pytest.mark.parametrize("period", [128, 512])
def test_the_drift_of_two_devices_is_measured_within_a_few_ppm(ppm: float, period: int) -> None:
    drift = DeviceDrift(48000)
    rows = add_times(make_rows([period] * (180 * 48000 // period), 48000), ppm, 48000)
    for part in np.array_split(rows, 100):
        drift.update(part)
    assert drift.is_known
    assert drift.ppm == pytest.approx(ppm, abs=6.0)


def test_a_drift_is_not_shown_before_it_is_known_nor_without_times() -> None:
    drift = DeviceDrift(48000)
    drift.update(add_times(make_rows([512] * int(0.5 * KNOWN_S * 48000 / 512), 48000), 100.0, 48000))
    assert (drift.is_known, drift.ppm) == (False, 0.0)
    drift = DeviceDrift(48000)
    drift.update(make_rows([512] * 10_000, 48000))  # a device that says no times
    assert (drift.is_known, drift.ppm) == (False, 0.0)
