"""Clock line: a source outside the callback gives the same records and epochs as the host's transport."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.clock import HostClock
from bridge.core.events import ClockPosition, Midi, TimedEvent, Transport
from bridge.core.time import BlockTime
from bridge.runtime.clock_line import ClockMessageReader, ClockSelection
from bridge.runtime.shared import slots as w
from tests.runtime.callback_driver import RATE, Callback, note_on, open_callback
from tests.runtime.test_input import CLOCK, CONTINUE, START, STOP, epochs, origins, position, roll

PERIOD = 128
LINE = BlockTime(0, RATE, 0.0, 120.0, True, 3)
ALONE = ClockSelection(LINE, 1, host=False, midi=False)


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback() as opened:
        opened.read_inputs(PERIOD)
        yield opened


def select(callback: Callback, frame: float, jumps: int, **changes: object) -> None:
    line = replace(LINE, frame=frame, **changes)  # type: ignore[arg-type]
    callback.set_clock(ClockSelection(line, jumps, host=False, midi=False))


def transports(callback: Callback) -> list[tuple[int, Transport]]:
    events = callback.reader().read()
    return [(event.frame, event.payload) for event in events if isinstance(event.payload, Transport)]


def follow(callback: Callback) -> tuple[HostClock, list[TimedEvent]]:
    """The clock of an engine that has read everything."""
    clock, events = HostClock(RATE), callback.reader().read()
    for event in events:
        clock.push(event)
    return clock, events


def test_a_line_begins_one_epoch_at_its_very_frame_and_is_sent_each_cycle(callback: Callback) -> None:
    select(callback, PERIOD + 37, 1, beat=4.0)
    for _ in range(3):
        callback.read_inputs(PERIOD)
    assert epochs(callback) == [2, 2, 2]
    assert origins(callback) == [PERIOD, PERIOD + 37, PERIOD + 37]  # the separation's is aligned with the cycle
    sent = transports(callback)
    assert [frame for frame, _ in sent] == [165, 256, 384]
    slope = 2.0 / RATE
    assert [payload.beat for _, payload in sent] == pytest.approx([4.0, 4.0 + 91 * slope, 4.0 + 219 * slope])
    assert {(payload.rolling, payload.tempo, payload.bar_beats) for _, payload in sent} == {(1, 120.0, 3)}


def test_a_line_from_the_past_counts_from_its_frame_and_begins_at_the_cycle(callback: Callback) -> None:
    select(callback, 28, 1)
    callback.read_inputs(PERIOD)
    [(frame, payload)] = transports(callback)
    assert frame == PERIOD
    assert payload.beat == pytest.approx(100 * 2.0 / RATE)
    assert origins(callback) == [PERIOD] * 3


def test_a_line_of_the_future_waits_and_the_old_one_holds_until_its_frame(callback: Callback) -> None:
    select(callback, PERIOD, 1)
    callback.read_inputs(PERIOD)
    select(callback, 3 * PERIOD + 5, 2, beat=100.0)
    for _ in range(2):
        callback.read_inputs(PERIOD)
    assert [frame for frame, _ in transports(callback)] == [128, 256, 384, 389]
    assert transports(callback)[-1][1].beat == 100.0
    assert origins(callback) == [384, 389, 389]


@given(
    late=st.lists(st.integers(0, 6), min_size=1, max_size=30),
    periods=st.lists(st.integers(16, 700), min_size=10, max_size=40),
)
@settings(deadline=None, max_examples=30)
def test_however_late_python_publishes_the_engines_see_one_straight_line(late: list[int], periods: list[int]) -> None:
    with open_callback() as callback:
        clock = HostClock(RATE)
        select(callback, 0, 1)
        reader = callback.reader()
        for i, period in enumerate(periods):
            start = callback.read_inputs(period)
            if late[i % len(late)] == 0:  # the same line again, seen from another frame
                moved = LINE.moved_to(start)
                callback.set_clock(ClockSelection(moved, 1, host=False, midi=False))
            for event in reader.read():
                clock.push(event)
            assert clock.time_at(start).beat == pytest.approx(start * 2.0 / RATE, abs=1e-9)
        assert epochs(callback) == [1, 1, 1]  # a start at the first frame is no second break


def test_a_correction_moves_the_beat_and_begins_no_epoch(callback: Callback) -> None:
    select(callback, PERIOD, 1)
    callback.read_inputs(PERIOD)
    select(callback, PERIOD, 1, beat=0.01, tempo=120.5)
    callback.read_inputs(PERIOD)
    assert epochs(callback) == [2, 2, 2]
    assert transports(callback)[-1][1].tempo == 120.5


def test_a_jump_begins_an_epoch_for_everyone_and_a_stop_spares_the_separation(callback: Callback) -> None:
    select(callback, PERIOD, 1)
    callback.read_inputs(PERIOD)
    select(callback, 2 * PERIOD + 1, 2, beat=32.0)
    callback.read_inputs(PERIOD)
    assert origins(callback) == [256, 257, 257]
    select(callback, 3 * PERIOD + 2, 3, rolling=False, beat=32.5)
    for _ in range(3):
        callback.read_inputs(PERIOD)
    assert epochs(callback) == [3, 4, 4]
    assert origins(callback) == [256, 386, 386]
    assert transports(callback)[-1] == (
        386,
        Transport(0, 32.5, 120.0, 3),
    )
    clock, _ = follow(callback)
    assert (clock.time_at(9999).beat, clock.time_at(9999).rolling, clock.time_at(9999).hosted) == (32.5, False, True)


def test_a_locate_while_it_stands_is_sent_once(callback: Callback) -> None:
    select(callback, PERIOD, 1)
    callback.read_inputs(PERIOD)
    for jumps, beat in ((2, 1.0), (3, 64.0)):
        select(callback, PERIOD, jumps, rolling=False, beat=beat)
        for _ in range(3):
            callback.read_inputs(PERIOD)
    assert [payload.beat for _, payload in transports(callback)][1:] == [1.0, 64.0]


def test_a_line_that_goes_leaves_no_host(callback: Callback) -> None:
    select(callback, PERIOD, 1)
    callback.read_inputs(PERIOD)
    callback.set_clock(ClockSelection())
    callback.read_inputs(PERIOD)
    clock, _ = follow(callback)
    assert not clock.time_at(9999).hosted
    assert epochs(callback) == [2, 3, 3]


def test_a_skipped_cycle_does_not_move_the_line(callback: Callback) -> None:
    select(callback, PERIOD, 1)
    callback.read_inputs(PERIOD)
    callback.raw += 5 * PERIOD
    start = callback.read_inputs(PERIOD)
    assert transports(callback)[-1][1].beat == pytest.approx((start - PERIOD) * 2.0 / RATE)
    assert epochs(callback) == [3, 2, 2]


def test_while_the_audio_leads_the_line_breaks_nothing(callback: Callback) -> None:
    callback.state[w.FOLLOWING] = 1
    select(callback, PERIOD, 1)
    callback.read_inputs(PERIOD)
    select(callback, PERIOD, 2, beat=9.0)
    callback.read_inputs(PERIOD)
    assert epochs(callback) == [1, 1, 1]


def test_midi_clock_that_is_not_selected_is_counted_and_has_no_effect(callback: Callback) -> None:
    callback.set_clock(ALONE)
    callback.read_inputs(PERIOD)
    begun = epochs(callback)
    reader = callback.reader()
    reader.read()
    callback.read_inputs(PERIOD, [(0, START), (1, CLOCK), (2, note_on(60)), (3, CLOCK)])
    assert [event.payload for event in reader.read() if isinstance(event.payload, Midi)] == [Midi(note_on(60))]
    assert epochs(callback) == begun
    assert callback.context.callback_state[w.TICKS] == 2


def test_midi_clock_that_is_selected_while_it_runs_gives_its_position_with_the_next_tick(callback: Callback) -> None:
    callback.set_clock(ALONE)
    callback.read_inputs(PERIOD, [(0, position(2)), (1, CONTINUE), (2, CLOCK), (3, CLOCK)])
    callback.set_clock(ClockSelection(None, 1))
    callback.read_inputs(PERIOD)
    callback.read_inputs(PERIOD, [(50, CLOCK)])
    positions = [event for event in callback.reader().read() if isinstance(event.payload, ClockPosition)]
    assert positions == [TimedEvent(3 * PERIOD + 50, ClockPosition(14, 1))]
    assert follow(callback)[0].time_at(3 * PERIOD + 50).beat == pytest.approx(14 / 24)


def test_midi_clock_that_is_no_longer_selected_stops_for_the_engines(callback: Callback) -> None:
    callback.read_inputs(PERIOD, [(0, START), (1, CLOCK), (100, CLOCK)])
    callback.set_clock(ClockSelection(replace(LINE, rolling=False), 1, host=False, midi=False))
    reader = callback.reader()
    reader.read()
    callback.read_inputs(PERIOD)
    assert TimedEvent(2 * PERIOD, Midi(STOP)) in reader.read()
    assert callback.context.callback_state[w.CLOCK_RUNNING] == 1


def test_a_host_that_rolls_takes_over_in_its_own_cycle_and_the_line_is_back_when_it_stops(callback: Callback) -> None:
    callback.set_clock(ClockSelection(LINE, 1, host=True, midi=False))
    callback.read_inputs(PERIOD)
    roll(callback, PERIOD, 5000)
    assert transports(callback)[-1][1] == Transport(1, 5.0, 123.5, 3)
    assert origins(callback) == [2 * PERIOD] * 3
    roll(callback, PERIOD, 5000 + PERIOD, rolling=False)
    assert transports(callback)[-1][1].beat == pytest.approx(3 * PERIOD * 2.0 / RATE)
    assert origins(callback) == [3 * PERIOD] * 3


def test_a_host_that_is_not_selected_rolls_without_effect(callback: Callback) -> None:
    callback.set_clock(ALONE)
    callback.read_inputs(PERIOD)
    begun = epochs(callback)
    roll(callback, PERIOD, 5000)
    roll(callback, PERIOD, 9000)
    assert epochs(callback) == begun
    assert {payload.tempo for _, payload in transports(callback)} == {120.0}


def test_a_host_that_is_no_longer_selected_leaves_no_host(callback: Callback) -> None:
    roll(callback, PERIOD, 5000)
    callback.set_clock(ClockSelection(None, 0, host=False))
    roll(callback, PERIOD, 5000 + PERIOD)
    assert not follow(callback)[0].time_at(9999).hosted
    assert epochs(callback) == [2, 3, 3]


def test_messages_about_time_are_kept_for_the_control_process_whatever_is_selected(callback: Callback) -> None:
    reader = ClockMessageReader(callback.control)
    full_frame = bytes((0xF0, 0x7F, 0x7F, 0x01, 0x01, 0x21, 2, 3, 4, 0xF7))
    others = [note_on(60), b"\xf0\x7f\x7f\x02\x01\x01\x02\x03\x04\xf7", b"\xfe"]
    wanted = [START, CLOCK, b"\xf1\x25", position(9), full_frame, STOP]
    callback.read_inputs(PERIOD, [*((i, data) for i, data in enumerate(wanted)), *((9, data) for data in others)])
    assert reader.read() == [TimedEvent(PERIOD + i, Midi(data)) for i, data in enumerate(wanted)]
    assert reader.read() == []


def test_messages_that_were_overwritten_are_counted(callback: Callback) -> None:
    reader = ClockMessageReader(callback.control)
    for _ in range(3):
        callback.read_inputs(1000, [(i, CLOCK) for i in range(1000)])
    read = reader.read()
    assert len(read) + reader.lost == 3000
    assert read[-1].frame == PERIOD + 2999
