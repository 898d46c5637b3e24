"""MIDI assembly: whole messages of the MIDI input out of the pieces in which an audio system delivers them.

Compiled code: `bridge.core.midi_stream` for the callback. PipeWire 1.4 cuts system exclusive messages into events of 6
or 7 bytes, jackd's ALSA bridge into 256. Real-time messages may stand between any two bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.callback.context import MAX_MESSAGE, CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_entry
from bridge.runtime.shared.layout import MAX_EVENTS
from bridge.runtime.shared.slots import DATA, FRAME, RECORD_WORDS, SIZE

SYSEX, SYSEX_END, FIRST_REALTIME, FIRST_STATUS = 0xF0, 0xF7, 0xF8, 0x80
TOO_LONG = -1
"""Of a message that fits no record: its other pieces are passed over."""


@callback_njit
def store_event(context: CallbackContext, frame: int, data: NDArray[np.uint8], first: int, size: int) -> None:
    """Bytes ``first`` to ``size`` of ``data`` become the next of `in_events`, or are counted as lost."""
    taken = context.callback_state[w.IN_EVENTS]
    if taken == MAX_EVENTS or size - first > MAX_MESSAGE:
        context.state[w.LOST_EVENTS] += 1
        return
    record = context.in_events[taken]
    for word in range(DATA, RECORD_WORDS):
        record[word] = 0
    for k in range(size - first):
        record[DATA + k // 8] |= np.int64(data[first + k]) << (8 * (k % 8))
    record[FRAME] = frame
    record[SIZE] = size - first
    context.callback_state[w.IN_EVENTS] = taken + 1


@callback_njit
def break_off(context: CallbackContext) -> None:
    """A system exclusive message that had begun will not become whole."""
    if context.callback_state[w.SYSEX_BYTES] > 0:
        context.state[w.LOST_EVENTS] += 1
    context.callback_state[w.SYSEX_BYTES] = 0


@callback_njit
def append_byte(context: CallbackContext, byte: np.uint8) -> None:
    """The next byte of a system exclusive message that has begun."""
    own, taken = context.callback_state, context.callback_state[w.SYSEX_BYTES]
    if taken == MAX_MESSAGE:
        context.state[w.LOST_EVENTS] += 1
        own[w.SYSEX_BYTES] = TOO_LONG
    elif taken > 0:
        context.in_sysex[taken] = byte
        own[w.SYSEX_BYTES] = taken + 1


@callback_njit_entry
def read_event(context: CallbackContext, frame: int, data: NDArray[np.uint8], size: int) -> None:
    """One event of ``size`` bytes at ``frame`` of this cycle, whole or a piece, into `in_events`.

    A message in pieces has the frame of its last one. Data bytes whose start was lost are dropped: events carry no
    running status.
    """
    own = context.callback_state
    for k in range(size):
        byte = data[k]
        if byte >= FIRST_REALTIME:
            store_event(context, frame, data, k, k + 1)
        elif byte == SYSEX:
            break_off(context)
            context.in_sysex[0] = byte
            own[w.SYSEX_BYTES] = 1
        elif byte == SYSEX_END:
            append_byte(context, byte)
            if own[w.SYSEX_BYTES] > 0:
                store_event(context, frame, context.in_sysex, 0, own[w.SYSEX_BYTES])
            own[w.SYSEX_BYTES] = 0
        elif byte >= FIRST_STATUS:
            break_off(context)
            store_event(context, frame, data, k, size)  # any other message is one whole event
            return
        else:
            append_byte(context, byte)
