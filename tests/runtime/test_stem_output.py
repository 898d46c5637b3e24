"""Stem output of the callback: late stems cost no sample, and faders make no step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from bridge.core.latency import PATHS
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import CAPACITY, SEPARATED
from tests.runtime.callback_driver import HOP, RATE, SEPARATION, Callback, make_noise, open_callback
from tests.runtime.stem_worker import DEADLINE, DELAY, LATENCY, MIX, OTHER, Worker, delay_audio, make_stems, run

RAMP = 2 * round(0.0025 * RATE)
"""Frames of a fader's ramp: 5 ms."""


lateness = st.lists(st.one_of(st.none(), st.integers(0, 12)), max_size=40)
period_lists = st.lists(st.integers(1, 300), min_size=1, max_size=8)


@given(late=lateness, periods=period_lists, seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_stems_sum_to_the_delayed_input_whichever_hops_are_missing(
    late: list[int | None], periods: list[int], seed: int
) -> None:
    audio = make_noise(2000, seed)
    with open_callback(latency=LATENCY, slack=DEADLINE) as callback:
        out = run(callback, audio, make_stems(make_noise(2000, seed + 1)), late, periods)
    wanted = delay_audio(audio, DELAY)
    assert np.abs(out[:MIX].sum(axis=0, dtype=np.float64) - wanted).max() < 1e-6
    assert np.abs(out[MIX].astype(np.float64) - wanted).max() < 1e-6


def test_stems_that_are_in_time_come_out_bit_for_bit_at_the_declared_delay(callback: Callback) -> None:
    audio = make_noise(4000)
    stems = make_stems(audio)
    out = run(callback, audio, stems, [], [128])
    output = out[:SEPARATED].reshape(SEPARATED * CHANNELS, -1)
    after = DELAY + w.FADE_FRAMES
    assert np.array_equal(output[:, after:], stems[:, after - DELAY : -DELAY])
    assert callback.state[w.LATE_FRAMES] == 0


@pytest.mark.parametrize("late", [[], [0] * 14 + [None] * 3], ids=["in time", "with a hole at the end of the ring"])
@pytest.mark.parametrize("period", [100, 1000])
def test_the_rings_go_on_over_their_end_without_a_seam(callback: Callback, late: list[int | None], period: int) -> None:
    for _ in range(CAPACITY // 8192 - 1):
        callback.read_inputs(8192)
    callback.read_inputs(8192 - 1111)
    callback.write_audio(64)
    callback.state[w.RESTART] += 1
    audio = make_noise(4000)
    stems = make_stems(audio)
    worker = Worker(callback, stems, late, start=CAPACITY - 1111)
    parts = []
    for part in np.split(audio, 4000 // period, axis=1):
        callback.read_inputs(part)
        worker.work()
        parts.append(callback.write_audio(period))
    out = np.concatenate(parts, axis=2)
    assert np.abs(out[:MIX].sum(axis=0, dtype=np.float64) - delay_audio(audio, DELAY)).max() < 1e-6
    hole = range((14 - 2) * HOP, (17 - 2 + 1) * HOP) if late else range(0)
    whole = np.array([t for t in range(w.FADE_FRAMES, 4000 - DELAY) if t not in hole])
    assert np.array_equal(out[0][:, whole + DELAY], stems[0:2][:, whole])


def test_without_a_worker_the_dry_mix_plays_in_other_alone(callback: Callback) -> None:
    audio = make_noise(1000)
    out = run(callback, audio, make_stems(audio), [None] * 20, [100])
    assert not out[:SEPARATED].any()
    assert np.array_equal(out[OTHER], delay_audio(audio, DELAY))


def test_without_a_separation_engine_there_is_no_delay(dry: Callback) -> None:
    audio = make_noise(300)
    out = dry.run_audio(audio)
    assert np.array_equal(out[OTHER], audio)
    assert np.array_equal(out[MIX], audio)
    assert not out[:SEPARATED].any()


def test_stems_fade_in_over_64_frames(callback: Callback) -> None:
    audio = np.ones((CHANNELS, 2000), np.float32)
    out = run(callback, audio, make_stems(audio), [], [2000])
    wet = out[0, 0, DELAY : DELAY + 80] / 0.5
    assert np.allclose(wet[:64], np.arange(1, 65) / 64)
    assert np.all(wet[64:] == 1.0)


def test_a_missing_hop_fades_out_and_in_over_64_frames_each(callback: Callback) -> None:
    audio = np.ones((CHANNELS, 3000), np.float32)
    lost = 20
    out = run(callback, audio, make_stems(audio), [0] * lost + [None] * 3, [3000])
    first = lost * HOP - LATENCY + DELAY
    wet = out[0, 0] / 0.5
    assert np.all(wet[first - 64 : first] == 1.0)
    assert np.allclose(wet[first : first + 64], np.arange(63, -1, -1) / 64)
    assert not wet[first + 64 : first + 3 * HOP].any()
    back = first + 3 * HOP
    assert np.allclose(wet[back : back + 64], np.arange(1, 65) / 64)


def test_a_fade_out_runs_to_its_end_before_stems_fade_in_again(callback: Callback) -> None:
    audio = np.ones((CHANNELS, 3000), np.float32)
    out = run(callback, audio, make_stems(audio), [0] * 20 + [None], [3000])
    first = 20 * HOP + DEADLINE
    wet = out[0, 0, first : first + 128] / 0.5
    assert np.allclose(wet, np.concatenate([np.arange(63, -1, -1), np.arange(1, 65)]) / 64)


def max_slope(signal: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(signal.astype(np.float64))).max())


@given(late=lateness, period=st.integers(1, 500), hz=st.floats(50, 2000))
@settings(deadline=None, max_examples=60)
def test_no_border_between_dry_and_wet_is_a_step(late: list[int | None], period: int, hz: float) -> None:
    wave = np.sin(2 * np.pi * hz * np.arange(4000) / RATE).astype(np.float32)
    audio = np.stack([wave, wave])
    with open_callback(latency=LATENCY, slack=DEADLINE) as callback:
        out = run(callback, audio, make_stems(audio), late, [period])
    fade = 1 / w.FADE_FRAMES
    own = max_slope(wave)
    for stem, share in enumerate((0.5, 0.25, 0.3)):
        assert max_slope(out[stem, 0]) <= share * (own + fade) + 1e-6
    # what the others lose in a step of the fade, this one gains
    assert max_slope(out[OTHER, 0]) <= own + 1.05 * (own + fade) + 1e-6


@given(late=lateness, period=st.integers(1, 300))
@settings(deadline=None, max_examples=60)
def test_late_frames_are_counted_one_by_one(late: list[int | None], period: int) -> None:
    frames = 2000
    with open_callback(latency=LATENCY, slack=DEADLINE) as callback:
        run(callback, make_noise(frames), make_stems(make_noise(frames)), late, [period])
        counted = int(callback.state[w.LATE_FRAMES])
    wanted = 0
    for t in range(frames - DELAY):  # each frame of the input that was due
        hop = (t + LATENCY) // HOP
        cycle_of_input = ((hop + 1) * HOP - 1) // period
        lateness_of_hop = late[hop] if hop < len(late) else 0
        cycle_due = (t + DELAY) // period
        wanted += lateness_of_hop is None or cycle_of_input + lateness_of_hop > cycle_due
    assert counted == wanted


def test_results_of_an_older_epoch_are_not_played_after_the_break(callback: Callback) -> None:
    ones = np.ones((CHANNELS, HOP), np.float32)
    for _ in range(20):
        callback.read_inputs(ones)
        callback.write_audio(HOP)
    callback.state[w.RESTART] += 1
    border = callback.read_inputs(ones)
    for start in range(border - 4 * HOP, border + 8 * HOP, HOP):
        callback.write_stems(start, make_stems(ones), epoch=1)
    outs = [callback.write_audio(HOP)] + [callback.run_audio(ones) for _ in range(12)]
    assert not np.concatenate(outs, axis=2)[:SEPARATED, :, DELAY + HOP :].any()


def test_results_from_before_a_break_stay_valid_up_to_it(callback: Callback) -> None:
    ones = np.ones((CHANNELS, HOP), np.float32)
    parts = []
    for cycle in range(40):
        if cycle == 20:
            callback.state[w.RESTART] += 1
        now = callback.read_inputs(ones)
        callback.write_stems(now, make_stems(ones), epoch=1 if cycle < 20 else 2)
        parts.append(callback.write_audio(HOP))
    wet = np.concatenate(parts, axis=2)[0, 0] / 0.5
    border = 20 * HOP + DELAY
    # the last hops before the break would end behind it: their tail, as long as the latency, is dry
    assert np.all(wet[DELAY + 64 : border - LATENCY] == 1.0)
    assert not wet[border - LATENCY + 64 : border].any()
    assert np.all(wet[border + 64 :] == 1.0)
    assert callback.state[w.LATE_FRAMES] == 0


@pytest.mark.parametrize("path", PATHS[: MIX + 1])
def test_an_audio_path_in_ping_mode_is_the_delayed_input_whatever_the_faders(callback: Callback, path: str) -> None:
    row = PATHS.index(path)
    callback.state[w.PING] = 1 << row
    callback.context.gains[:] = 0.0
    run(callback, make_noise(RAMP + 10), make_stems(make_noise(RAMP + 10)), [], [RAMP + 10])
    audio = make_noise(1000)
    parts = [callback.run_audio(part) for part in np.split(audio, 10, axis=1)]
    out = np.concatenate(parts, axis=2)
    assert np.array_equal(out[row, :, DELAY:], audio[:, :-DELAY])
    assert not np.delete(out, row, axis=0).any()


@pytest.mark.parametrize("period", [10, 64, 200])
def test_a_new_delay_applies_after_a_fade_to_silence(callback: Callback, period: int) -> None:
    ones = np.ones((CHANNELS, period), np.float32)
    before = 2000 // period
    parts = [callback.run_audio(ones) for _ in range(before)]
    callback.worker(SEPARATION)[w.DEADLINE] += 500
    parts += [callback.run_audio(ones) for _ in range(2000 // period)]
    level = np.concatenate(parts, axis=2)[MIX, 0].astype(np.float64)
    assert np.abs(np.diff(level[DELAY + 1 :])).max() <= 1 / w.FADE_FRAMES + 1e-6
    assert level[DELAY + 1 :].min() == 0.0
    assert level[-1] == 1.0
    assert callback.state[w.DELAY_NOW] == DELAY + 500


def test_after_a_new_delay_the_input_comes_at_it_to_the_frame(callback: Callback) -> None:
    callback.run_audio(make_noise(100))
    callback.worker(SEPARATION)[w.DEADLINE] -= 70
    for _ in range(4):
        callback.run_audio(make_noise(100))
    audio = make_noise(1000)
    out = callback.run_audio(audio)
    assert np.array_equal(out[MIX, :, DELAY - 70 :], audio[:, : 1000 - DELAY + 70])


def test_a_delay_taken_back_in_time_changes_nothing_but_the_level(callback: Callback) -> None:
    ones = np.ones((CHANNELS, 32), np.float32)
    for _ in range(30):
        callback.run_audio(ones)
    callback.worker(SEPARATION)[w.DEADLINE] += 500
    callback.run_audio(ones)
    callback.worker(SEPARATION)[w.DEADLINE] -= 500
    level = np.concatenate([callback.run_audio(ones) for _ in range(4)], axis=2)[MIX, 0]
    assert level[0] > 0.5
    assert level[-1] == 1.0
    assert callback.state[w.DELAY_NOW] == DELAY


def test_before_the_first_input_has_travelled_there_is_silence(callback: Callback) -> None:
    out = run(callback, make_noise(DELAY), make_stems(make_noise(DELAY)), [], [DELAY])
    assert not out.any()
