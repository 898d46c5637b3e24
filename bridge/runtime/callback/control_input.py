"""Control input of the callback: JACK's MIDI events, whole and in order, into a ring that one Python thread reads.

Compiled code. Events have any size: a system exclusive message may come in one event or in many (see
`bridge.core.midi_stream`). Where the ring is full an event is dropped whole and counted, and the next record says so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.callback.control_context import CONTROL_IN_WORDS, ControlContext
from bridge.runtime.callback.switch_gains import anticipate_gains, take_switch_table
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import load_acquire, store_release
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_entry
from bridge.runtime.shared.slots import AFTER_LOSS, CONTROL_DATA, CONTROL_FRAME, CONTROL_SIZE

MASK = CONTROL_IN_WORDS - 1
RING_BYTES = 8 * CONTROL_IN_WORDS


@callback_njit_entry
def append_control(control: ControlContext, offset: int, data: NDArray[np.uint8], size: int) -> None:
    """Append an event of ``size`` bytes, ``offset`` frames into this cycle; `publish_control` completes its frame."""
    own = control.own
    head, words = own[w.CONTROL_IN_FILLED], CONTROL_DATA + (size + 7) // 8
    if head + words - load_acquire(control.requests, w.CONTROL_IN_TAIL) > CONTROL_IN_WORDS:
        own[w.CONTROL_LOST] += 1
        own[w.CONTROL_GAP] = 1
        return
    ring = control.ring_in
    ring[(head + CONTROL_FRAME) & MASK] = offset
    ring[(head + CONTROL_SIZE) & MASK] = size | own[w.CONTROL_GAP] * AFTER_LOSS
    ring[(head + words - 1) & MASK] = 0  # what the last word holds beside the data
    own[w.CONTROL_GAP] = 0
    sink = ring.view(np.uint8)
    start = 8 * ((head + CONTROL_DATA) & MASK)
    first = min(size, RING_BYTES - start)
    for k in range(first):
        sink[start + k] = data[k]
    for k in range(first, size):
        sink[k - first] = data[k]
    own[w.CONTROL_IN_FILLED] = head + words


@callback_njit
def publish_control(control: ControlContext, now: int) -> bool:
    """Make the events of the cycle at ``now`` visible to the reader, and anticipate the gains of switches among them.

    Returns whether there are any.
    """
    own, ring = control.own, control.ring_in
    position, filled = own[w.CONTROL_IN_HEAD], own[w.CONTROL_IN_FILLED]
    if position == filled:
        return False
    take_switch_table(control)
    while position < filled:
        ring[(position + CONTROL_FRAME) & MASK] += now
        size = ring[(position + CONTROL_SIZE) & MASK] & (AFTER_LOSS - 1)
        end = position + CONTROL_DATA + (size + 7) // 8
        if size == 3:
            anticipate_gains(control, now, end, ring[(position + CONTROL_DATA) & MASK])
        position = end
    store_release(own, w.CONTROL_IN_HEAD, filled)
    return True
