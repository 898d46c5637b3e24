"""Dry mix: the delayed input, bit for bit, whatever faders and stems do, and no step on the way there and back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.slots import FADE_FRAMES
from tests.runtime.callback_driver import RATE, Callback, make_noise, open_callback
from tests.runtime.stem_worker import DEADLINE, DELAY, LATENCY, MIX, OTHER, Worker, delay_audio, make_stems

PERIOD = 96


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(latency=LATENCY, slack=DEADLINE) as opened:
        yield opened


def run(callback: Callback, audio: Audio, dry: list[bool], period: int = PERIOD) -> Audio:
    """All output, shape (paths, channels, frames), of ``audio``; ``dry``: by cycle, the last one holds on."""
    worker, parts = Worker(callback, make_stems(audio), []), []
    for cycle, start in enumerate(range(0, audio.shape[1], period)):
        callback.state[w.DRY] = dry[min(cycle, len(dry) - 1)]
        part = audio[:, start : start + period]
        callback.read_inputs(part)
        worker.work()
        parts.append(callback.write_audio(part.shape[1]))
    return np.concatenate(parts, axis=2)


def test_dry_the_mix_and_other_are_the_delayed_input_and_the_rest_is_silent(callback: Callback) -> None:
    audio = make_noise(6000)
    callback.context.gains[:] = (0.5, 2.0, 0.0, 0.25, 0.0, 0.0, 0.5, 0.0)
    out = run(callback, audio, [False] * 10 + [True])
    settled = 10 * PERIOD + FADE_FRAMES
    delayed = delay_audio(audio, DELAY)
    for path in (MIX, OTHER):
        np.testing.assert_array_equal(out[path, :, settled:], delayed[:, settled:])
    assert not out[:OTHER, :, settled:].any()
    assert out[0, :, : 10 * PERIOD].any()
    assert callback.state[w.LATE_FRAMES] == 0


def test_back_from_it_all_is_as_if_it_had_never_been(callback: Callback) -> None:
    audio = make_noise(6000)
    wet = run(callback, audio, [False])
    with open_callback(latency=LATENCY, slack=DEADLINE) as other:
        out = run(other, audio, [False] * 10 + [True] * 10 + [False])
    np.testing.assert_array_equal(out[:, :, : 10 * PERIOD], wet[:, :, : 10 * PERIOD])
    back = 20 * PERIOD + FADE_FRAMES
    np.testing.assert_array_equal(out[:, :, back:], wet[:, :, back:])
    assert np.abs(out - wet)[:, :, 10 * PERIOD : back].max() > 0.1


@given(
    dry=st.lists(st.booleans(), min_size=1, max_size=30),
    period=st.integers(1, 400),
    hz=st.floats(50, 2000),
    gain=st.floats(0.0, 1.0),
)
@settings(deadline=None, max_examples=60)
def test_no_way_there_or_back_is_a_step(dry: list[bool], period: int, hz: float, gain: float) -> None:
    wave = np.sin(2 * np.pi * hz * np.arange(4000) / RATE).astype(np.float32)
    with open_callback(latency=LATENCY, slack=DEADLINE) as callback:
        callback.context.gains[:] = gain
        callback.context.ramps[:, :2] = gain  # the faders are there already
        out = run(callback, np.stack([wave, wave]), dry, period)
    own = float(np.abs(np.diff(wave.astype(np.float64))).max())
    for path in range(len(STEMS) + 1):
        slope = float(np.abs(np.diff(out[path, 0].astype(np.float64))).max())
        # of a signal of at most 1, twice: what fades out, and what fades in; plus the stems' own first fade
        assert slope <= 2.05 * (own + 2 / FADE_FRAMES), path


def test_ping_mode_measures_the_path_as_before(callback: Callback) -> None:
    audio = make_noise(2000)
    callback.state[w.PING] = 1  # drums
    out = run(callback, audio, [True])
    np.testing.assert_array_equal(out[0], delay_audio(audio, DELAY))


def test_it_begins_in_the_cycle_that_takes_the_table_of_gains(callback: Callback) -> None:
    ones = np.ones((CHANNELS, 256), np.float32)
    for _ in range(8):
        callback.run_control(ones)
    callback.set_gains(dict.fromkeys(range(2 * len(STEMS)), 0.0), is_dry=True)
    mix = callback.run_control(ones)[MIX, 0]
    assert callback.state[w.DRY] == 1
    assert (mix[FADE_FRAMES:] == 1.0).all()
    assert mix.min() > 0.9  # the fader goes down below it, and is not noticed
