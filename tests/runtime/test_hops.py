"""One engine on the rings: what it hears, when, and what its faults cost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.audio import CHANNELS, Audio
from bridge.core.control import Control
from bridge.core.engine import Block, Engine
from bridge.core.events import Beat, Chord, Key, Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime import words as w
from bridge.runtime.hops import BACKLOG, HopRunner
from bridge.runtime.layout import CAPACITY
from tests.runtime.desk import ACCOMPANIMENT, HOP, MIR, PLAN, RATE, RINGS, SEPARATION, Desk, noise, on, open_desk
from tests.runtime.toys import LISTENS, PLAYS, SEPARATES, Toy, split_evenly, with_controls

LATENCY, SLACK = HOP, 2 * HOP
DELAY = LATENCY + SLACK
C, F = Chord(0, 0, 0, 0.5), Chord(5, 0, 5, 0.5)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk(latency=LATENCY, slack=SLACK) as opened:
        yield opened


def run_by(desk: Desk, engine: Engine, index: int = SEPARATION) -> HopRunner:
    """``engine`` in the place of worker ``index``, prepared."""
    runner = HopRunner(PLAN, PLAN.workers[index], desk.shared, engine)
    runner.prepare()
    return runner


def stream(desk: Desk, runner: HopRunner, audio: Audio, period: int = HOP) -> Audio:
    """``audio`` through the desk in periods of ``period``, the runner pumped before each answer."""
    parts = []
    for start in range(0, audio.shape[1], period):
        part = audio[:, start : start + period]
        desk.take(part)
        runner.pump()
        parts.append(desk.mix(part.shape[1]))
    return np.concatenate(parts, axis=2)


def hops_of(toy: Toy) -> list[int]:
    return [entry for entry in toy.log if isinstance(entry, int)]


def test_nothing_is_processed_before_the_first_callback(desk: Desk) -> None:
    toy = Toy(SEPARATES)
    assert run_by(desk, toy).pump() == 0
    assert toy.log == ["prepare"]


@pytest.mark.parametrize("period", [1, 48, HOP, 1000])
def test_each_hop_is_processed_once_in_order_as_soon_as_it_is_whole(desk: Desk, period: int) -> None:
    toy = Toy(SEPARATES, split_evenly, LATENCY)
    stream(desk, run_by(desk, toy), noise(2000), period)
    assert toy.log == ["prepare", "reset", *range(0, 2000 - HOP + 1, HOP)]
    assert desk.worker(SEPARATION)[w.HOPS] == 2000 // HOP
    assert desk.worker(SEPARATION)[w.PROGRESS] == 2000 // HOP * HOP


def test_stems_come_out_at_the_declared_delay(desk: Desk) -> None:
    def delay_by_latency(block: Block, at: BlockTime, out: Block) -> None:
        for audio in out.audio.values():
            audio[:] = kept["mix"]
        kept["mix"] = block.audio["mix"].copy()

    kept = {"mix": np.zeros((CHANNELS, HOP), np.float32)}
    audio = noise(2000)
    out = stream(desk, run_by(desk, Toy(SEPARATES, delay_by_latency, LATENCY)), audio)
    after = DELAY + w.FADE_FRAMES
    assert np.array_equal(out[0, :, after:], audio[:, after - DELAY : -DELAY])
    assert desk.state[w.LATE_FRAMES] == 0


def raise_at(frame: int) -> Toy:
    def act(block: Block, at: BlockTime, out: Block) -> None:
        split_evenly(block, at, out)
        if at.frame == frame:
            raise ZeroDivisionError("on purpose")

    return Toy(SEPARATES, act)


def spoil_at(frame: int, value: float) -> Toy:
    def act(block: Block, at: BlockTime, out: Block) -> None:
        split_evenly(block, at, out)
        if at.frame == frame:
            out.audio["bass"][1, -1] = value

    return Toy(SEPARATES, act)


@pytest.mark.parametrize(
    "toy", [raise_at(10 * HOP), spoil_at(10 * HOP, np.nan), spoil_at(10 * HOP, -np.inf)], ids=["raises", "nan", "inf"]
)
def test_a_faulty_hop_costs_itself_only(toy: Toy) -> None:
    audio = noise(2000)
    with open_desk(slack=SLACK) as desk:
        out = stream(desk, run_by(desk, toy), audio)
        words = desk.worker(SEPARATION)
        assert (words[w.FAULTS], desk.state[w.LATE_FRAMES]) == (1, HOP)
    assert toy.log == ["prepare", "reset", *range(0, 11 * HOP, HOP), "reset", *range(11 * HOP, 2000 - HOP + 1, HOP)]
    first = 10 * HOP + SLACK
    whole = np.concatenate([np.arange(SLACK + w.FADE_FRAMES, first), np.arange(first + 2 * HOP, 2000)])
    assert np.array_equal(out[0][:, whole], audio[:, whole - SLACK] * np.float32(0.25))
    assert np.isfinite(out).all()
    assert np.abs(out[:4].sum(axis=0, dtype=np.float64)[:, SLACK:] - audio[:, :-SLACK]).max() < 1e-6


def test_an_engine_that_always_fails_leaves_the_dry_mix(desk: Desk) -> None:
    def fail(block: Block, at: BlockTime, out: Block) -> None:
        raise RuntimeError("never works")

    audio = noise(2000)
    out = stream(desk, run_by(desk, Toy(SEPARATES, fail, LATENCY)), audio)
    assert np.array_equal(out[3, :, DELAY:], audio[:, :-DELAY])
    assert desk.worker(SEPARATION)[w.FAULTS] == 2000 // HOP


def test_events_of_a_faulty_hop_are_not_said() -> None:
    def act(block: Block, at: BlockTime, out: Block) -> None:
        out.events["chords"].append(TimedEvent(at.frame, C))
        if at.frame == HOP:
            raise ValueError("on purpose")

    with open_desk() as desk:
        runner = run_by(desk, Toy(LISTENS, act), MIR)
        for _ in range(3):
            desk.take(HOP)
            runner.pump()
        assert desk.reader("mir.chords").read() == [TimedEvent(0, C), TimedEvent(2 * HOP, C)]


def test_a_backlog_is_passed_over_counted_and_forgotten(desk: Desk) -> None:
    toy = Toy(SEPARATES)
    runner = run_by(desk, toy)
    desk.take(HOP)
    runner.pump()
    for _ in range(BACKLOG // 8192 + 1):
        desk.take(8192)
    assert runner.pump() == 1
    head = int(desk.state[w.HEAD])
    assert toy.log == ["prepare", "reset", 0, "reset", head // HOP * HOP - HOP]
    assert desk.worker(SEPARATION)[w.DROPPED_HOPS] == head // HOP - 2
    assert desk.worker(SEPARATION)[w.PROGRESS] == head


def test_a_worker_that_is_behind_but_not_lost_catches_up_without_a_break(desk: Desk) -> None:
    toy = Toy(SEPARATES)
    runner = run_by(desk, toy)
    for _ in range(BACKLOG // 8192):
        desk.take(8192)
    assert runner.pump() == BACKLOG // HOP
    assert toy.log.count("reset") == 1
    assert desk.worker(SEPARATION)[w.DROPPED_HOPS] == 0


def test_a_new_epoch_is_a_fresh_start_at_its_frame(desk: Desk) -> None:
    toy = Toy(SEPARATES)
    runner = run_by(desk, toy)
    desk.take(100)
    runner.pump()
    desk.take(100, [(37, b"\xfa")])
    runner.pump()
    desk.take(100)
    runner.pump()
    assert toy.log == ["prepare", "reset", 0, "reset", 137, 137 + HOP]
    assert desk.worker(SEPARATION)[w.DONE_EPOCH] == 2


def test_an_engine_never_sees_input_from_before_its_epoch() -> None:
    seen: list[tuple[int, float]] = []

    def act(block: Block, at: BlockTime, out: Block) -> None:
        split_evenly(block, at, out)
        seen.append((at.frame, float(block.audio["mix"].min())))

    with open_desk(slack=SLACK) as desk:
        runner = run_by(desk, Toy(SEPARATES, act))
        stream(desk, runner, np.full((CHANNELS, 150), -1.0, np.float32), 50)
        desk.state[w.RESTART] += 1
        stream(desk, runner, np.full((CHANNELS, 500), 1.0, np.float32), 50)
    after = [entry for entry in seen if entry[0] >= 150]
    assert [entry for entry in seen if entry[0] < 150] == [(0, -1.0), (HOP, -1.0)]
    assert after[0] == (150, 1.0)
    assert all(lowest == 1.0 for _, lowest in after)


def test_what_a_new_epoch_gives_for_frames_before_it_is_left_out(desk: Desk) -> None:
    """The old epoch's stems are played up to the break; a latency reaches back across it."""
    ones = np.ones((CHANNELS, HOP), np.float32)

    def act(block: Block, at: BlockTime, out: Block) -> None:
        for audio in out.audio.values():
            audio.fill(float(desk.worker(SEPARATION)[w.EPOCH]))

    runner = run_by(desk, Toy(SEPARATES, act, LATENCY))
    stream(desk, runner, np.tile(ones, 10))
    desk.state[w.RESTART] += 1
    border = desk.take(ones)
    runner.pump()
    stems = desk.shared.stems[:, border - LATENCY - HOP : border + HOP]
    assert np.all(stems[:, :HOP] == 1.0)
    assert not np.any(stems[:, HOP:] == 2.0)
    stream(desk, runner, ones)
    assert np.all(desk.shared.stems[:, border : border + HOP] == 2.0)


