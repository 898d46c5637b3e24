"""Timebase: bars and beats of JACK's transport are those of our clock, and go on by its tempo where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.time import BlockTime
from bridge.runtime.callback.timebase import TICKS_PER_BEAT, is_own_beat, update_timebase
from bridge.runtime.shared import slots as w
from tests.runtime.callback_driver import RATE, Callback, open_callback
from tests.runtime.test_input import roll

PERIOD = 128
TEMPO = 123.45
LINE = BlockTime(0, RATE, 0.0, TEMPO, True, 3)
STANDING = replace(LINE, rolling=False)


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback() as opened:
        opened.read_inputs(PERIOD)
        yield opened


def read_beat(callback: Callback, bar_beats: int = 3, tempo: float = TEMPO) -> float:
    """The beat that a JACK client reads: bar, beat and tick, and the frames since then."""
    own = callback.control.own
    bar, beat, tick, offset = own[w.TIMEBASE_BAR : w.TIMEBASE_OFFSET + 1].tolist()
    assert 1 <= beat <= bar_beats
    assert 0 <= tick < TICKS_PER_BEAT
    assert 0 <= offset <= 60 * RATE / (tempo * TICKS_PER_BEAT) + 0.5
    assert callback.control.timebase[w.TIMEBASE_BAR_START] == (bar - 1) * bar_beats * TICKS_PER_BEAT
    return float((bar - 1) * bar_beats + beat - 1 + tick / TICKS_PER_BEAT + offset * tempo / (60 * RATE))


def play(callback: Callback, frame: int, cycles: int = 1) -> float:
    """Roll the transport from ``frame`` on; the beat of the cycle that comes next, whose position JACK asks for."""
    for n in range(cycles):
        roll(callback, PERIOD, frame + n * PERIOD)
        update_timebase(callback.context, callback.control, frame + (n + 1) * PERIOD, False)
    return read_beat(callback)


HALF_FRAME = pytest.approx(0.0, abs=0.51 * TEMPO / (60 * RATE))


def test_the_beat_is_that_of_the_clock_at_the_frame_of_the_next_cycle(callback: Callback) -> None:
    callback.set_timebase(replace(LINE, frame=1000, beat=64.0))
    beat = play(callback, 441_000, cycles=30)
    assert beat - replace(LINE, frame=1000, beat=64.0).beat_at(callback.now + PERIOD) == HALF_FRAME


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 31), st.floats(-8.0, 1e5), st.integers(1, 16))
def test_every_position_of_the_clock_comes_back_to_the_half_frame(frame: int, beat: float, bar_beats: int) -> None:
    with open_callback() as callback:
        callback.read_inputs(PERIOD)
        callback.set_timebase(replace(LINE, frame=PERIOD, beat=beat, bar_beats=bar_beats))
        update_timebase(callback.context, callback.control, frame, True)
        assert read_beat(callback, bar_beats) - beat == HALF_FRAME


def test_a_position_that_jack_asks_for_late_or_early_is_of_its_own_frame(callback: Callback) -> None:
    callback.set_timebase(LINE)
    play(callback, 441_000)
    for behind in (-PERIOD, PERIOD):  # a server may ask for the cycle that runs
        update_timebase(callback.context, callback.control, 441_000 + PERIOD + behind, False)
        assert read_beat(callback) - LINE.beat_at(callback.now + PERIOD + behind) == HALF_FRAME


def test_a_clock_that_stands_leaves_the_transport_s_own_frames(callback: Callback) -> None:
    callback.set_timebase(STANDING)
    update_timebase(callback.context, callback.control, 441_000, True)
    assert read_beat(callback) - 441_000 * TEMPO / (60 * RATE) == HALF_FRAME
    assert play(callback, 441_000, 10) - (441_000 + 10 * PERIOD) * TEMPO / (60 * RATE) == HALF_FRAME


def test_a_clock_that_has_not_begun_stands_until_its_frame(callback: Callback) -> None:
    callback.set_timebase(replace(LINE, frame=callback.now + 3 * PERIOD))
    update_timebase(callback.context, callback.control, 0, True)
    assert play(callback, 0) - PERIOD * TEMPO / (60 * RATE) == HALF_FRAME
    assert play(callback, PERIOD) == 0.0


def test_the_beat_goes_on_where_the_clock_stops_or_changes_its_tempo(callback: Callback) -> None:
    callback.set_timebase(replace(LINE, beat=64.0))
    before = play(callback, 441_000, 4)
    callback.set_timebase(replace(STANDING, tempo=60.0))
    step = PERIOD * TEMPO / (60 * RATE)
    roll(callback, PERIOD, 441_000 + 4 * PERIOD)
    update_timebase(callback.context, callback.control, 441_000 + 5 * PERIOD, False)
    beat = read_beat(callback, tempo=60.0)
    assert beat - before == pytest.approx(step, abs=1.1 * TEMPO / (60 * RATE))
    roll(callback, PERIOD, 441_000 + 5 * PERIOD)
    update_timebase(callback.context, callback.control, 441_000 + 6 * PERIOD, False)
    assert read_beat(callback, tempo=60.0) - beat == pytest.approx(PERIOD / RATE, abs=1.1 / RATE)


def test_only_what_comes_from_our_clock_is_no_clock_for_us(callback: Callback) -> None:
    own = callback.control.own
    callback.set_timebase(LINE)
    play(callback, 441_000)
    assert is_own_beat(callback.control, *own[w.TIMEBASE_BAR : w.TIMEBASE_OFFSET].tolist())
    assert not is_own_beat(callback.control, own[w.TIMEBASE_BAR] + 1, own[w.TIMEBASE_BEAT], own[w.TIMEBASE_TICK])
    callback.set_timebase(STANDING)
    play(callback, 441_000 + PERIOD)
    assert not is_own_beat(callback.control, *own[w.TIMEBASE_BAR : w.TIMEBASE_OFFSET].tolist())
