"""Callback input: every frame at its place, every discontinuity an epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.audio import CHANNELS, Audio
from bridge.core.events import ClockPosition, Gap, Midi, TimedEvent, Transport
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import CAPACITY
from bridge.runtime.shared.rings import read_audio
from tests.runtime.desk import ACCOMPANIMENT, MIR, SEPARATION, Desk, noise, off, on, open_desk

START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"


def position(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7))


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


def inputs(desk: Desk, frame: int, frames: int) -> Audio:
    out = np.empty((CHANNELS, frames), np.float32)
    read_audio(desk.shared.inputs, frame, out)
    return out


def epochs(desk: Desk) -> list[int]:
    return [int(worker[w.EPOCH]) for worker in desk.shared.workers]


def origins(desk: Desk) -> list[int]:
    return [int(worker[w.ORIGIN]) for worker in desk.shared.workers]


def test_the_first_callback_begins_an_epoch_for_every_worker(desk: Desk) -> None:
    desk.raw = 123456
    assert desk.read_inputs(64) == 0
    assert epochs(desk) == [1, 1, 1]
    assert origins(desk) == [0, 0, 0]


@given(periods=st.lists(st.integers(1, 700), min_size=1, max_size=12), raw=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_input_of_any_periods_lies_frame_by_frame_in_the_ring(periods: list[int], raw: int) -> None:
    with open_desk() as desk:
        desk.raw, audio = raw, noise(sum(periods))
        starts = np.cumsum([0, *periods])
        for start, period in zip(starts, periods, strict=False):
            assert desk.read_inputs(audio[:, start : start + period]) == start
            assert desk.state[w.HEAD] == start + period
        assert np.array_equal(inputs(desk, 0, sum(periods)), audio)
        assert desk.state[w.SKIPPED] == desk.state[w.GAP_FRAMES] == 0
        assert epochs(desk) == [1, 1, 1]


def test_the_ring_goes_on_over_its_end(desk: Desk) -> None:
    for _ in range(CAPACITY // 8192):
        desk.read_inputs(8192)
    audio = noise(500)
    desk.read_inputs(100)
    assert desk.read_inputs(audio) == CAPACITY + 100
    assert np.array_equal(inputs(desk, CAPACITY + 100, 500), audio)


def test_a_skipped_cycle_leaves_silence_of_its_length_and_shifts_nothing(desk: Desk) -> None:
    before, after = noise(128, 1), noise(128, 2)
    desk.shared.inputs[:] = 9.0  # what an earlier turn of the ring left
    desk.read_inputs(before)
    desk.raw += 3 * 128
    assert desk.read_inputs(after) == 4 * 128
    assert np.array_equal(inputs(desk, 0, 128), before)
    assert not inputs(desk, 128, 3 * 128).any()
    assert np.array_equal(inputs(desk, 4 * 128, 128), after)
    assert desk.state[w.SKIPPED] == 3
    assert desk.state[w.GAP_FRAMES] == 3 * 128
    assert desk.state[w.HEAD] == 5 * 128


def test_a_gap_begins_an_epoch_at_its_end_only_for_those_that_it_concerns(desk: Desk) -> None:
    desk.read_inputs(128)
    desk.raw += 128
    desk.read_inputs(128)
    assert epochs(desk) == [2, 1, 1]
    assert origins(desk) == [256, 0, 0]


def test_a_change_of_period_is_no_gap(desk: Desk) -> None:
    for period in (128, 1024, 64):
        desk.read_inputs(period)
    assert desk.state[w.SKIPPED] == 0
    assert desk.state[w.PERIOD] == 64


def test_frame_time_wraps_at_32_bits_without_a_gap(desk: Desk) -> None:
    desk.raw = 2**32 - 100
    desk.read_inputs(128)
    assert desk.read_inputs(128) == 128
    desk.raw += 256
    assert desk.read_inputs(128) == 512
    assert desk.state[w.GAP_FRAMES] == 256
    assert epochs(desk) == [2, 1, 1]


@pytest.mark.parametrize("jump", [-(10**6), 10**6])
def test_frame_time_that_starts_anew_begins_an_epoch_without_a_gap(desk: Desk, jump: int) -> None:
    desk.raw = 10**7
    desk.read_inputs(128)
    desk.raw += jump
    assert desk.read_inputs(128) == 128
    assert epochs(desk) == [2, 2, 2]
    assert origins(desk) == [128, 128, 128]
    assert desk.state[w.SKIPPED] == 0


def test_frame_time_that_steps_back_a_little_is_counted_and_breaks_nothing(desk: Desk) -> None:
    desk.raw = 10**7
    desk.read_inputs(128)
    desk.raw -= 50
    assert [desk.read_inputs(128), desk.read_inputs(128)] == [128, 256]
    assert desk.state[w.SLIPS] == 1
    assert desk.state[w.SKIPPED] == 0
    assert epochs(desk) == [1, 1, 1]


def test_a_gap_is_sent_to_the_readers_of_the_host_ring(desk: Desk) -> None:
    desk.read_inputs(128)
    desk.raw += 256
    desk.read_inputs(128, [(0, CLOCK)])
    assert desk.reader().read() == [TimedEvent(384, Gap(256)), TimedEvent(384, Midi(CLOCK))]


def test_what_is_not_a_finite_number_becomes_silence(desk: Desk) -> None:
    audio = noise(64)
    audio[0, 3], audio[0, 9], audio[1, 5] = np.nan, np.inf, -np.inf
    desk.read_inputs(audio)
    written = inputs(desk, 0, 64)
    assert written[0, 3] == written[0, 9] == written[1, 5] == 0.0
    fine = np.isfinite(audio)
    assert np.array_equal(written[fine], audio[fine])


def test_messages_are_stamped_with_stream_frames_and_kept_whole(desk: Desk) -> None:
    reader = desk.reader()
    desk.read_inputs(100, [(7, on(60)), (99, off(60))])
    long = b"\xf0" + bytes(range(38)) + b"\xf7"
    desk.read_inputs(100, [(0, long)])
    assert reader.read() == [TimedEvent(7, Midi(on(60))), TimedEvent(99, Midi(off(60))), TimedEvent(100, Midi(long))]


def test_a_cycle_without_messages_does_not_repeat_those_before(desk: Desk) -> None:
    desk.read_inputs(64, [(0, on(60))])
    reader = desk.reader()
    reader.read()
    desk.read_inputs(64)
    assert reader.read() == []


@pytest.mark.parametrize("message", [START, position(8)], ids=["start", "song position"])
def test_a_start_or_a_new_position_begins_an_epoch_for_everyone_at_its_frame(desk: Desk, message: bytes) -> None:
    desk.read_inputs(128)
    desk.read_inputs(128, [(37, message)])
    assert epochs(desk) == [2, 2, 2]
    assert origins(desk) == [165, 165, 165]


@pytest.mark.parametrize("message", [CONTINUE, STOP], ids=["continue", "stop"])
def test_a_stop_or_continue_begins_an_epoch_for_what_plays_in_time_only(desk: Desk, message: bytes) -> None:
    desk.read_inputs(128)
    desk.read_inputs(128, [(37, message)])
    assert epochs(desk) == [1, 2, 2]
    assert origins(desk) == [0, 165, 165]


@pytest.mark.parametrize("message", [on(60), off(60), CLOCK, b"\xfe", b"\xb0\x7b\x00", b"\xf0\x7e\xf7"])
def test_other_messages_begin_no_epoch(desk: Desk, message: bytes) -> None:
    desk.read_inputs(128)
    desk.read_inputs(128, [(37, message)])
    assert epochs(desk) == [1, 1, 1]


def test_breaks_at_one_frame_are_one_break(desk: Desk) -> None:
    desk.read_inputs(128)
    desk.read_inputs(128, [(5, position(8)), (5, START)])
    assert epochs(desk) == [2, 2, 2]
    assert desk.worker(SEPARATION)[w.LAST_ORIGIN] == 0


def clock_positions(desk: Desk, messages: list[tuple[int, bytes]]) -> list[TimedEvent]:
    reader = desk.reader()
    desk.read_inputs(8192, messages)
    return [event for event in reader.read() if isinstance(event.payload, ClockPosition)]


def test_the_clock_position_is_sent_once_a_beat_while_the_song_runs(desk: Desk) -> None:
    clocks = [(10 + i * 100, CLOCK) for i in range(60)]
    positions = clock_positions(desk, [(0, START), *clocks])
    assert positions == [TimedEvent(10 + i * 2400, ClockPosition(24 * i, 1)) for i in range(3)]


def test_the_clock_position_counts_from_the_song_position(desk: Desk) -> None:
    clocks = [(10 + i * 100, CLOCK) for i in range(25)]
    positions = clock_positions(desk, [(0, position(0x89)), (1, CONTINUE), *clocks])
    first = 0x89 * 6  # not on a beat: sent from the next beat on
    assert positions == [TimedEvent(10 + 1800, ClockPosition(first + 18, 1))]


def test_no_clock_position_is_sent_while_the_song_stands(desk: Desk) -> None:
    clocks = [(10 + i * 100, CLOCK) for i in range(60)]
    assert clock_positions(desk, clocks) == []
    assert clock_positions(desk, [(0, START), (1, STOP), *clocks]) == []


def roll(desk: Desk, frames: int, transport_frame: int, rolling: bool = True, valid: bool = True) -> None:
    words = desk.context.transport
    words[w.T_ROLLING], words[w.T_FRAME], words[w.T_VALID] = rolling, transport_frame, valid
    words[w.T_BEAT], words[w.T_TEMPO], words[w.T_BAR] = transport_frame / 1000, 123.5, 3
    desk.read_inputs(frames)


def transports(desk: Desk) -> list[TimedEvent]:
    return [event for event in desk.reader().read() if isinstance(event.payload, Transport)]


def test_a_rolling_transport_begins_one_epoch_and_is_sent_each_cycle(desk: Desk) -> None:
    roll(desk, 128, 0, rolling=False)
    for i in range(3):
        roll(desk, 128, 5000 + 128 * i)
    assert epochs(desk) == [2, 2, 2]
    assert origins(desk) == [128, 128, 128]
    assert transports(desk) == [
        TimedEvent(128 * (i + 1), Transport(1, (5000 + 128 * i) / 1000, 123.5, 3)) for i in range(3)
    ]


def test_a_stop_of_the_transport_is_sent_once_and_spares_the_separation(desk: Desk) -> None:
    roll(desk, 128, 0)
    for _ in range(3):
        roll(desk, 128, 128, rolling=False)
    assert epochs(desk) == [1, 2, 2]
    assert [event.payload.rolling for event in transports(desk) if isinstance(event.payload, Transport)] == [1, 0]


def test_a_jump_of_the_transport_begins_an_epoch_for_everyone(desk: Desk) -> None:
    roll(desk, 128, 0)
    roll(desk, 128, 128)
    roll(desk, 128, 99_000)
    assert epochs(desk) == [2, 2, 2]
    assert origins(desk) == [256, 256, 256]


def test_a_skipped_cycle_of_a_rolling_transport_is_no_jump(desk: Desk) -> None:
    roll(desk, 128, 0)
    desk.raw += 128
    roll(desk, 128, 256)
    assert epochs(desk) == [2, 1, 1]
    assert origins(desk)[MIR] == 0


def test_a_transport_without_a_musical_position_is_not_sent_but_its_jumps_count(desk: Desk) -> None:
    roll(desk, 128, 0, valid=False)
    roll(desk, 128, 4000, valid=False)
    assert transports(desk) == []
    assert epochs(desk) == [2, 2, 2]


def test_a_request_for_a_new_epoch_is_served_once(desk: Desk) -> None:
    desk.read_inputs(64)
    desk.state[w.RESTART] += 1
    desk.read_inputs(64)
    desk.read_inputs(64)
    assert epochs(desk) == [2, 2, 2]
    assert origins(desk) == [64, 64, 64]
    assert desk.state[w.RESTARTED] == desk.state[w.RESTART]


def test_a_request_for_one_worker_concerns_it_alone(desk: Desk) -> None:
    desk.read_inputs(64)
    desk.worker(ACCOMPANIMENT)[w.RESTART_ONE] += 1
    desk.read_inputs(64)
    desk.read_inputs(64)
    assert epochs(desk) == [1, 1, 2]
    assert origins(desk) == [0, 0, 64]


def test_a_new_epoch_remembers_where_the_one_before_began(desk: Desk) -> None:
    for _ in range(3):
        desk.read_inputs(64)
        desk.state[w.RESTART] += 1
    worker = desk.worker(SEPARATION)
    assert (worker[w.EPOCH], worker[w.LAST_ORIGIN], worker[w.ORIGIN]) == (3, 64, 128)