def test_an_epoch_whose_ring_has_moved_on_by_a_whole_turn_is_caught_up_with(desk: Desk) -> None:
    toy = Toy(SEPARATES)
    runner = run_by(desk, toy)
    for _ in range(2 * CAPACITY // 8192):
        desk.take(8192)
    assert runner.pump() == 1
    assert desk.worker(SEPARATION)[w.PROGRESS] == 2 * CAPACITY


def test_controls_reach_the_engine_with_its_next_hop() -> None:
    heard: list[float] = []

    def act(block: Block, at: BlockTime, out: Block) -> None:
        split_evenly(block, at, out)
        heard.append(block.values["toy.level"])

    spec = with_controls(SEPARATES, Control("toy.level", 0, 1, 0.5))
    plan = PLAN.workers[SEPARATION]
    mine = type(plan)(plan.role, plan.engine, plan.index, plan.hop, 0, controls=("toy.level",))
    with open_desk() as desk:
        runner = HopRunner(PLAN, mine, desk.shared, Toy(spec, act))
        runner.prepare()
        for value in (0.25, 0.75):
            desk.shared.values[SEPARATION, 0] = value
            desk.take(HOP)
            runner.pump()
    assert heard == [0.25, 0.75]


# what one engine tells another


def say_chords(frames: dict[int, Chord]) -> Toy:
    """A mir that says each chord in the hop in which it falls."""

    def act(block: Block, at: BlockTime, out: Block) -> None:
        out.events["chords"] += [TimedEvent(f, c) for f, c in frames.items() if at.frame <= f < at.frame + HOP]

    return Toy(LISTENS, act)


def chords_heard(desk: Desk, periods: list[int], in_order: bool, frames: int = 3000) -> list[tuple[int, str]]:
    """(hop, chord) as the accompaniment hears them while the workers are pumped in or against the order of hearing."""
    desk.shared.heads[RINGS.index("mir.chords"), w.RING_DELAY] = HOP + 300
    desk.state[w.FREEWHEEL] = 1
    desk.worker(MIR)[w.SLACK] = 300
    desk.shared.workers[:, w.ALIVE] = 1
    toy = Toy(PLAYS)
    analyst = run_by(desk, say_chords({5: C, 100: F, 1000: C, 1063: F, 1500: C}), MIR)
    pair = [analyst, run_by(desk, toy, ACCOMPANIMENT)]
    frame = 0
    while frame < frames:
        for period in periods:
            count = min(period, frames - frame)
            if count:
                desk.take(count)
                while sum(runner.pump() for runner in (pair if in_order else reversed(pair))):
                    pass
            frame += count
    return [(hop, event.payload.label) for hop, _, event in toy.heard if isinstance(event.payload, Chord)]


@given(periods=st.lists(st.integers(1, 400), min_size=1, max_size=5), in_order=st.booleans())
@settings(deadline=None, max_examples=40)
def test_what_an_analyst_says_is_heard_at_its_declared_time_whatever_the_periods(
    periods: list[int], in_order: bool
) -> None:
    with open_desk() as desk:
        heard = chords_heard(desk, periods, in_order)
    due = {5: "C", 100: "F", 1000: "C", 1063: "F", 1500: "C"}
    assert heard == [((frame + HOP + 300) // HOP * HOP, label) for frame, label in due.items()]


@pytest.mark.parametrize("offset", [0, 1000, 20_000])
def test_in_freewheel_a_listener_waits_for_its_source_however_late_the_source_is_played(offset: int) -> None:
    with open_desk() as desk:
        desk.state[w.FREEWHEEL] = 1
        desk.worker(MIR)[w.SLACK] = HOP + offset
        desk.shared.workers[:, w.ALIVE] = 1
        analyst = run_by(desk, say_chords({}), MIR)
        listener = run_by(desk, Toy(PLAYS), ACCOMPANIMENT)
        desk.take(1000)
        assert listener.pump() == 0
        analyst.pump()
        assert listener.pump() == 1000 // HOP


def test_in_freewheel_nobody_waits_for_a_dead_source() -> None:
    with open_desk() as desk:
        desk.state[w.FREEWHEEL] = 1
        listener = run_by(desk, Toy(PLAYS), ACCOMPANIMENT)
        desk.take(1000)
        assert listener.pump() == 1000 // HOP


def test_host_messages_are_heard_in_the_hop_in_which_they_fall() -> None:
    with open_desk() as desk:
        toy = Toy(PLAYS)
        runner = run_by(desk, toy, ACCOMPANIMENT)
        desk.take(300, [(0, on(60)), (HOP - 1, on(61)), (HOP, on(62)), (299, on(63))])
        runner.pump()
        desk.take(300)
        runner.pump()
    assert [(hop, event.frame, event.payload) for hop, _, event in toy.heard] == [
        (0, 0, Midi(on(60))),
        (0, HOP - 1, Midi(on(61))),
        (HOP, HOP, Midi(on(62))),
        (299 // HOP * HOP, 299, Midi(on(63))),
    ]


def test_a_worker_that_comes_late_knows_the_last_chord_and_key_and_nothing_older() -> None:
    with open_desk() as desk:
        writer = desk.writer("mir.chords")
        for event in (C, Key(0, 0, 0.5), F, Key(5, 1, 0.5), Beat(0, 4, 120.0, 1.0, 0)):
            writer.write(TimedEvent(10, event), 1)
        desk.take(1000, [(0, on(60))])
        toy = Toy(PLAYS)
        runner = run_by(desk, toy, ACCOMPANIMENT)
        desk.take(HOP)
        runner.pump()
    known = {event.payload for _, port, event in toy.heard}
    assert known == {F, Key(5, 1, 0.5)}
    assert len(toy.heard) == 2
    assert toy.heard[0][0] == hops_of(toy)[0]


@pytest.mark.parametrize("whom", ["the listener alone", "everyone"])
def test_a_fresh_start_alone_is_told_the_chord_again_one_of_all_is_not(whom: str) -> None:
    with open_desk() as desk:
        toy = Toy(PLAYS)
        runner = run_by(desk, toy, ACCOMPANIMENT)
        desk.take(HOP)
        desk.writer("mir.chords").write(TimedEvent(HOP, F), 1)
        for _ in range(3):
            desk.take(HOP)
            runner.pump()
        if whom == "everyone":
            desk.state[w.RESTART] += 1
        else:
            desk.worker(ACCOMPANIMENT)[w.RESTART_ONE] += 1
        for _ in range(3):
            desk.take(HOP)
            runner.pump()
    told = [(hop, event) for hop, _, event in toy.heard]
    again = [(4 * HOP, TimedEvent(HOP, F))] if whom == "the listener alone" else []
    assert told == [(HOP, TimedEvent(HOP, F)), *again]


def test_what_a_source_said_before_a_break_of_all_is_not_heard_after_it() -> None:
    with open_desk() as desk:
        desk.shared.heads[RINGS.index("mir.chords"), w.RING_DELAY] = 5 * HOP
        toy = Toy(PLAYS)
        pair = [run_by(desk, say_chords({5: C, 7 * HOP: F}), MIR), run_by(desk, toy, ACCOMPANIMENT)]
        for cycle in range(20):
            if cycle == 2:
                desk.state[w.RESTART] += 1
            desk.take(HOP)
            for runner in pair:
                runner.pump()
    assert [event.payload for _, _, event in toy.heard] == [F]


def test_an_engine_that_failed_is_told_the_chord_again() -> None:
    def act(block: Block, at: BlockTime, out: Block) -> None:
        if at.frame == 2 * HOP:
            raise RuntimeError("on purpose")

    with open_desk() as desk:
        toy = Toy(PLAYS, act)
        runner = run_by(desk, toy, ACCOMPANIMENT)
        desk.writer("mir.chords").write(TimedEvent(5, F), 1)
        for _ in range(5):
            desk.take(HOP)
            runner.pump()
    assert [hop for hop, _, _ in toy.heard] == [0, 3 * HOP]


def test_a_worker_that_comes_late_knows_the_song_position_from_the_next_beat_on() -> None:
    tick = 900
    with open_desk() as desk:
        desk.take(1, [(0, b"\xfa")])
        toy = Toy(PLAYS)

        def clocks(first: int, count: int) -> None:
            for _ in range(count):
                desk.take(tick, [(0, b"\xf8")])
                if runner is not None:
                    runner.pump()

        runner = None
        clocks(0, 24 * 3 + 7)
        desk.worker(ACCOMPANIMENT)[w.RESTART_ONE] += 1
        runner = run_by(desk, toy, ACCOMPANIMENT)
        clocks(24 * 3 + 7, 30)
    ready = [time for time in toy.times if time.rolling]
    assert ready
    assert ready[0].frame <= 1 + 24 * 4 * tick + HOP
    assert all(abs(time.beat - (time.frame - 1) / (24 * tick)) < 1 / 24 for time in ready[-20:])
    assert ready[-1].tempo == pytest.approx(60 * RATE / (24 * tick), rel=1e-3)


def test_chords_are_rendered_as_notes_on_their_port() -> None:
    with open_desk() as desk:
        runner = run_by(desk, say_chords({5: C, 100: F}), MIR)
        for _ in range(4):
            desk.take(HOP)
            runner.pump()
        events = desk.reader("chords").read()
    assert [(event.frame, event.payload.data[:2]) for event in events if isinstance(event.payload, Midi)] == [
        *((5, bytes((0x90, note))) for note in (48, 52, 55)),
        *((100, bytes((0x80, note))) for note in (48, 52, 55)),
        *((100, bytes((0x90, note))) for note in (48, 53, 57)),
    ]


def test_a_new_epoch_forgets_the_notes_that_it_held() -> None:
    with open_desk() as desk:
        runner = run_by(desk, say_chords({5: C, 200: F}), MIR)
        desk.take(HOP)
        runner.pump()
        desk.state[w.RESTART] += 1
        for _ in range(4):
            desk.take(HOP)
            runner.pump()
        events = desk.reader("chords").read()
    assert {event.frame for event in events} == {5, 200}
    assert not [event for event in events if isinstance(event.payload, Midi) and event.payload.data[0] == 0x80]
