"""The filter between two rates."""

from __future__ import annotations

from math import gcd

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.runtime.polyphase import PASSBAND_EDGE, STOPBAND_DB, PolyphaseResampler, compute_group_delay, design_kernel

RATIOS = ((1, 2), (2, 1), (3, 2), (1, 4), (160, 147), (147, 160))


def response_db(up: int, down: int, cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the filter passes, ``cycles``: parts of the lower rate's half."""
    shape = design_kernel(up, down)
    frames = np.arange(shape.size) - shape.size // 2
    turns = cycles[:, None] * 0.5 / max(up, down) * frames
    levels: NDArray[np.float64] = np.abs((shape * np.exp(-2j * np.pi * turns)).sum(1))
    return np.asarray(20 * np.log10(levels + 1e-12))


@pytest.mark.parametrize(("up", "down"), RATIOS)
def test_the_passband_is_flat_and_what_lies_as_far_above_is_gone(up: int, down: int) -> None:
    assert np.abs(response_db(up, down, np.linspace(0, PASSBAND_EDGE, 50))).max() < 0.001
    assert response_db(up, down, np.linspace(2 - PASSBAND_EDGE, min(4, max(up, down)), 100)).max() < -STOPBAND_DB + 1


@pytest.mark.parametrize(("up", "down"), RATIOS)
@pytest.mark.parametrize("extra", [0, 1, 13])
def test_a_tone_comes_out_as_the_same_tone_later_by_the_delay(up: int, down: int, extra: int) -> None:
    frames, delay = 30 * down, compute_group_delay(up, down) + extra
    resampler = PolyphaseResampler(1, frames, up, down, delay)
    turns = 0.3 * min(1.0, up / down)  # radians a frame, well inside the passband
    received = []
    for block in range(-(-2 * delay // (up * frames)) + 3):
        out = np.zeros((1, frames * up // down), np.float32)
        resampler.process(np.sin(turns * (np.arange(frames) + block * frames))[None].astype(np.float32), out)
        received.append(out[0])
    wave = np.concatenate(received)
    at = (np.arange(wave.size) * down - delay) / up  # in frames of what went in
    settled = at > 2 * compute_group_delay(up, down) / up + 1
    assert settled.sum() > 50
    assert np.abs(wave - np.sin(turns * at))[settled].max() < 3e-5


@pytest.mark.parametrize(("up", "down"), RATIOS)
def test_blocks_of_any_length_give_the_same_bits(up: int, down: int) -> None:
    delay, total = compute_group_delay(up, down), 12 * down
    sent = np.random.default_rng(3).normal(0, 0.3, (2, total)).astype(np.float32)

    def in_blocks(frames: int) -> NDArray[np.float32]:
        resampler, received = PolyphaseResampler(2, frames, up, down, delay), []
        for start in range(0, total, frames):
            received.append(np.zeros((2, frames * up // down), np.float32))
            resampler.process(sent[:, start : start + frames], received[-1])
        return np.concatenate(received, axis=1)

    assert np.array_equal(in_blocks(total), in_blocks(down))


def test_inaudible_samples_leave_no_trace_in_the_delay_line() -> None:
    resampler = PolyphaseResampler(1, 64, 1, 2, compute_group_delay(1, 2))
    resampler.process(np.full((1, 64), 1e-39, np.float32), np.zeros((1, 32), np.float32))
    assert not resampler.memory.any()


def test_the_memory_holds_what_the_filter_reaches() -> None:
    for up, down in RATIOS:
        assert gcd(up, down) == 1
        taps = design_kernel(up, down).size
        resampler = PolyphaseResampler(1, down, up, down, compute_group_delay(up, down))
        assert resampler.memory.shape[1] == -(-taps // up) - 1
