"""Engine runner: what an engine gets and when, and what its faults cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, Audio
from bridge.core.control import Control
from bridge.core.engine import Block, State
from bridge.core.events import Chord, TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.engine_runner import MAX_BACKLOG_FRAMES, EngineRunner
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import CAPACITY
from tests.runtime.callback_driver import HOP, MIR, PLAN, RATE, SEPARATION, Callback, make_noise, open_callback
from tests.runtime.toys import MIR_SPEC, SEPARATION_SPEC, Toy, make_runner, split_evenly, with_controls

LATENCY, DEADLINE = HOP, 2 * HOP
DELAY = LATENCY + DEADLINE
C, F = Chord(0, 0, 0, 0.5), Chord(5, 0, 5, 0.5)


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(latency=LATENCY, slack=DEADLINE) as opened:
        yield opened


def stream(callback: Callback, runner: EngineRunner, audio: Audio, period: int = HOP) -> Audio:
    """``audio`` through the callback in periods of ``period``, the runner pumped before each answer."""
    parts = []
    for start in range(0, audio.shape[1], period):
        part = audio[:, start : start + period]
        callback.read_inputs(part)
        runner.process_available()
        parts.append(callback.write_audio(part.shape[1]))
    return np.concatenate(parts, axis=2)


def test_nothing_is_processed_before_the_first_callback(callback: Callback) -> None:
    toy = Toy(SEPARATION_SPEC)
    assert make_runner(callback, toy).process_available() == 0
    assert toy.log == ["prepare"]


@pytest.mark.parametrize("period", [1, 48, HOP, 1000])
def test_each_hop_is_processed_once_in_order_as_soon_as_it_is_whole(callback: Callback, period: int) -> None:
    toy = Toy(SEPARATION_SPEC, split_evenly, LATENCY)
    stream(callback, make_runner(callback, toy), make_noise(2000), period)
    assert toy.log == ["prepare", "reset", *range(0, 2000 - HOP + 1, HOP)]
    assert callback.worker(SEPARATION)[w.HOPS] == 2000 // HOP
    assert callback.worker(SEPARATION)[w.PROGRESS] == 2000 // HOP * HOP


def test_the_heartbeat_of_a_worker_counts_each_hop_even_without_a_pause(callback: Callback) -> None:
    runner = make_runner(callback, Toy(SEPARATION_SPEC))
    callback.read_inputs(10 * HOP)
    assert runner.process_available() == 10
    assert callback.worker(SEPARATION)[w.HEARTBEAT] >= 10


def test_stems_come_out_at_the_declared_delay(callback: Callback) -> None:
    def delay_by_latency(block: Block, time: BlockTime, out: Block) -> None:
        for audio in out.audio.values():
            audio[:] = kept["mix"]
        kept["mix"] = block.audio["mix"].copy()

    kept = {"mix": np.zeros((CHANNELS, HOP), np.float32)}
    audio = make_noise(2000)
    out = stream(callback, make_runner(callback, Toy(SEPARATION_SPEC, delay_by_latency, LATENCY)), audio)
    after = DELAY + w.FADE_FRAMES
    assert np.array_equal(out[0, :, after:], audio[:, after - DELAY : -DELAY])
    assert callback.state[w.LATE_FRAMES] == 0


def test_an_answer_is_counted_by_the_callbacks_that_began_before_it(callback: Callback) -> None:
    runner, answers = make_runner(callback, Toy(SEPARATION_SPEC)), callback.shared.answer_bins[SEPARATION]
    for callbacks in (1, 1, 3):
        for _ in range(callbacks):
            callback.read_inputs(HOP)
        runner.process_available()
    assert answers[:4].tolist() == [3, 1, 1, 0]  # of the last three hops one had waited for two callbacks more


def test_answers_are_not_counted_where_there_is_none_or_where_the_callback_waits(callback: Callback) -> None:
    runner, answers = make_runner(callback, raise_at(HOP)), callback.shared.answer_bins[SEPARATION]
    for freewheel in (0, 0, 1):
        callback.state[w.FREEWHEEL] = freewheel
        callback.read_inputs(HOP)
        runner.process_available()
    assert callback.worker(SEPARATION)[w.HOPS] == 3
    assert answers.sum() == 1


def raise_at(frame: int) -> Toy:
    def act(block: Block, time: BlockTime, out: Block) -> None:
        split_evenly(block, time, out)
        if time.frame == frame:
            raise ZeroDivisionError("on purpose")

    return Toy(SEPARATION_SPEC, act)


def spoil_at(frame: int, value: float) -> Toy:
    def act(block: Block, time: BlockTime, out: Block) -> None:
        split_evenly(block, time, out)
        if time.frame == frame:
            out.audio["bass"][1, -1] = value

    return Toy(SEPARATION_SPEC, act)


@pytest.mark.parametrize(
    "toy", [raise_at(10 * HOP), spoil_at(10 * HOP, np.nan), spoil_at(10 * HOP, -np.inf)], ids=["raises", "nan", "inf"]
)
def test_a_faulty_hop_costs_itself_only(toy: Toy) -> None:
    audio = make_noise(2000)
    with open_callback(slack=DEADLINE) as callback:
        out = stream(callback, make_runner(callback, toy), audio)
        words = callback.worker(SEPARATION)
        assert (words[w.FAULTS], callback.state[w.LATE_FRAMES]) == (1, HOP)
    assert toy.log == ["prepare", "reset", *range(0, 11 * HOP, HOP), "reset", *range(11 * HOP, 2000 - HOP + 1, HOP)]
    first = 10 * HOP + DEADLINE
    whole = np.concatenate([np.arange(DEADLINE + w.FADE_FRAMES, first), np.arange(first + 2 * HOP, 2000)])
    assert np.array_equal(out[0][:, whole], audio[:, whole - DEADLINE] * np.float32(0.25))
    assert np.isfinite(out).all()
    assert np.abs(out[:4].sum(axis=0, dtype=np.float64)[:, DEADLINE:] - audio[:, :-DEADLINE]).max() < 1e-6


def test_an_engine_that_always_fails_leaves_the_dry_mix(callback: Callback) -> None:
    def fail(block: Block, time: BlockTime, out: Block) -> None:
        raise RuntimeError("never works")

    audio = make_noise(2000)
    out = stream(callback, make_runner(callback, Toy(SEPARATION_SPEC, fail, LATENCY)), audio)
    assert np.array_equal(out[3, :, DELAY:], audio[:, :-DELAY])
    assert callback.worker(SEPARATION)[w.FAULTS] == 2000 // HOP


def test_an_engine_that_always_fails_is_counted_each_time_and_logged_now_and_then(
    callback: Callback, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(block: Block, time: BlockTime, out: Block) -> None:
        raise RuntimeError("never works")

    monkeypatch.setattr("bridge.runtime.engine_runner.FAULT_LOG_INTERVAL_S", 0.1)
    frames = round(0.35 * RATE)
    stream(callback, make_runner(callback, Toy(SEPARATION_SPEC, fail, LATENCY)), make_noise(frames))
    assert callback.worker(SEPARATION)[w.FAULTS] == frames // HOP
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 4


def test_events_of_a_faulty_hop_are_not_sent() -> None:
    def act(block: Block, time: BlockTime, out: Block) -> None:
        out.events["chords"].append(TimedEvent(time.frame, C))
        if time.frame == HOP:
            raise ValueError("on purpose")

    with open_callback() as callback:
        runner = make_runner(callback, Toy(MIR_SPEC, act), MIR)
        for _ in range(3):
            callback.read_inputs(HOP)
            runner.process_available()
        assert callback.reader("mir.chords").read() == [TimedEvent(0, C), TimedEvent(2 * HOP, C)]


def test_a_backlog_is_passed_over_counted_and_forgotten(callback: Callback) -> None:
    toy = Toy(SEPARATION_SPEC)
    runner = make_runner(callback, toy)
    callback.read_inputs(HOP)
    runner.process_available()
    for _ in range(MAX_BACKLOG_FRAMES // 8192 + 1):
        callback.read_inputs(8192)
    assert runner.process_available() == 1
    head = int(callback.state[w.HEAD])
    assert toy.log == ["prepare", "reset", 0, "reset", head // HOP * HOP - HOP]
    assert callback.worker(SEPARATION)[w.DROPPED_HOPS] == head // HOP - 2
    assert callback.shared.answer_bins[SEPARATION, -1] == head // HOP - 2  # nobody was ever later
    assert callback.worker(SEPARATION)[w.PROGRESS] == head


def test_a_worker_that_is_behind_but_not_lost_catches_up_without_a_break(callback: Callback) -> None:
    toy = Toy(SEPARATION_SPEC)
    runner = make_runner(callback, toy)
    for _ in range(MAX_BACKLOG_FRAMES // 8192):
        callback.read_inputs(8192)
    assert runner.process_available() == MAX_BACKLOG_FRAMES // HOP
    assert toy.log.count("reset") == 1
    assert callback.worker(SEPARATION)[w.DROPPED_HOPS] == 0


def test_a_new_epoch_is_a_fresh_start_at_its_origin(callback: Callback) -> None:
    toy = Toy(SEPARATION_SPEC)
    runner = make_runner(callback, toy)
    callback.read_inputs(100)
    runner.process_available()
    callback.read_inputs(100, [(37, b"\xfa")])
    runner.process_available()
    callback.read_inputs(100)
    runner.process_available()
    assert toy.log == ["prepare", "reset", 0, "reset", *range(100, 300 - HOP + 1, HOP)]
    assert callback.worker(SEPARATION)[w.DONE_EPOCH] == 2


class Learns(Toy):
    """Counts its hops, twice: one count is of the song."""

    def __init__(self) -> None:
        super().__init__(replace(SEPARATION_SPEC, keeps=("song", "deep")), self._count)
        self.counts: State = {}
        self.reset()

    def _count(self, block: Block, time: BlockTime, out: Block) -> None:
        split_evenly(block, time, out)
        self.counts = {name: count + 1 for name, count in self.counts.items()}

    def reset(self) -> None:
        super().reset()
        self.counts = {name: np.zeros(1, np.int64) for name in ("song", "songs", "deep.one", "here")}

    def state(self) -> State:
        return dict(self.counts)

    def restore(self, state: State) -> None:
        self.counts = dict(state)


def test_what_an_engine_keeps_outlives_a_break_of_the_host_s_and_not_the_user_s_wish(callback: Callback) -> None:
    toy = Learns()
    runner = make_runner(callback, toy)

    def counts() -> list[int]:
        runner.process_available()
        return [int(toy.counts[name][0]) for name in ("song", "songs", "deep.one", "here")]

    callback.read_inputs(3 * HOP)
    assert counts() == [3, 3, 3, 3]
    callback.read_inputs(2 * HOP, [(0, b"\xfa")])
    assert counts() == [5, 2, 5, 2]
    callback.state[w.RESTART] += 1
    callback.read_inputs(HOP)
    assert counts() == [1, 1, 1, 1]
    callback.worker(SEPARATION)[w.RESTART_ONE] += 1
    callback.read_inputs(HOP)
    assert counts() == [1, 1, 1, 1]
    callback.read_inputs(HOP, [(0, b"\xfa")])
    assert counts() == [2, 1, 2, 1]


def test_an_engine_never_sees_input_from_before_its_epoch() -> None:
    seen: list[tuple[int, float]] = []

    def act(block: Block, time: BlockTime, out: Block) -> None:
        split_evenly(block, time, out)
        seen.append((time.frame, float(block.audio["mix"].min())))

    with open_callback(slack=DEADLINE) as callback:
        runner = make_runner(callback, Toy(SEPARATION_SPEC, act))
        stream(callback, runner, np.full((CHANNELS, 150), -1.0, np.float32), 50)
        callback.state[w.RESTART] += 1
        stream(callback, runner, np.full((CHANNELS, 500), 1.0, np.float32), 50)
    after = [entry for entry in seen if entry[0] >= 150]
    assert [entry for entry in seen if entry[0] < 150] == [(0, -1.0), (HOP, -1.0)]
    assert after[0] == (150, 1.0)
    assert all(lowest == 1.0 for _, lowest in after)


def test_what_a_new_epoch_gives_for_frames_before_it_is_left_out(callback: Callback) -> None:
    """The old epoch's stems are played up to the break; a latency reaches back across it."""
    ones = np.ones((CHANNELS, HOP), np.float32)

    def act(block: Block, time: BlockTime, out: Block) -> None:
        for audio in out.audio.values():
            audio.fill(float(callback.worker(SEPARATION)[w.EPOCH]))

    runner = make_runner(callback, Toy(SEPARATION_SPEC, act, LATENCY))
    stream(callback, runner, np.tile(ones, 10))
    callback.state[w.RESTART] += 1
    border = callback.read_inputs(ones)
    runner.process_available()
    stems = callback.shared.stems[:, border - LATENCY - HOP : border + HOP]
    assert np.all(stems[:, :HOP] == 1.0)
    assert not np.any(stems[:, HOP:] == 2.0)
    stream(callback, runner, ones)
    assert np.all(callback.shared.stems[:, border : border + HOP] == 2.0)


