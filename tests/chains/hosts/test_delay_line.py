"""Tests of the delay line, against a list of all that went in."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import Audio
from chains.hosts.delay_line import DelayLine

MOST = 100
BLOCK = 16


def run(line: DelayLine, audio: Audio) -> Audio:
    blocks = [line.process(audio[:, start : start + BLOCK]).copy() for start in range(0, audio.shape[1], BLOCK)]
    return np.concatenate(blocks, axis=1)


def make_noise(blocks: int) -> Audio:
    return np.random.default_rng(2).standard_normal((2, blocks * BLOCK)).astype(np.float32)


@pytest.mark.parametrize("delay", [0, 1, 15, 16, 17, 99, 100])
def test_any_delay_is_exact(delay: int) -> None:
    line = DelayLine(MOST, BLOCK)
    line.set_delay(delay)
    line.reset()
    noise = make_noise(40)
    late = np.concatenate([np.zeros((2, delay), np.float32), noise], axis=1)[:, : noise.shape[1]]
    np.testing.assert_array_equal(run(line, noise), late)


@pytest.mark.parametrize("delays", [(0, 7), (7, 0), (100, 3), (3, 100), (16, 16)])
def test_a_new_delay_is_faded_in_over_one_block(delays: tuple[int, int]) -> None:
    line = DelayLine(MOST, BLOCK)
    before, behind = delays
    line.set_delay(before)
    line.reset()
    noise = make_noise(40)
    first = run(line, noise[:, : 20 * BLOCK])
    line.set_delay(behind)
    second = run(line, noise[:, 20 * BLOCK :])
    at = 20 * BLOCK
    np.testing.assert_array_equal(first[:, before:], noise[:, : at - before])
    np.testing.assert_array_equal(second[:, BLOCK:], noise[:, at + BLOCK - behind : 40 * BLOCK - behind])
    ramp = (np.arange(BLOCK) + 1) / BLOCK
    old, new = (noise[:, at - delay : at + BLOCK - delay] for delay in delays)
    np.testing.assert_allclose(second[:, :BLOCK], old + (new - old) * ramp, atol=1e-6)


def test_a_change_makes_no_step_in_a_steady_signal() -> None:
    line = DelayLine(MOST, BLOCK)
    steady = np.ones((2, 40 * BLOCK), np.float32)
    run(line, steady)
    line.set_delay(50)
    np.testing.assert_allclose(run(line, steady), 1.0, atol=1e-6)


def test_behind_a_reset_nothing_of_the_past_comes_out() -> None:
    line = DelayLine(MOST, BLOCK)
    line.set_delay(60)
    run(line, make_noise(20))
    line.reset()
    assert not run(line, np.zeros((2, 20 * BLOCK), np.float32)).any()


@pytest.mark.parametrize("delay", [-1, MOST + 1])
def test_a_delay_that_it_does_not_hold_is_an_error(delay: int) -> None:
    with pytest.raises(ValueError, match="not between 0 and 100"):
        DelayLine(MOST, BLOCK).set_delay(delay)
