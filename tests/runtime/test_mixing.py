"""The audio half of an answer: late stems cost no sample, faders make no step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.runtime import words as w
from bridge.runtime.layout import CAPACITY, SEPARATED
from bridge.runtime.wiring import PATHS
from tests.runtime.desk import HOP, NO_ENGINES, RATE, SEPARATION, Desk, noise, open_desk

LATENCY, SLACK = 2 * HOP, 3 * HOP
DELAY = LATENCY + SLACK
OTHER = len(STEMS) - 1
MIX = len(STEMS)
RAMP = 2 * round(0.0025 * RATE)
"""Frames of a fader's ramp: 5 ms."""


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk(latency=LATENCY, slack=SLACK) as opened:
        yield opened


@pytest.fixture
def dry() -> Iterator[Desk]:
    """Nobody separates: the input is in ``other`` at once."""
    with open_desk(NO_ENGINES) as opened:
        yield opened


def delayed(audio: Audio, delay: int) -> Audio:
    return np.concatenate([np.zeros((CHANNELS, delay), np.float32), audio], axis=1)[:, : audio.shape[1]]


class Worker:
    """Gives ``stems``, shape (stems * channels, frames), hop by hop; a hop is ready so many cycles after its input.

    None: that hop never comes. Hops beyond the list come at once. Stems and hops are counted from ``start``.
    """

    def __init__(self, desk: Desk, stems: Audio, cycles_late: list[int | None], start: int = 0) -> None:
        self._desk, self._stems, self._cycles_late, self._start = desk, stems, cycles_late, start
        self._due: list[tuple[int, int]] = []
        self._cycle = self._hop = 0

    def work(self) -> None:
        """What is done between the intake and the answer of a cycle."""
        while self._start + (self._hop + 1) * HOP <= self._desk.state[w.HEAD]:
            late = self._cycles_late[self._hop] if self._hop < len(self._cycles_late) else 0
            if late is not None:
                self._due.append((self._cycle + late, self._start + self._hop * HOP))
            self._hop += 1
        for due, start in [entry for entry in self._due if entry[0] <= self._cycle]:
            frames = start - self._start - int(self._desk.worker(SEPARATION)[w.LATENCY]) + np.arange(HOP)
            self._desk.separate(start, np.where(frames >= 0, self._stems[:, frames], np.float32(0.0)))
            self._due.remove((due, start))
        self._cycle += 1


def thirds(audio: Audio) -> Audio:
    """Stems for ``audio`` that differ from one another, shape (stems * channels, frames)."""
    return np.concatenate([audio * np.float32(0.5), audio * np.float32(-0.25), audio * np.float32(0.3)])


def run(desk: Desk, audio: Audio, stems: Audio, late: list[int | None], periods: list[int]) -> Audio:
    """All output, shape (stems and mix, channels, frames), of ``audio`` in ``periods``, over and over."""
    worker, parts, frame = Worker(desk, stems, late), [], 0
    while frame < audio.shape[1]:
        for period in periods:
            part = audio[:, frame : frame + period]
            if part.shape[1]:
                desk.take(part)
                worker.work()
                parts.append(desk.mix(part.shape[1]))
            frame += period
    return np.concatenate(parts, axis=2)


lateness = st.lists(st.one_of(st.none(), st.integers(0, 12)), max_size=40)
period_lists = st.lists(st.integers(1, 300), min_size=1, max_size=8)


