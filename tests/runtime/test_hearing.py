"""What one engine tells another, and what a worker that comes late still knows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.engine import Block
from bridge.core.events import Beat, Chord, Key, Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.shared import words as w
from tests.runtime.desk import ACCOMPANIMENT, HOP, MIR, RATE, RINGS, Desk, on, open_desk
from tests.runtime.toys import LISTENS, PLAYS, Toy, run_by

C, F = Chord(0, 0, 0, 0.5), Chord(5, 0, 5, 0.5)


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
    assert toy.heard[0][0] == toy.times[0].frame


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
