"""The compiled callback of PortAudio: any number of frames, both widths of a long, lost frames, MIDI both ways."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from numba import types

from bridge.core.latency import MIDI_PORTS, PATHS
from bridge.core.midi import NOTE_ON, make_note_on
from bridge.drivers.portaudio import stream_callback
from bridge.drivers.portaudio.stream_argument import (
    INPUT_OVERFLOW,
    LOG_FLAGS,
    LOG_FRAME,
    LOG_LENGTH,
    LONGEST_MESSAGE,
    LOSSES,
    MIDI_ROWS,
    OUTPUT_UNDERFLOW,
)
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import MAX_PERIOD
from tests.drivers.portaudio.stream_rig import StreamRig, noise, open_stream
from tests.runtime.callback_driver import PLAN, RATE

SETTLING = round(stream_callback.SETTLING_S * RATE / 128) + 1
ODD = (128, 1, 37, 128, 500, 63, 4096, 129, MAX_PERIOD, MAX_PERIOD + 1, 3 * MAX_PERIOD + 5, 64)
"""Frames of callbacks: some divide nothing, some are longer than a cycle may be."""


def play(stream: StreamRig, lengths: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Noise in callbacks of ``lengths``; what went in, and what came out."""
    sent = noise(sum(lengths))
    ends = np.cumsum(lengths)
    out = [stream.call(sent[:, end - length : end]) for end, length in zip(ends, lengths, strict=True)]
    return sent, np.concatenate(out, axis=1)


def test_it_passes_any_number_of_frames_and_another_one_each_time() -> None:
    with open_stream(("mix",)) as stream:
        stream.set_cycle()
        sent, out = play(stream, ODD)
        np.testing.assert_array_equal(out, sent)
        state = stream.graph.state
        assert state[w.HEAD] == sum(ODD)
        assert (state[w.SKIPPED], state[w.SLIPS], state[w.GAP_FRAMES]) == (0, 0, 0)
        assert state[w.CYCLES] == len(ODD) + 1 + 3  # the two longest are two and four cycles
        assert stream.argument.callbacks == len(ODD)


def test_it_takes_an_unsigned_long_of_32_bits_as_on_windows() -> None:
    narrow = stream_callback.make_callback(types.uint32)
    with open_stream(("mix",), narrow.address, ctypes.c_uint32) as stream:
        stream.set_cycle()
        sent, out = play(stream, (128, 37, 500))
        np.testing.assert_array_equal(out, sent)
        stream.call(noise(64), flags=OUTPUT_UNDERFLOW)
        assert stream.argument.flag_count == 1


def test_the_width_of_a_long_is_that_of_this_system() -> None:
    assert stream_callback.process._sig.args[2].bitwidth == 8 * ctypes.sizeof(ctypes.c_ulong)


def test_it_is_silent_without_a_cycle_and_counts_on() -> None:
    with open_stream(("mix",)) as stream:
        assert not stream.call(noise(128)).any()
        assert stream.argument.frame == 128
        stream.set_cycle()
        assert stream.call(noise(128)).any()
        stream.argument.unset_cycle()
        assert not stream.call(noise(128)).any()
        assert stream.graph.state[w.CYCLES] == 1


def test_channels_carry_what_is_routed_to_them() -> None:
    with open_stream(("mix+other", "-", "drums", "other")) as stream:
        stream.set_cycle()
        sent = noise(256)
        out = stream.call(sent)
        np.testing.assert_allclose(out[0:2], 2.0 * sent)  # without engines both are the input
        assert not out[2:6].any()
        np.testing.assert_array_equal(out[6:8], sent)


def test_lost_frames_are_a_gap_at_a_known_place() -> None:
    with open_stream(("mix",)) as stream:
        stream.set_cycle()
        for _ in range(20):
            stream.call(noise(128))
        stream.now_s += 3 * 128 / RATE + 0.0004  # the callback comes a little late besides
        out = stream.call(noise(128, seed=1), flags=INPUT_OVERFLOW)
        np.testing.assert_array_equal(out, noise(128, seed=1))
        for _ in range(SETTLING):
            stream.call(noise(128))
        state = stream.graph.state
        assert (state[w.SKIPPED], state[w.GAP_FRAMES]) == (3, 3 * 128)
        assert state[w.HEAD] == stream.argument.frame == (24 + SETTLING) * 128
        assert stream.argument.flag_count == 1


