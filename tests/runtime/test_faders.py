"""Gains: no step, there after 5 ms, and no bit changed at unity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import SEPARATED
from tests.runtime.callback_driver import NO_ENGINES, RATE, Callback, make_noise, open_callback
from tests.runtime.stem_worker import DELAY, MIX, OTHER, delay_audio, make_stems, run

RAMP = 2 * round(0.0025 * RATE)
"""Frames of a fader's ramp: 5 ms."""


def set_gain(callback: Callback, stem: int, gain: float) -> None:
    callback.context.gains[stem] = gain


def read_gain(callback: Callback, moves: list[tuple[int, float]], frames: int = 2000) -> NDArray[np.float64]:
    """The gain of ``other`` over time: its port with a steady 1 as input, and ``moves`` (cycle length, target)."""
    parts = []
    for period, target in moves:
        set_gain(callback, OTHER, target)
        parts.append(callback.run_audio(np.ones((CHANNELS, period), np.float32))[OTHER, 0])
    parts.append(callback.run_audio(np.ones((CHANNELS, frames), np.float32))[OTHER, 0])
    return np.concatenate(parts).astype(np.float64)


gains = st.one_of(st.just(0.0), st.just(1.0), st.floats(0.0, 4.0))


@given(moves=st.lists(st.tuples(st.integers(1, 300), gains), min_size=1, max_size=25))
@settings(deadline=None, max_examples=100)
def test_no_fader_makes_a_step_wherever_it_is_sent_on_the_way(moves: list[tuple[int, float]]) -> None:
    with open_callback(NO_ENGINES) as callback:
        gain = read_gain(callback, moves)
    assert np.abs(np.diff(np.concatenate([[1.0, 1.0], gain]), 2)).max() < 0.001
    assert gain.min() >= -1e-6
    assert gain.max() <= max(1.0, *(target for _, target in moves)) + 1e-6
    assert np.all(gain[-2000 + RAMP :] == np.float32(moves[-1][1]))


@pytest.mark.parametrize("target", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("period", [1, 64, 1024])
def test_a_ramp_starts_in_the_next_cycle_and_is_there_after_5_ms(dry: Callback, target: float, period: int) -> None:
    dry.run_audio(np.ones((CHANNELS, 64), np.float32))
    moves = [(period, target)] * -(-RAMP // period)
    gain = read_gain(dry, moves)
    assert gain[0] != 1.0
    assert abs(gain[RAMP - 3] - target) > 1e-5
    assert np.all(gain[RAMP - 1 :] == np.float32(target))


def test_a_ramp_that_was_turned_round_ends_5_ms_after_the_last_move(dry: Callback) -> None:
    gain = read_gain(dry, [(50, 0.0), (50, 1.0), (70, 0.25)])
    assert np.all(gain[100 + RAMP - 1 :] == 0.25)
    assert gain[100 + RAMP - 3] != 0.25


def test_a_ramp_goes_one_way(dry: Callback) -> None:
    assert np.all(np.diff(read_gain(dry, [(64, 0.0)])) <= 1e-7)


def test_unity_gains_change_no_bit(callback: Callback) -> None:
    audio = make_noise(3000)
    stems = make_stems(audio)
    out = run(callback, audio, stems, [], [256])
    first = DELAY + w.FADE_FRAMES
    rest = delay_audio(audio, DELAY)
    for stem in range(SEPARATED):
        rest = rest - out[stem]
    assert np.array_equal(out[OTHER, :, first:], rest[:, first:])


def test_gains_that_are_back_at_unity_change_no_bit(dry: Callback) -> None:
    read_gain(dry, [(100, 0.0), (2000, 1.0)])
    audio = make_noise(500)
    assert np.array_equal(dry.run_audio(audio)[OTHER], audio)


def test_ports_and_mix_have_faders_of_their_own(dry: Callback) -> None:
    set_gain(dry, len(STEMS) + OTHER, 0.0)
    dry.run_audio(make_noise(RAMP))
    audio = make_noise(300)
    out = dry.run_audio(audio)
    assert np.array_equal(out[OTHER], audio)
    assert not out[MIX].any()


def test_the_mix_is_the_stems_through_their_faders(callback: Callback) -> None:
    levels = (0.5, 0.0, 1.0, 2.0)
    callback.context.gains[:] = (*levels, *levels)
    audio = make_noise(4000)
    out = run(callback, audio, make_stems(audio), [0, 0, None, 0] * 10, [100])
    assert np.abs(out[:MIX].sum(axis=0, dtype=np.float64) - out[MIX]).max() < 1e-6
