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
from tests.runtime.callback_driver import (
    ACCOMPANIMENT,
    HOP,
    MIR,
    SEPARATION,
    Callback,
    make_noise,
    note_off,
    note_on,
    open_callback,
)

START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"


def position(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7))


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback() as opened:
        yield opened


def inputs(callback: Callback, frame: int, frames: int) -> Audio:
    out = np.empty((CHANNELS, frames), np.float32)
    read_audio(callback.shared.inputs, frame, out)
    return out


def epochs(callback: Callback) -> list[int]:
    return [int(worker[w.EPOCH]) for worker in callback.shared.workers]


def origins(callback: Callback) -> list[int]:
    return [int(worker[w.ORIGIN]) for worker in callback.shared.workers]


def test_the_first_callback_begins_an_epoch_for_every_worker(callback: Callback) -> None:
    callback.raw = 123456
    assert callback.read_inputs(64) == 0
    assert epochs(callback) == [1, 1, 1]
    assert origins(callback) == [0, 0, 0]


@given(periods=st.lists(st.integers(1, 700), min_size=1, max_size=12), raw=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_input_of_any_periods_lies_frame_by_frame_in_the_ring(periods: list[int], raw: int) -> None:
    with open_callback() as callback:
        callback.raw, audio = raw, make_noise(sum(periods))
        starts = np.cumsum([0, *periods])
        for start, period in zip(starts, periods, strict=False):
            assert callback.read_inputs(audio[:, start : start + period]) == start
            assert callback.state[w.HEAD] == start + period
        assert np.array_equal(inputs(callback, 0, sum(periods)), audio)
        assert callback.state[w.SKIPPED] == callback.state[w.GAP_FRAMES] == 0
        assert epochs(callback) == [1, 1, 1]


def test_the_ring_goes_on_over_its_end(callback: Callback) -> None:
    for _ in range(CAPACITY // 8192):
        callback.read_inputs(8192)
    audio = make_noise(500)
    callback.read_inputs(100)
    assert callback.read_inputs(audio) == CAPACITY + 100
    assert np.array_equal(inputs(callback, CAPACITY + 100, 500), audio)


def test_a_skipped_cycle_leaves_silence_of_its_length_and_shifts_nothing(callback: Callback) -> None:
    before, after = make_noise(128, 1), make_noise(128, 2)
    callback.shared.inputs[:] = 9.0  # what an earlier turn of the ring left
    callback.read_inputs(before)
    callback.raw += 3 * 128
    assert callback.read_inputs(after) == 4 * 128
    assert np.array_equal(inputs(callback, 0, 128), before)
    assert not inputs(callback, 128, 3 * 128).any()
    assert np.array_equal(inputs(callback, 4 * 128, 128), after)
    assert callback.state[w.SKIPPED] == 3
    assert callback.state[w.GAP_FRAMES] == 3 * 128
    assert callback.state[w.HEAD] == 5 * 128


def test_a_gap_begins_an_epoch_at_its_end_only_for_those_that_it_concerns(callback: Callback) -> None:
    callback.read_inputs(128)
    callback.raw += 128
    callback.read_inputs(128)
    assert epochs(callback) == [2, 1, 1]
    assert origins(callback) == [256, 0, 0]


def test_a_change_of_period_is_no_gap(callback: Callback) -> None:
    for period in (128, 1024, 64):
        callback.read_inputs(period)
    assert callback.state[w.SKIPPED] == 0
    assert callback.state[w.PERIOD] == 64


def test_frame_time_wraps_at_32_bits_without_a_gap(callback: Callback) -> None:
    callback.raw = 2**32 - 100
    callback.read_inputs(128)
    assert callback.read_inputs(128) == 128
    callback.raw += 256
    assert callback.read_inputs(128) == 512
    assert callback.state[w.GAP_FRAMES] == 256
    assert epochs(callback) == [2, 1, 1]


@pytest.mark.parametrize("jump", [-(10**6), 10**6])
def test_frame_time_that_starts_anew_begins_an_epoch_without_a_gap(callback: Callback, jump: int) -> None:
    callback.raw = 10**7
    callback.read_inputs(128)
    callback.raw += jump
    assert callback.read_inputs(128) == 128
    assert epochs(callback) == [2, 2, 2]
    assert origins(callback) == [128, 128, 128]
    assert callback.state[w.SKIPPED] == 0


def test_frame_time_that_steps_back_a_little_is_counted_and_breaks_nothing(callback: Callback) -> None:
    callback.raw = 10**7
    callback.read_inputs(128)
    callback.raw -= 50
    assert [callback.read_inputs(128), callback.read_inputs(128)] == [128, 256]
    assert callback.state[w.SLIPS] == 1
    assert callback.state[w.SKIPPED] == 0
    assert epochs(callback) == [1, 1, 1]


def test_a_gap_is_sent_to_the_readers_of_the_host_ring(callback: Callback) -> None:
    callback.read_inputs(128)
    callback.raw += 256
    callback.read_inputs(128, [(0, CLOCK)])
    assert callback.reader().read() == [TimedEvent(384, Gap(256)), TimedEvent(384, Midi(CLOCK))]


def test_what_is_not_a_finite_number_becomes_silence(callback: Callback) -> None:
    audio = make_noise(64)
    audio[0, 3], audio[0, 9], audio[1, 5] = np.nan, np.inf, -np.inf
    callback.read_inputs(audio)
    written = inputs(callback, 0, 64)
    assert written[0, 3] == written[0, 9] == written[1, 5] == 0.0
    fine = np.isfinite(audio)
    assert np.array_equal(written[fine], audio[fine])


def test_messages_are_stamped_with_stream_frames_and_kept_whole(callback: Callback) -> None:
    reader = callback.reader()
    callback.read_inputs(100, [(7, note_on(60)), (99, note_off(60))])
    long = b"\xf0" + bytes(range(38)) + b"\xf7"
    callback.read_inputs(100, [(0, long)])
    assert reader.read() == [
        TimedEvent(7, Midi(note_on(60))),
        TimedEvent(99, Midi(note_off(60))),
        TimedEvent(100, Midi(long)),
    ]


def test_a_cycle_without_messages_does_not_repeat_those_before(callback: Callback) -> None:
    callback.read_inputs(64, [(0, note_on(60))])
    reader = callback.reader()
    reader.read()
    callback.read_inputs(64)
    assert reader.read() == []


@pytest.mark.parametrize("message", [START, position(8)], ids=["start", "song position"])
def test_a_start_or_a_new_position_begins_an_epoch_for_everyone_at_its_frame(
    callback: Callback, message: bytes
) -> None:
    """But for the separation's, which is whole hops after the start of the cycle."""
    callback.read_inputs(128)
    callback.read_inputs(128, [(HOP + 37, message)])
    assert epochs(callback) == [2, 2, 2]
    assert origins(callback) == [128 + HOP, 165 + HOP, 165 + HOP]


@pytest.mark.parametrize("message", [CONTINUE, STOP], ids=["continue", "stop"])
def test_a_stop_or_continue_begins_an_epoch_for_what_plays_in_time_only(callback: Callback, message: bytes) -> None:
    callback.read_inputs(128)
    callback.read_inputs(128, [(37, message)])
    assert epochs(callback) == [1, 2, 2]
    assert origins(callback) == [0, 165, 165]


@pytest.mark.parametrize("message", [note_on(60), note_off(60), CLOCK, b"\xfe", b"\xb0\x7b\x00", b"\xf0\x7e\xf7"])
def test_other_messages_begin_no_epoch(callback: Callback, message: bytes) -> None:
    callback.read_inputs(128)
    callback.read_inputs(128, [(37, message)])
    assert epochs(callback) == [1, 1, 1]


def test_breaks_at_one_frame_are_one_break(callback: Callback) -> None:
    callback.read_inputs(128)
    callback.read_inputs(128, [(5, position(8)), (5, START)])
    assert epochs(callback) == [2, 2, 2]
    assert callback.worker(SEPARATION)[w.LAST_ORIGIN] == 0


def clock_positions(callback: Callback, messages: list[tuple[int, bytes]]) -> list[TimedEvent]:
    reader = callback.reader()
    callback.read_inputs(8192, messages)
    return [event for event in reader.read() if isinstance(event.payload, ClockPosition)]


def test_the_clock_position_is_sent_once_a_beat_while_the_song_runs(callback: Callback) -> None:
    clocks = [(10 + i * 100, CLOCK) for i in range(60)]
    positions = clock_positions(callback, [(0, START), *clocks])
    assert positions == [TimedEvent(10 + i * 2400, ClockPosition(24 * i, 1)) for i in range(3)]


def test_the_clock_position_counts_from_the_song_position(callback: Callback) -> None:
    clocks = [(10 + i * 100, CLOCK) for i in range(25)]
    positions = clock_positions(callback, [(0, position(0x89)), (1, CONTINUE), *clocks])
    first = 0x89 * 6  # not on a beat: sent from the next beat on
    assert positions == [TimedEvent(10 + 1800, ClockPosition(first + 18, 1))]


def test_no_clock_position_is_sent_while_the_song_stands(callback: Callback) -> None:
    clocks = [(10 + i * 100, CLOCK) for i in range(60)]
    assert clock_positions(callback, clocks) == []
    assert clock_positions(callback, [(0, START), (1, STOP), *clocks]) == []


def roll(callback: Callback, frames: int, transport_frame: int, rolling: bool = True, valid: bool = True) -> None:
    words = callback.context.transport
    words[w.T_ROLLING], words[w.T_FRAME], words[w.T_VALID] = rolling, transport_frame, valid
    words[w.T_BEAT], words[w.T_TEMPO], words[w.T_BAR] = transport_frame / 1000, 123.5, 3
    callback.read_inputs(frames)


def transports(callback: Callback) -> list[TimedEvent]:
    return [event for event in callback.reader().read() if isinstance(event.payload, Transport)]


def test_a_rolling_transport_begins_one_epoch_and_is_sent_each_cycle(callback: Callback) -> None:
    roll(callback, 128, 0, rolling=False)
    for i in range(3):
        roll(callback, 128, 5000 + 128 * i)
    assert epochs(callback) == [2, 2, 2]
    assert origins(callback) == [128, 128, 128]
    assert transports(callback) == [
        TimedEvent(128 * (i + 1), Transport(1, (5000 + 128 * i) / 1000, 123.5, 3)) for i in range(3)
    ]


def test_a_stop_of_the_transport_is_sent_once_and_spares_the_separation(callback: Callback) -> None:
    roll(callback, 128, 0)
    for _ in range(3):
        roll(callback, 128, 128, rolling=False)
    assert epochs(callback) == [1, 2, 2]
    assert [event.payload.rolling for event in transports(callback) if isinstance(event.payload, Transport)] == [1, 0]


def test_a_jump_of_the_transport_begins_an_epoch_for_everyone(callback: Callback) -> None:
    roll(callback, 128, 0)
    roll(callback, 128, 128)
    roll(callback, 128, 99_000)
    assert epochs(callback) == [2, 2, 2]
    assert origins(callback) == [256, 256, 256]


def test_a_skipped_cycle_of_a_rolling_transport_is_no_jump(callback: Callback) -> None:
    roll(callback, 128, 0)
    callback.raw += 128
    roll(callback, 128, 256)
    assert epochs(callback) == [2, 1, 1]
    assert origins(callback)[MIR] == 0


def test_a_transport_without_a_musical_position_is_not_sent_but_its_jumps_count(callback: Callback) -> None:
    roll(callback, 128, 0, valid=False)
    roll(callback, 128, 4000, valid=False)
    assert transports(callback) == []
    assert epochs(callback) == [2, 2, 2]


def test_a_request_for_a_new_epoch_is_served_once(callback: Callback) -> None:
    callback.read_inputs(64)
    callback.state[w.RESTART] += 1
    callback.read_inputs(64)
    callback.read_inputs(64)
    assert epochs(callback) == [2, 2, 2]
    assert origins(callback) == [64, 64, 64]
    assert callback.state[w.RESTARTED] == callback.state[w.RESTART]


def test_a_request_for_one_worker_concerns_it_alone(callback: Callback) -> None:
    callback.read_inputs(64)
    callback.worker(ACCOMPANIMENT)[w.RESTART_ONE] += 1
    callback.read_inputs(64)
    callback.read_inputs(64)
    assert epochs(callback) == [1, 1, 2]
    assert origins(callback) == [0, 0, 64]


def test_a_new_epoch_remembers_where_the_one_before_began(callback: Callback) -> None:
    for _ in range(3):
        callback.read_inputs(64)
        callback.state[w.RESTART] += 1
    worker = callback.worker(SEPARATION)
    assert (worker[w.EPOCH], worker[w.LAST_ORIGIN], worker[w.ORIGIN]) == (3, 64, 128)
