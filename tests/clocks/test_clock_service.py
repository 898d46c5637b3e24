"""Clock service: the sources through the real callback, as an engine sees them."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bridge.control.clock_controls import CLOCK_BAR, CLOCK_TEMPO
from bridge.core.clock import CLOCK_SOURCE
from bridge.errors import ControlError, DriverError
from tests.clocks.clock_rig import PERIOD, RATE, START, STOP, ClockRig, make_ticks, open_rig


@pytest.fixture
def rig() -> Iterator[ClockRig]:
    with open_rig() as opened:
        yield opened


def call(rig: ClockRig, action: str, *arguments: str) -> object:
    return rig.service.handlers()[action](*arguments)


def find_start(rig: ClockRig) -> float:
    """The frame of beat 0, as an engine sees it."""
    return rig.engine.time_at(rig.now).frame_at(0.0)


@pytest.mark.parametrize("late_frames", [(0,), (5000, 0, 24000)])
def test_the_internal_transport_starts_ahead_and_keeps_its_line_however_late_the_service_looks(
    rig: ClockRig, late_frames: tuple[int, ...]
) -> None:
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    rig.bus.set(CLOCK_TEMPO, 123.45, "test")
    rig.bus.set(CLOCK_BAR, 3, "test")
    rig.run(RATE)
    assert not rig.engine.time_at(rig.now).rolling
    call(rig, "transport.start")
    rig.late_frames = late_frames
    rig.run(RATE // 2)
    start = find_start(rig)
    for _ in range(20):
        at = rig.run(RATE)
        assert (at.rolling, at.hosted, at.tempo, at.bar_beats) == (True, True, 123.45, 3)
        assert at.frame_at(0.0) == pytest.approx(start, abs=1e-3)


def test_a_change_of_the_tempo_keeps_the_beat(rig: ClockRig) -> None:
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    call(rig, "transport.start")
    before = rig.run(3 * RATE)
    rig.bus.set(CLOCK_TEMPO, 60.0, "test")
    after = rig.run(RATE)
    assert after.tempo == 60.0
    assert 1.0 <= after.beat - before.beat < 1.05


def test_stop_locate_and_start_go_to_the_beat(rig: ClockRig) -> None:
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    call(rig, "transport.start")
    rig.run(RATE)
    call(rig, "transport.stop")
    stopped = rig.run(RATE)
    assert (stopped.rolling, stopped.hosted) == (False, True)
    assert stopped.beat == pytest.approx(2.0, abs=0.1)
    call(rig, "transport.locate", "64")
    assert rig.run(RATE).beat == 64.0
    call(rig, "transport.start")
    at = rig.run(RATE)
    assert 65.5 < at.beat < 66.0
    call(rig, "transport.locate", "8")
    assert 9.5 < rig.run(RATE).beat < 10.0


@pytest.mark.parametrize("beat", ["", "x", "-1", "nan", "inf", "1e9"])
def test_no_beat_is_refused(rig: ClockRig, beat: str) -> None:
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    with pytest.raises(ControlError, match="is no beat"):
        call(rig, "transport.locate", beat)


def test_a_tap_sets_the_tempo_of_the_internal_transport_while_it_is_the_clock(rig: ClockRig) -> None:
    with pytest.raises(ControlError, match="no tempo prior"):
        call(rig, "transport.tap")
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    rig.run(RATE)
    rows = [rig.service.actions.tap(10.0 + n * 0.6) for n in range(5)]
    assert rows[-1] == [(100.0, 5)]
    assert rig.bus.get(CLOCK_TEMPO) == 100.0


def test_midi_clock_leads_from_its_start_message_on_and_is_named(rig: ClockRig) -> None:
    rig.run(RATE)
    first = rig.now + 1000
    at = rig.run(4 * RATE, [(first - 100, START), *make_ticks(first, 8.5)])
    assert at.frame_at(0.0) == pytest.approx(first, abs=2)
    status = rig.graph.clock_status
    assert (status.source, status.lock, status.candidates) == ("midi", "locked", "jack")


def test_what_is_not_selected_is_seen_as_a_candidate_and_does_not_move_the_engines(rig: ClockRig) -> None:
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    call(rig, "transport.start")
    rig.run(RATE)
    start = find_start(rig)
    rig.host.rolls = True
    at = rig.run(2 * RATE, [(rig.now + 10, START), *make_ticks(rig.now + 1000, 3.9, 90.0)])
    assert at.tempo == 120.0
    assert at.frame_at(0.0) == pytest.approx(start, abs=1e-3)
    assert rig.graph.clock_status.candidates == "jack* midi*"


def test_jack_s_transport_takes_over_from_midi_clock_which_is_back_where_it_is_by_then(rig: ClockRig) -> None:
    first = rig.now + 1000
    ticks = [(first - 100, START), *make_ticks(first, 30)]
    rig.run(3 * RATE, ticks)
    assert rig.graph.clock_status.source == "midi"
    rig.host_beat, rig.host_tempo, rig.host.rolls = 100.0, 90.0, True
    at = rig.run(2 * RATE, ticks)
    assert (at.tempo, rig.graph.clock_status.source) == (90.0, "jack")
    assert at.beat == pytest.approx(rig.host_beat, abs=0.02)
    rig.host.rolls = False
    at = rig.run(3 * RATE, ticks)
    assert rig.graph.clock_status.source == "midi"
    assert at.frame_at(0.0) == pytest.approx(first, abs=48)
    assert at.tempo == pytest.approx(120.0, abs=0.05)


def test_each_change_of_leader_and_tempo_is_logged_with_its_reason(
    rig: ClockRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bridge.clocks")
    rig.run(RATE)
    rig.run(2 * RATE, [(rig.now, START), *make_ticks(rig.now + 500, 3.9)])
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    call(rig, "transport.start")
    rig.run(2 * RATE)
    rig.bus.set(CLOCK_TEMPO, 140, "test")
    rig.run(2 * RATE)
    assert [line for line in caplog.messages if "clock is now" in line] == [
        "the clock is now MIDI clock: MIDI clock runs, nothing else did",
        "the clock is now the internal transport: clock.source is internal",
    ]
    assert caplog.messages[-1] == "the tempo is now 140.00 BPM, was 120.00: the internal transport says so"


def test_the_host_s_transport_is_asked_where_it_leads_and_where_nothing_does(rig: ClockRig) -> None:
    call(rig, "transport.start")
    rig.run(RATE)
    call(rig, "transport.stop")
    assert rig.host.asked == [True, False]
    with pytest.raises(ControlError, match="moved in the DAW"):
        call(rig, "transport.locate", "4")


def test_where_there_is_no_transport_to_ask_ours_rolls_and_leads(rig: ClockRig) -> None:
    rig.host.has_transport, rig.has_bars = False, False
    call(rig, "transport.start")
    at = rig.run(RATE)
    assert (at.rolling, rig.graph.clock_status.source) == (True, "internal")
    call(rig, "transport.locate", "16")
    assert rig.run(RATE).beat > 17
    call(rig, "transport.stop")
    assert not rig.run(RATE // 2).rolling
    assert not rig.run(2 * RATE).hosted  # nothing leads, and detected beats may
    rig.bus.set(CLOCK_SOURCE, "jack", "test")
    with pytest.raises(DriverError, match="no transport"):
        call(rig, "transport.start")


def test_a_midi_clock_cannot_be_started_from_here(rig: ClockRig) -> None:
    rig.bus.set(CLOCK_SOURCE, "midi", "test")
    rig.run(RATE, [(10, START), *make_ticks(600, 1.9)])
    for action in (("transport.start",), ("transport.stop",), ("transport.locate", "1")):
        with pytest.raises(ControlError, match="MIDI clock is the clock, and cannot be asked to"):
            call(rig, *action)


def test_no_audio_no_transport(rig: ClockRig) -> None:
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    rig.run(RATE)
    rig.service.detach()
    rig.service.update(99.0)
    with pytest.raises(DriverError, match="no audio runs"):
        call(rig, "transport.start")


def test_a_midi_clock_that_ends_without_a_stop_is_gone(rig: ClockRig) -> None:
    rig.run(RATE + RATE // 2, [(10, START), *make_ticks(600, 3.0)])
    assert rig.graph.clock_status.source == "midi"
    assert not rig.run(RATE).hosted
    assert rig.graph.clock_status.source == ""


def test_a_stop_of_midi_clock_stands_at_its_position(rig: ClockRig) -> None:
    ticks = make_ticks(600, 20)
    rig.run(RATE, [(10, START), *ticks])
    at = rig.run(PERIOD * 100, [(rig.now, STOP), *ticks])
    assert (at.rolling, at.hosted, rig.graph.clock_status.source) == (False, True, "midi")
    assert at.beat == pytest.approx(2.0, abs=0.05)
