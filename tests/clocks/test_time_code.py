"""MIDI time code: all rates, both directions, lost pieces; and as a clock of the engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clocks.time_code import FRAME_RATES, TimeCodeReader, count_frames
from bridge.clocks.time_code_source import FREEWHEEL_FRAMES
from bridge.control.clock_controls import CLOCK_TEMPO, TIME_CODE_START
from bridge.core.clock import CLOCK_SOURCE
from tests.clocks.clock_rig import PERIOD, RATE, ClockRig, make_jitter, open_rig
from tests.clocks.time_code_messages import LABELS, make_code, make_piece


@pytest.mark.parametrize("number", range(4))
def test_labels_are_counted_as_they_follow_one_another(number: int) -> None:
    rate = FRAME_RATES[number]
    assert [count_frames(*label, rate) for label in LABELS[number]] == list(range(len(LABELS[number])))


def test_drop_frame_code_keeps_the_time_of_day() -> None:
    rate = FRAME_RATES[2]
    assert count_frames(1, 0, 0, 0, rate) / rate.per_second == pytest.approx(3600, abs=0.01)


@given(
    number=st.integers(0, 3),
    start=st.integers(0, 50_000),
    moves=st.lists(st.tuples(st.sampled_from((1, -1)), st.integers(2, 40), st.integers(0, 3)), min_size=1, max_size=8),
)
@settings(deadline=None, max_examples=60)
def test_a_position_is_right_or_not_known_whatever_turns_and_gets_lost(
    number: int, start: int, moves: list[tuple[int, int, int]]
) -> None:
    reader, quarter = TimeCodeReader(), start + 400
    known = 0
    for direction, pieces, lost in moves:
        for _ in range(pieces):
            quarter += direction
            data = make_piece(quarter, LABELS[number], number)
            if reader.push_quarter_frame(data[1]):
                known += 1
                assert reader.quarter == quarter
        quarter += direction * lost
    if moves[0][1] >= 16:
        assert known


def test_a_full_frame_is_a_place_at_once() -> None:
    reader = TimeCodeReader()
    reader.push_full_frame(bytes((0xF0, 0x7F, 0x7F, 0x01, 0x01, 0x20 | 1, 2, 3, 4, 0xF7)))
    assert reader.quarter == 4 * (25 * 3723 + 4)
    assert reader.rate.count == 25


@pytest.fixture
def rig() -> Iterator[ClockRig]:
    with open_rig() as opened:
        yield opened


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("jitter_s", [0.0, 0.0015])
def test_engines_get_beats_of_the_internal_tempo_from_the_time_code(
    rig: ClockRig, number: int, jitter_s: float
) -> None:
    rig.bus.set(CLOCK_TEMPO, 90, "test")
    rate = FRAME_RATES[number]
    code = make_code(5000, 14.0, number, start=8000, late=make_jitter(jitter_s))
    rig.run(6 * RATE, code)
    for _ in range(7):
        at = rig.run(RATE, code)
        assert (at.rolling, rig.graph.clock_status.source) == (True, "mtc")
        expected = (8000 / (4 * rate.per_second) + (rig.now - 5000) / RATE) * 90 / 60
        mean_late = jitter_s / 2
        assert (at.beat - expected) * 60 / 90 == pytest.approx(-mean_late, abs=0.0005)
        assert at.tempo == pytest.approx(90, abs=0.05)
    assert rig.graph.clock_status.lock == "locked"
    assert abs(rig.graph.clock_status.drift_ppm) < 400


def test_the_drift_of_a_sender_is_measured_and_followed(rig: ClockRig) -> None:
    code = make_code(1000, 20.0, 1, speed=1.0005)
    at = rig.run(19 * RATE, code)
    assert rig.graph.clock_status.drift_ppm == pytest.approx(500, abs=20)
    assert at.beat == pytest.approx((rig.now - 1000) / RATE * 1.0005 * 2, abs=0.002)


def test_a_few_lost_frames_are_bridged_and_then_it_has_stopped(rig: ClockRig) -> None:
    code = make_code(1000, 12.0, 1)
    hole = [event for event in code if not 3 * RATE < event[0] < 3 * RATE + 0.2 * RATE]
    rig.run(3 * RATE, hole)
    jumps = rig.service.get_source("mtc").update(rig.now, 0.0, ()).jumps  # type: ignore[union-attr]
    at = rig.run(2 * RATE, hole)
    assert at.beat == pytest.approx((rig.now - 1000) / RATE * 2, abs=0.005)
    assert rig.service.get_source("mtc").update(rig.now, 0.0, ()).jumps == jumps  # type: ignore[union-attr]
    assert rig.run(round(0.5 * FREEWHEEL_FRAMES / 25 * RATE)).rolling
    assert not rig.run(RATE).rolling


def test_backward_it_stands_and_forward_it_goes_on(rig: ClockRig) -> None:
    rig.bus.set(CLOCK_SOURCE, "mtc", "test")
    forward = make_code(1000, 3.0, 1, start=8000)
    back = [(1000 + 3 * RATE + n * 480, make_piece(8300 - n, LABELS[1], 1)) for n in range(200)]
    rig.run(3 * RATE, forward)
    assert rig.engine.time_at(rig.now).rolling
    assert not rig.run(2 * RATE, back).rolling
    first = rig.now + 100
    at = rig.run(2 * RATE, make_code(first, 2.0, 1, start=8104))
    assert at.rolling
    assert at.beat == pytest.approx((8104 / 100 + (rig.now - first) / RATE) * 2, abs=0.01)


def test_a_full_frame_locates_and_the_song_may_begin_at_an_hour(rig: ClockRig) -> None:
    rig.bus.set(CLOCK_SOURCE, "mtc", "test")
    rig.bus.set(TIME_CODE_START, 3600, "test")
    rig.run(PERIOD * 10, [(100, bytes((0xF0, 0x7F, 0x7F, 0x01, 0x01, 0x20 | 1, 0, 8, 0, 0xF7)))])
    state = rig.service.get_source("mtc").update(rig.now, 0.0, ())  # type: ignore[union-attr]
    assert (state.time.beat, state.time.rolling, state.is_present) == (pytest.approx(16.0), False, True)
