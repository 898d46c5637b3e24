"""JACK process callback: compiled, free of the GIL, of allocation and of locks.

It moves JACK's buffers into the callback context, runs the cycle, and moves the outputs back. All addresses come in
through its argument, and libjack's functions are named symbols, so that numba can keep the machine code on disk.
"""

from __future__ import annotations

import ctypes
from itertools import chain
from typing import Any

import llvmlite.binding
import numpy as np
from numba import types as _numba_types
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from bridge.core.jit import cfunc
from bridge.drivers.libjack import MISSING, library_name
from bridge.runtime.callback.context import OUTPUTS, PORTS, CallbackContext
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.callback.control_input import append_control
from bridge.runtime.callback.control_output import (
    find_next_control,
    get_control_address,
    get_control_size,
    skip_padding,
)
from bridge.runtime.callback.cycle import cycle
from bridge.runtime.callback.insert_context import InsertContext
from bridge.runtime.callback.midi_assembly import read_event
from bridge.runtime.callback.timebase import is_own_beat
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import (
    address_of,
    as_int64,
    as_uint8,
    as_void,
    carray,
    load_acquire,
    store_release,
)
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import CALLBACK_BINS, MAX_PERIOD
from bridge.runtime.shared.native_table import count_words, make_unpacker, pack_table
from bridge.runtime.shared.slots import DATA, FRAME, SIZE

_name = library_name()
if _name is None:
    raise MISSING
llvmlite.binding.load_library_permanently(_name)

types: Any = _numba_types
int64: Any = np.int64

get_buffer: Any = types.ExternalFunction("jack_port_get_buffer", types.voidptr(types.voidptr, types.uint32))
last_frame_time: Any = types.ExternalFunction("jack_last_frame_time", types.uint32(types.voidptr))
get_time_us: Any = types.ExternalFunction("jack_get_time", types.uint64())
midi_count: Any = types.ExternalFunction("jack_midi_get_event_count", types.uint32(types.voidptr))
midi_get: Any = types.ExternalFunction("jack_midi_event_get", types.int32(types.voidptr, types.voidptr, types.uint32))
midi_clear: Any = types.ExternalFunction("jack_midi_clear_buffer", types.void(types.voidptr))
midi_write: Any = types.ExternalFunction(
    "jack_midi_event_write", types.int32(types.voidptr, types.uint32, types.voidptr, types.uint64)
)
transport_query: Any = types.ExternalFunction("jack_transport_query", types.int32(types.voidptr, types.voidptr))

CLIENT, IN, OUT = 0, 1, 1 + CHANNELS
MIDI_IN = OUT + OUTPUTS
MIDI_OUT = MIDI_IN + 1
CONTROL_IN = MIDI_OUT + PORTS
CONTROL_OUT = CONTROL_IN + 1
POSITION = CONTROL_OUT + 1  # address of a jack_position_t
EVENT = POSITION + 1  # address of a jack_midi_event_t: time at byte 0, size at 8, buffer at 16
CONTEXT = EVENT + 1  # the words of `pack_table` for the context
CONTROL = CONTEXT + count_words(CallbackContext)  # likewise for the control context
INSERTS = CONTROL + count_words(ControlContext)
ARGUMENT_WORDS = INSERTS + count_words(InsertContext)
unpack_context, unpack_control = make_unpacker(CallbackContext), make_unpacker(ControlContext)
unpack_inserts = make_unpacker(InsertContext)

POSITION_BYTES = 136  # sizeof(jack_position_t); the offsets below are in bytes, a test holds them against cffi's
RATE_AT, FRAME_AT, VALID_AT, BAR_AT, BEAT_AT, TICK_AT, BAR_START_AT = 16, 20, 24, 28, 32, 36, 40
BEATS_PER_BAR_AT, BEAT_TYPE_AT, TICKS_PER_BEAT_AT, TEMPO_AT, OFFSET_AT = 48, 52, 56, 64, 88
HAS_BBT, HAS_OFFSET, ROLLING, LOOPING = 0x10, 0x40, 1, 2
CONTROL_PORTS = 2


@callback_njit
def read_midi(context: CallbackContext, argument: NDArray[np.int64], frames: int) -> None:
    """JACK's MIDI input into `in_events`, as whole messages; those longer than a record are counted and passed over."""
    buffer = get_buffer(as_void(argument[MIDI_IN]), frames)
    event = carray(as_int64(argument[EVENT]), (3,))
    context.callback_state[w.IN_EVENTS] = 0
    for i in range(midi_count(buffer)):
        if midi_get(as_void(argument[EVENT]), buffer, i) == 0 and event[1] > 0:
            read_event(context, event[0] & 0xFFFFFFFF, carray(as_uint8(event[2]), (event[1],)), event[1])


@callback_njit
def write_midi(context: CallbackContext, argument: NDArray[np.int64], frames: int) -> None:
    """`out_events` into JACK's MIDI outputs, in order of their frames."""
    for port in range(PORTS):
        buffer = get_buffer(as_void(argument[MIDI_OUT + port]), frames)
        midi_clear(buffer)
        last = 0
        for i in range(context.out_counts[port]):
            record = context.out_events[port, i]
            last = max(last, record[FRAME])
            if midi_write(buffer, last, as_void(record[DATA:].ctypes.data), record[SIZE]) != 0:
                context.state[w.LOST_EVENTS] += 1


@callback_njit
def read_control_input(control: ControlContext, argument: NDArray[np.int64], frames: int) -> None:
    """JACK's control input into the ring of `ControlContext.ring_in`, events of any size."""
    buffer = get_buffer(as_void(argument[CONTROL_IN]), frames)
    event = carray(as_int64(argument[EVENT]), (3,))
    for i in range(midi_count(buffer)):
        if midi_get(as_void(argument[EVENT]), buffer, i) == 0 and event[1] > 0:
            append_control(control, event[0] & 0xFFFFFFFF, carray(as_uint8(event[2]), (event[1],)), event[1])