def test_an_epoch_whose_ring_has_moved_on_by_a_whole_turn_is_caught_up_with(callback: Callback) -> None:
    toy = Toy(SEPARATION_SPEC)
    runner = make_runner(callback, toy)
    for _ in range(2 * CAPACITY // 8192):
        callback.read_inputs(8192)
    assert runner.process_available() == 1
    assert callback.worker(SEPARATION)[w.PROGRESS] == 2 * CAPACITY


def test_controls_reach_the_engine_with_its_next_hop() -> None:
    values: list[float] = []

    def act(block: Block, time: BlockTime, out: Block) -> None:
        split_evenly(block, time, out)
        values.append(block.values["toy.level"])

    spec = with_controls(SEPARATION_SPEC, Control("toy.level", 0, 1, 0.5))
    plan = PLAN.workers[SEPARATION]
    mine = type(plan)(plan.role, plan.engine, plan.index, plan.hop, 0, controls=("toy.level",))
    with open_callback() as callback:
        runner = EngineRunner(PLAN, mine, callback.shared, Toy(spec, act))
        runner.prepare()
        for value in (0.25, 0.75):
            callback.shared.values[SEPARATION, 0] = value
            callback.read_inputs(HOP)
            runner.process_available()
    assert values == [0.25, 0.75]