@given(late=lateness, periods=period_lists, seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_stems_sum_to_the_delayed_input_whichever_hops_are_missing(
    late: list[int | None], periods: list[int], seed: int
) -> None:
    audio = noise(2000, seed)
    with open_desk(latency=LATENCY, slack=SLACK) as desk:
        out = run(desk, audio, thirds(noise(2000, seed + 1)), late, periods)
    wanted = delayed(audio, DELAY)
    assert np.abs(out[:MIX].sum(axis=0, dtype=np.float64) - wanted).max() < 1e-6
    assert np.abs(out[MIX].astype(np.float64) - wanted).max() < 1e-6


def test_stems_that_are_in_time_come_out_bit_for_bit_at_the_declared_delay(desk: Desk) -> None:
    audio = noise(4000)
    stems = thirds(audio)
    out = run(desk, audio, stems, [], [128])
    heard = out[:SEPARATED].reshape(SEPARATED * CHANNELS, -1)
    after = DELAY + w.FADE_FRAMES
    assert np.array_equal(heard[:, after:], stems[:, after - DELAY : -DELAY])
    assert desk.state[w.LATE_FRAMES] == 0


@pytest.mark.parametrize("late", [[], [0] * 14 + [None] * 3], ids=["in time", "with a hole at the end of the ring"])
@pytest.mark.parametrize("period", [100, 1000])
def test_the_rings_go_on_over_their_end_without_a_seam(desk: Desk, late: list[int | None], period: int) -> None:
    for _ in range(CAPACITY // 8192 - 1):
        desk.take(8192)
    desk.take(8192 - 1111)
    desk.mix(64)
    desk.state[w.RESTART] += 1
    audio = noise(4000)
    stems = thirds(audio)
    worker = Worker(desk, stems, late, start=CAPACITY - 1111)
    parts = []
    for part in np.split(audio, 4000 // period, axis=1):
        desk.take(part)
        worker.work()
        parts.append(desk.mix(period))
    out = np.concatenate(parts, axis=2)
    assert np.abs(out[:MIX].sum(axis=0, dtype=np.float64) - delayed(audio, DELAY)).max() < 1e-6
    hole = range((14 - 2) * HOP, (17 - 2 + 1) * HOP) if late else range(0)
    whole = np.array([t for t in range(w.FADE_FRAMES, 4000 - DELAY) if t not in hole])
    assert np.array_equal(out[0][:, whole + DELAY], stems[0:2][:, whole])


def test_without_a_worker_the_dry_mix_plays_in_other_alone(desk: Desk) -> None:
    audio = noise(1000)
    out = run(desk, audio, thirds(audio), [None] * 20, [100])
    assert not out[:SEPARATED].any()
    assert np.array_equal(out[OTHER], delayed(audio, DELAY))


def test_without_a_separation_engine_there_is_no_delay(dry: Desk) -> None:
    audio = noise(300)
    out = dry.audio_cycle(audio)
    assert np.array_equal(out[OTHER], audio)
    assert np.array_equal(out[MIX], audio)
    assert not out[:SEPARATED].any()


def test_stems_fade_in_over_64_frames(desk: Desk) -> None:
    audio = np.ones((CHANNELS, 2000), np.float32)
    out = run(desk, audio, thirds(audio), [], [2000])
    wet = out[0, 0, DELAY : DELAY + 80] / 0.5
    assert np.allclose(wet[:64], np.arange(1, 65) / 64)
    assert np.all(wet[64:] == 1.0)


def test_a_missing_hop_fades_out_and_in_over_64_frames_each(desk: Desk) -> None:
    audio = np.ones((CHANNELS, 3000), np.float32)
    lost = 20
    out = run(desk, audio, thirds(audio), [0] * lost + [None] * 3, [3000])
    first = lost * HOP - LATENCY + DELAY
    wet = out[0, 0] / 0.5
    assert np.all(wet[first - 64 : first] == 1.0)
    assert np.allclose(wet[first : first + 64], np.arange(63, -1, -1) / 64)
    assert not wet[first + 64 : first + 3 * HOP].any()
    back = first + 3 * HOP
    assert np.allclose(wet[back : back + 64], np.arange(1, 65) / 64)


def test_a_fade_out_runs_to_its_end_before_stems_fade_in_again(desk: Desk) -> None:
    audio = np.ones((CHANNELS, 3000), np.float32)
    out = run(desk, audio, thirds(audio), [0] * 20 + [None], [3000])
    first = 20 * HOP + SLACK
    wet = out[0, 0, first : first + 128] / 0.5
    assert np.allclose(wet, np.concatenate([np.arange(63, -1, -1), np.arange(1, 65)]) / 64)


def steepest(signal: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(signal.astype(np.float64))).max())


@given(late=lateness, period=st.integers(1, 500), hz=st.floats(50, 2000))
@settings(deadline=None, max_examples=60)
def test_no_border_between_dry_and_wet_is_a_step(late: list[int | None], period: int, hz: float) -> None:
    wave = np.sin(2 * np.pi * hz * np.arange(4000) / RATE).astype(np.float32)
    audio = np.stack([wave, wave])
    with open_desk(latency=LATENCY, slack=SLACK) as desk:
        out = run(desk, audio, thirds(audio), late, [period])
    fade = 1 / w.FADE_FRAMES
    own = steepest(wave)
    for stem, share in enumerate((0.5, 0.25, 0.3)):
        assert steepest(out[stem, 0]) <= share * (own + fade) + 1e-6
    # what the others lose in a step of the fade, this one gains
    assert steepest(out[OTHER, 0]) <= own + 1.05 * (own + fade) + 1e-6


@given(late=lateness, period=st.integers(1, 300))
@settings(deadline=None, max_examples=60)
def test_late_frames_are_counted_one_by_one(late: list[int | None], period: int) -> None:
    frames = 2000
    with open_desk(latency=LATENCY, slack=SLACK) as desk:
        run(desk, noise(frames), thirds(noise(frames)), late, [period])
        counted = int(desk.state[w.LATE_FRAMES])
    wanted = 0
    for t in range(frames - DELAY):  # each frame of the input that was due
        hop = (t + LATENCY) // HOP
        cycle_of_input = ((hop + 1) * HOP - 1) // period
        lateness_of_hop = late[hop] if hop < len(late) else 0
        cycle_due = (t + DELAY) // period
        wanted += lateness_of_hop is None or cycle_of_input + lateness_of_hop > cycle_due
    assert counted == wanted


def test_results_of_an_older_epoch_are_not_played_after_the_break(desk: Desk) -> None:
    ones = np.ones((CHANNELS, HOP), np.float32)
    for _ in range(20):
        desk.take(ones)
        desk.mix(HOP)
    desk.state[w.RESTART] += 1
    border = desk.take(ones)
    for start in range(border - 4 * HOP, border + 8 * HOP, HOP):
        desk.separate(start, thirds(ones), epoch=1)
    outs = [desk.mix(HOP)] + [desk.audio_cycle(ones) for _ in range(12)]
    assert not np.concatenate(outs, axis=2)[:SEPARATED, :, DELAY + HOP :].any()


def test_results_from_before_a_break_stay_valid_up_to_it(desk: Desk) -> None:
    ones = np.ones((CHANNELS, HOP), np.float32)
    parts = []
    for cycle in range(40):
        if cycle == 20:
            desk.state[w.RESTART] += 1
        now = desk.take(ones)
        desk.separate(now, thirds(ones), epoch=1 if cycle < 20 else 2)
        parts.append(desk.mix(HOP))
    wet = np.concatenate(parts, axis=2)[0, 0] / 0.5
    border = 20 * HOP + DELAY
    # the last hops before the break would end behind it: their tail, as long as the latency, is dry
    assert np.all(wet[DELAY + 64 : border - LATENCY] == 1.0)
    assert not wet[border - LATENCY + 64 : border].any()
    assert np.all(wet[border + 64 :] == 1.0)
    assert desk.state[w.LATE_FRAMES] == 0


# faders


def set_gain(desk: Desk, stem: int, gain: float) -> None:
    desk.room.gains[stem] = gain


def course(desk: Desk, moves: list[tuple[int, float]], frames: int = 2000) -> NDArray[np.float64]:
    """The gain of ``other`` over time: its port with a steady 1 as input, and ``moves`` (cycle length, target)."""
    parts = []
    for period, target in moves:
        set_gain(desk, OTHER, target)
        parts.append(desk.audio_cycle(np.ones((CHANNELS, period), np.float32))[OTHER, 0])
    parts.append(desk.audio_cycle(np.ones((CHANNELS, frames), np.float32))[OTHER, 0])
    return np.concatenate(parts).astype(np.float64)


gains = st.one_of(st.just(0.0), st.just(1.0), st.floats(0.0, 4.0))


@given(moves=st.lists(st.tuples(st.integers(1, 300), gains), min_size=1, max_size=25))
@settings(deadline=None, max_examples=100)
def test_no_fader_makes_a_step_wherever_it_is_sent_on_the_way(moves: list[tuple[int, float]]) -> None:
    with open_desk(NO_ENGINES) as desk:
        gain = course(desk, moves)
    assert np.abs(np.diff(np.concatenate([[1.0, 1.0], gain]), 2)).max() < 0.001
    assert gain.min() >= -1e-6
    assert gain.max() <= max(1.0, *(target for _, target in moves)) + 1e-6
    assert np.all(gain[-2000 + RAMP :] == np.float32(moves[-1][1]))


@pytest.mark.parametrize("target", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("period", [1, 64, 1024])
def test_a_ramp_starts_in_the_next_cycle_and_is_there_after_5_ms(dry: Desk, target: float, period: int) -> None:
    dry.audio_cycle(np.ones((CHANNELS, 64), np.float32))
    moves = [(period, target)] * -(-RAMP // period)
    gain = course(dry, moves)
    assert gain[0] != 1.0
    assert abs(gain[RAMP - 3] - target) > 1e-5
    assert np.all(gain[RAMP - 1 :] == np.float32(target))


def test_a_ramp_that_was_turned_round_ends_5_ms_after_the_last_move(dry: Desk) -> None:
    gain = course(dry, [(50, 0.0), (50, 1.0), (70, 0.25)])
    assert np.all(gain[100 + RAMP - 1 :] == 0.25)
    assert gain[100 + RAMP - 3] != 0.25


def test_a_ramp_goes_one_way(dry: Desk) -> None:
    assert np.all(np.diff(course(dry, [(64, 0.0)])) <= 1e-7)


def test_unity_gains_change_no_bit(desk: Desk) -> None:
    audio = noise(3000)
    stems = thirds(audio)
    out = run(desk, audio, stems, [], [256])
    first = DELAY + w.FADE_FRAMES
    rest = delayed(audio, DELAY)
    for stem in range(SEPARATED):
        rest = rest - out[stem]
    assert np.array_equal(out[OTHER, :, first:], rest[:, first:])


def test_gains_that_are_back_at_unity_change_no_bit(dry: Desk) -> None:
    course(dry, [(100, 0.0), (2000, 1.0)])
    audio = noise(500)
    assert np.array_equal(dry.audio_cycle(audio)[OTHER], audio)


def test_ports_and_mix_have_faders_of_their_own(dry: Desk) -> None:
    set_gain(dry, len(STEMS) + OTHER, 0.0)
    dry.audio_cycle(noise(RAMP))
    audio = noise(300)
    out = dry.audio_cycle(audio)
    assert np.array_equal(out[OTHER], audio)
    assert not out[MIX].any()


def test_the_mix_is_the_stems_through_their_faders(desk: Desk) -> None:
    levels = (0.5, 0.0, 1.0, 2.0)
    desk.room.gains[:] = (*levels, *levels)
    audio = noise(4000)
    out = run(desk, audio, thirds(audio), [0, 0, None, 0] * 10, [100])
    assert np.abs(out[:MIX].sum(axis=0, dtype=np.float64) - out[MIX]).max() < 1e-6


# ping and delay


@pytest.mark.parametrize("path", PATHS[: MIX + 1])
def test_an_audio_path_in_ping_mode_is_the_delayed_input_whatever_the_faders(desk: Desk, path: str) -> None:
    row = PATHS.index(path)
    desk.state[w.PING] = 1 << row
    desk.room.gains[:] = 0.0
    run(desk, noise(RAMP + 10), thirds(noise(RAMP + 10)), [], [RAMP + 10])
    audio = noise(1000)
    parts = [desk.audio_cycle(part) for part in np.split(audio, 10, axis=1)]
    out = np.concatenate(parts, axis=2)
    assert np.array_equal(out[row, :, DELAY:], audio[:, :-DELAY])
    assert not np.delete(out, row, axis=0).any()


@pytest.mark.parametrize("period", [10, 64, 200])
def test_a_new_delay_ducks_to_silence_before_it_jumps(desk: Desk, period: int) -> None:
    ones = np.ones((CHANNELS, period), np.float32)
    before = 2000 // period
    parts = [desk.audio_cycle(ones) for _ in range(before)]
    desk.worker(SEPARATION)[w.SLACK] += 500
    parts += [desk.audio_cycle(ones) for _ in range(2000 // period)]
    level = np.concatenate(parts, axis=2)[MIX, 0].astype(np.float64)
    assert np.abs(np.diff(level[DELAY + 1 :])).max() <= 1 / w.FADE_FRAMES + 1e-6
    assert level[DELAY + 1 :].min() == 0.0
    assert level[-1] == 1.0
    assert desk.state[w.DELAY_NOW] == DELAY + 500


def test_after_a_new_delay_the_input_comes_at_it_to_the_frame(desk: Desk) -> None:
    desk.audio_cycle(noise(100))
    desk.worker(SEPARATION)[w.SLACK] -= 70
    for _ in range(4):
        desk.audio_cycle(noise(100))
    audio = noise(1000)
    out = desk.audio_cycle(audio)
    assert np.array_equal(out[MIX, :, DELAY - 70 :], audio[:, : 1000 - DELAY + 70])


def test_a_delay_taken_back_in_time_changes_nothing_but_the_level(desk: Desk) -> None:
    ones = np.ones((CHANNELS, 32), np.float32)
    for _ in range(30):
        desk.audio_cycle(ones)
    desk.worker(SEPARATION)[w.SLACK] += 500
    desk.audio_cycle(ones)
    desk.worker(SEPARATION)[w.SLACK] -= 500
    level = np.concatenate([desk.audio_cycle(ones) for _ in range(4)], axis=2)[MIX, 0]
    assert level[0] > 0.5
    assert level[-1] == 1.0
    assert desk.state[w.DELAY_NOW] == DELAY


def test_before_the_first_input_has_travelled_there_is_silence(desk: Desk) -> None:
    out = run(desk, noise(DELAY), thirds(noise(DELAY)), [], [DELAY])
    assert not out.any()
