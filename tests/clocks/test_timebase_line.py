"""Timebase line: JACK's bars and beats come from whatever leads, and what JACK says is published."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bridge.clocks.timebase_line import TIMEBASE_READING
from bridge.control.clock_controls import CLOCK_BAR, CLOCK_TEMPO, TIMEBASE_MASTER
from bridge.core.clock import CLOCK_SOURCE
from bridge.runtime.callback.timebase import TICKS_PER_BEAT, update_timebase
from bridge.runtime.shared import slots as w
from bridge.runtime.timebase_status import MASTER, OFF, REFUSED
from tests.clocks.clock_rig import RATE, START, ClockRig, make_ticks, open_rig
from tests.clocks.time_code_messages import make_code


@pytest.fixture
def rig() -> Iterator[ClockRig]:
    with open_rig() as opened:
        opened.has_bars = False
        opened.bus.set(TIMEBASE_MASTER, 1, "test")
        yield opened


def compute_beat(rig: ClockRig, frame: int = 0, bar_beats: int = 4) -> float:
    """The beat that JACK would get for the cycle that comes, at ``frame`` of its transport."""
    control = rig.graph.control_context
    update_timebase(rig.graph.context, control, frame, True)
    bar, beat, tick = (int(control.own[word]) for word in (w.TIMEBASE_BAR, w.TIMEBASE_BEAT, w.TIMEBASE_TICK))
    return (bar - 1) * bar_beats + beat - 1 + tick / TICKS_PER_BEAT


@pytest.mark.parametrize("source", ["midi", "mtc"])
def test_the_clock_that_leads_gives_jack_its_bars_and_tempo(rig: ClockRig, source: str) -> None:
    first = rig.now + 1000
    if source == "midi":
        messages = [(first - 100, START), *make_ticks(first, 16.5, 123.45)]
    else:
        rig.bus.set(CLOCK_TEMPO, 123.45, "test")
        messages = make_code(first, 8.0, 1, start=8000)
    at = rig.run(8 * RATE, messages)
    assert at.beat > 16.0
    assert rig.graph.clock_status.source == source
    assert compute_beat(rig) == pytest.approx(at.beat, abs=1 / TICKS_PER_BEAT)
    table = rig.graph.control_context.timebase_tables[rig.graph.control_context.own[w.TIMEBASE_FRONT]]
    assert table[w.LINE_TEMPO] == pytest.approx(123.45, abs=0.05)


@pytest.mark.parametrize("source", ["auto", "jack", "internal"])
def test_while_nothing_rolls_the_tempo_is_our_own(rig: ClockRig, source: str) -> None:
    rig.bus.set(CLOCK_SOURCE, source, "test")
    rig.bus.set(CLOCK_TEMPO, 90, "test")
    rig.bus.set(CLOCK_BAR, 3, "test")
    rig.run(RATE)
    assert compute_beat(rig, 40 * RATE, 3) == 60.0


def test_what_jack_says_is_published_and_a_refusal_is_a_warning(
    rig: ClockRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bridge.clocks.timebase_line")
    for state in (OFF, REFUSED, MASTER):
        rig.graph.timebase_status.state = state
        rig.run(RATE)
        assert (rig.bus.get_latest(TIMEBASE_READING) or ("",))[0] == state
    assert [(line.levelname, line.getMessage()) for line in caplog.records] == [
        (
            "WARNING",
            "clock.timebase_master is on, but another program is JACK's timebase master; it keeps that until it leaves "
            "or is switched off there",
        ),
        ("INFO", "clock.timebase_master: bars and beats of JACK's transport are ours"),
    ]


@pytest.mark.parametrize("is_wanted", [True, False])
def test_the_driver_learns_whether_we_should_be_the_master(rig: ClockRig, is_wanted: bool) -> None:
    rig.bus.set(TIMEBASE_MASTER, float(is_wanted), "test")
    rig.run(RATE)
    assert rig.graph.timebase_status.is_wanted == is_wanted


def test_without_jack_the_control_says_so(rig: ClockRig, caplog: pytest.LogCaptureFixture) -> None:
    rig.run(RATE)
    assert "no JACK server" in caplog.text