def test_callbacks_that_make_up_for_a_late_one_have_lost_nothing_whatever_portaudio_says() -> None:
    """JACK calls it an xrun, and calls several times at once."""
    with open_stream(("mix",)) as stream:
        stream.set_cycle()
        for turn in range(400):
            late_s = 5 * 128 / RATE if turn % 40 in (30, 31) else 0.0
            stream.now_s += late_s
            stream.call(noise(128), flags=LOSSES if late_s else 0)
            stream.now_s -= late_s
        assert stream.graph.state[w.SKIPPED] == 0
        assert stream.argument.frame == 400 * 128


@pytest.mark.parametrize("late_s", [-0.002, 0.0, 0.0015, 0.0025])
def test_a_callback_that_comes_late_has_lost_nothing(late_s: float) -> None:
    with open_stream(("mix",)) as stream:
        stream.set_cycle()
        for turn in range(40):
            moved_s = late_s if turn % 2 else 0.0
            stream.now_s += moved_s
            stream.call(noise(256))
            stream.now_s -= moved_s
        assert stream.graph.state[w.SKIPPED] == 0
        assert stream.argument.frame == 40 * 256


def test_a_stream_without_times_loses_no_frames() -> None:
    with open_stream(("mix",)) as stream:
        stream.set_cycle()
        for _ in range(5):
            stream.now_s = 0.0
            stream.call(noise(64), flags=INPUT_OVERFLOW)
        assert stream.argument.frame == 5 * 64
        assert stream.argument.flag_count == 5


def test_a_jump_of_the_time_is_no_gap_of_hours() -> None:
    with open_stream(("mix",)) as stream:
        stream.set_cycle()
        stream.call(noise(64))
        stream.now_s += 3600.0
        for _ in range(2 * SETTLING):
            stream.call(noise(64), flags=OUTPUT_UNDERFLOW)
        assert stream.argument.frame == (1 + 2 * SETTLING) * 64


def test_the_log_has_each_callback_once() -> None:
    with open_stream(("mix",)) as stream:
        stream.set_cycle()
        play(stream, (10, 20, 30))
        rows = stream.argument.read_log()
        assert rows[:, LOG_FRAME].tolist() == [0, 10, 30]
        assert rows[:, LOG_LENGTH].tolist() == [10, 20, 30]
        assert not rows[:, LOG_FLAGS].any()
        assert len(stream.argument.read_log()) == 0


def test_input_messages_come_in_at_their_frames_and_late_ones_at_once() -> None:
    with open_stream(("mix",)) as stream:
        stream.set_cycle()
        graph, argument = stream.graph, stream.argument
        note = make_note_on(0, 60, 100).data
        for frame in (5, 200):
            assert argument.write_midi(frame, note)
        before = int(graph.shared.heads[0, w.RING_HEAD])
        stream.call(noise(128))
        stream.call(noise(128))
        assert argument.write_midi(3, note)
        stream.call(noise(128))
        records = graph.shared.records[0]
        frames = [int(records[i, w.FRAME]) for i in range(before, int(graph.shared.heads[0, w.RING_HEAD]))]
        assert frames == [5, 200, 256]


def test_a_message_that_does_not_fit_is_refused() -> None:
    with open_stream() as stream:
        assert not stream.argument.write_midi(0, b"\xf0" + bytes(LONGEST_MESSAGE) + b"\xf7")
        assert all(stream.argument.write_midi(0, b"\xf8") for _ in range(MIDI_ROWS))
        assert not stream.argument.write_midi(0, b"\xf8")


def test_output_messages_have_port_and_frame_and_are_collected_only_for_a_reader() -> None:
    first = MIDI_PORTS.index("accompaniment")
    bits = 1 << PATHS.index("accompaniment") | 1 << PATHS.index("chords")
    with open_stream(("mix",), plan=PLAN) as stream:
        stream.set_cycle()
        stream.graph.state[w.PING] = bits  # the ports send what comes in, delayed by nothing
        argument, note = stream.argument, make_note_on(0, 60, 100).data
        argument.write_midi(7, note)
        stream.call(noise(128))
        assert argument.read_midi() == []
        argument.open_midi_output()
        argument.write_midi(130, note)
        stream.call(noise(128))
        found = [record for record in argument.read_midi() if record.data[0] & 0xF0 == NOTE_ON]
        chords = MIDI_PORTS.index("chords")
        assert [(record.frame, record.port, record.data) for record in found] == [
            (130, first, note), (130, chords, note)
        ]  # fmt: skip
        assert argument.read_midi() == []
