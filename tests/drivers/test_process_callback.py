"""The native callback reads C structures and raw addresses: the numbers that it goes by hold here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.drivers.libjack import library_name
from bridge.runtime.callback.context import OUTPUTS, PORTS, CallbackContext
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.callback.insert_context import InsertContext
from bridge.runtime.shared.callback_jit import callback_njit_entry
from bridge.runtime.shared.native_table import pack_table
from tests.runtime.callback_driver import Callback, open_callback

if library_name() is None:
    pytest.skip("libjack is not installed", allow_module_level=True)

import jack

from bridge.drivers import process_callback

MIDI = list(range(20, 21 + PORTS + process_callback.CONTROL_PORTS))
"""Stand-ins for the addresses of the MIDI input and outputs, then of the control ports."""

ffi: Any = jack._ffi


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback() as opened:
        yield opened


def argument_for(callback: Callback) -> process_callback.CallbackArgument:
    ins = [1, 2]
    outs = list(range(10, 10 + OUTPUTS))
    return process_callback.CallbackArgument(callback.context, callback.control, callback.inserts, 99, ins, outs, MIDI)


@pytest.mark.parametrize(
    ("field", "offset"),
    [
        ("frame", process_callback.FRAME_AT),
        ("valid", process_callback.VALID_AT),
        ("bar", process_callback.BAR_AT),
        ("beat", process_callback.BEAT_AT),
        ("tick", process_callback.TICK_AT),
        ("bar_start_tick", process_callback.BAR_START_AT),
        ("frame_rate", process_callback.RATE_AT),
        ("bbt_offset", process_callback.OFFSET_AT),
        ("beats_per_bar", process_callback.BEATS_PER_BAR_AT),
        ("beat_type", process_callback.BEAT_TYPE_AT),
        ("ticks_per_beat", process_callback.TICKS_PER_BEAT_AT),
        ("beats_per_minute", process_callback.TEMPO_AT),
    ],
)
def test_a_field_of_the_position_lies_where_it_is_read(field: str, offset: int) -> None:
    assert ffi.offsetof("jack_position_t", field) == offset


def test_a_position_and_an_event_fit_their_buffers() -> None:
    assert ffi.sizeof("jack_position_t") <= process_callback.POSITION_BYTES
    assert process_callback.POSITION_BYTES % 8 == 0
    assert [ffi.offsetof("jack_midi_event_t", name) for name in ("time", "size", "buffer")] == [0, 8, 16]
    assert ffi.sizeof("jack_midi_event_t") == 24


def test_the_constants_of_the_transport_are_jacks() -> None:
    assert jack.ROLLING == process_callback.ROLLING
    assert jack.POSITION_BBT == process_callback.HAS_BBT
    assert jack.POSITION_BBT_FRAME_OFFSET == process_callback.HAS_OFFSET


@callback_njit_entry
def unpack(argument: NDArray[np.int64]) -> tuple[CallbackContext, ControlContext, InsertContext]:
    """The contexts as `process_callback.process` reads them."""
    context = process_callback.unpack_context(argument[process_callback.CONTEXT :])
    control = process_callback.unpack_control(argument[process_callback.CONTROL :])
    return context, control, process_callback.unpack_inserts(argument[process_callback.INSERTS :])


def test_the_callback_sees_the_very_arrays_of_its_contexts(callback: Callback) -> None:
    argument = argument_for(callback)
    assert len(argument.words) == process_callback.ARGUMENT_WORDS
    for own, seen in zip((callback.context, callback.control, callback.inserts), unpack(argument.words), strict=True):
        for name in own.specs:
            mine, theirs = getattr(own, name), getattr(seen, name)
            assert theirs.ctypes.data == mine.ctypes.data, name
            assert (theirs.shape, theirs.dtype) == (mine.shape, mine.dtype), name


def test_addresses_stand_where_the_callback_looks_for_them(callback: Callback) -> None:
    words = argument_for(callback).words
    assert words[process_callback.CLIENT] == 99
    assert words[process_callback.IN : process_callback.OUT].tolist() == [1, 2]
    assert words[process_callback.OUT : process_callback.MIDI_IN].tolist() == list(range(10, 10 + OUTPUTS))
    assert words[process_callback.MIDI_IN : process_callback.POSITION].tolist() == MIDI
    tables = [*pack_table(callback.context), *pack_table(callback.control), *pack_table(callback.inserts)]
    assert words[process_callback.CONTEXT :].tolist() == tables


def test_the_buffers_that_jack_fills_live_as_long_as_the_argument(callback: Callback) -> None:
    argument = argument_for(callback)
    position, event = argument.words[process_callback.POSITION], argument.words[process_callback.EVENT]
    assert position % 8 == event % 8 == 0
    assert abs(int(position) - int(event)) >= 24
    assert argument.address.value == argument.words.ctypes.data