@callback_njit
def write_control_output(control: ControlContext, argument: NDArray[np.int64], frames: int) -> None:
    """`ControlContext.ring_out` into JACK's control output: as many messages as its buffer takes, in order.

    They go out while the MIDI ports are muted too: a controller gets its last messages when the sidecar leaves.
    """
    buffer = get_buffer(as_void(argument[CONTROL_OUT]), frames)
    midi_clear(buffer)
    own, empty = control.own, True
    head = load_acquire(control.requests, w.CONTROL_OUT_HEAD)
    tail = skip_padding(control, own[w.CONTROL_OUT_TAIL], head)
    while tail < head:
        data, size = as_void(get_control_address(control, tail)), get_control_size(control, tail)
        if midi_write(buffer, 0, data, size) != 0:
            if not empty:
                break
            own[w.CONTROL_REFUSED] += 1  # it would never fit
        empty = False
        tail = skip_padding(control, find_next_control(control, tail), head)
    store_release(own, w.CONTROL_OUT_TAIL, tail)


@callback_njit
def read_transport(context: CallbackContext, control: ControlContext, argument: NDArray[np.int64]) -> None:
    """Where JACK's transport stands; valid only where its master sets bar, beat and tick, and not from our clock."""
    state = transport_query(as_void(argument[CLIENT]), as_void(argument[POSITION]))
    words = carray(as_int64(argument[POSITION]), (POSITION_BYTES // 8,))
    ints, floats = words.view(np.int32), words.view(np.float32)
    doubles = words.view(np.float64)
    transport = context.transport
    transport[w.T_ROLLING] = 1.0 if state in (ROLLING, LOOPING) else 0.0
    transport[w.T_FRAME] = ints[FRAME_AT // 4]
    transport[w.T_VALID] = 0.0
    ticks, tempo, valid = doubles[TICKS_PER_BEAT_AT // 8], doubles[TEMPO_AT // 8], ints[VALID_AT // 4]
    is_own = is_own_beat(control, ints[BAR_AT // 4], ints[BEAT_AT // 4], ints[TICK_AT // 4])
    if valid & HAS_BBT and ticks > 0.0 and tempo > 0.0 and not is_own:
        in_bar = np.float64(floats[BEATS_PER_BAR_AT // 4])
        beat = (ints[BAR_AT // 4] - 1) * in_bar + (ints[BEAT_AT // 4] - 1) + ints[TICK_AT // 4] / ticks
        if valid & HAS_OFFSET:
            beat += ints[OFFSET_AT // 4] * tempo / (60.0 * max(ints[RATE_AT // 4], 1))
        quarters = 4.0 / max(np.float64(floats[BEAT_TYPE_AT // 4]), 1.0)
        transport[w.T_VALID] = 1.0
        transport[w.T_BEAT] = beat * quarters
        transport[w.T_TEMPO] = tempo * quarters
        transport[w.T_BAR] = max(round(in_bar * quarters), 1)


@cfunc(types.int32(types.uint32, types.CPointer(types.int64)), error_model="numpy")  # type: ignore[untyped-decorator]
def process(period: Any, address: Any) -> int:
    """libjack's JackProcessCallback: one callback of ``period`` frames.

    All of it is here and not in a function that it calls: numba would compile the whole cycle once more for that.
    """
    began = get_time_us()
    argument, frames = carray(address, (ARGUMENT_WORDS,)), int64(period)
    context, control = unpack_context(argument[CONTEXT:]), unpack_control(argument[CONTROL:])
    if frames > MAX_PERIOD:
        return 0
    for channel in range(CHANNELS):
        context.ins[channel] = address_of(get_buffer(as_void(argument[IN + channel]), frames))
    for row in range(OUTPUTS):
        context.outs[row] = address_of(get_buffer(as_void(argument[OUT + row]), frames))
    read_midi(context, argument, frames)
    read_control_input(control, argument, frames)
    read_transport(context, control, argument)
    raw = int64(last_frame_time(as_void(argument[CLIENT])))
    cycle(context, control, unpack_inserts(argument[INSERTS:]), frames, raw)
    write_midi(context, argument, frames)
    write_control_output(control, argument, frames)
    spent = int64(get_time_us() - began)
    context.callback_bins[min(max(spent, 0), CALLBACK_BINS - 1)] += 1
    return 0


class CallbackArgument:
    """What `process` is called with; keeps all it points to alive."""

    def __init__(
        self,
        context: CallbackContext,
        control: ControlContext,
        inserts: InsertContext,
        client: int,
        ins: list[int],
        outs: list[int],
        midi: list[int],
    ) -> None:
        """Addresses of the client and of its ports: audio in and out; MIDI in, MIDI out, control in, control out."""
        if len(midi) != 1 + PORTS + CONTROL_PORTS:
            raise ValueError(f"{len(midi)} MIDI ports; the compiled callback takes {1 + PORTS + CONTROL_PORTS}")
        self._contexts = context, control, inserts
        self._position = np.zeros(POSITION_BYTES // 8, np.int64)
        self._event = np.zeros(3, np.int64)
        head = [client, *ins, *outs, *midi, self._position.ctypes.data, self._event.ctypes.data]
        tables = (pack_table(context), pack_table(control), pack_table(inserts))
        self.words = np.array([*head, *chain.from_iterable(tables)], np.int64)

    @property
    def address(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.words.ctypes.data)
