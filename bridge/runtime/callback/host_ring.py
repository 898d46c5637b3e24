"""Host ring of the callback: messages of the input and the position of the clock, one record after another.

Compiled code (see CallbackContext for the arrays).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.callback.context import HOST, CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import store_release
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import RECORDS
from bridge.runtime.shared.slots import DATA, FRAME, KIND, SIZE


@callback_njit
def claim_record(context: CallbackContext, frame: int, kind: int, size: int) -> int:
    """The next record of the host ring, its header written; fill DATA, then call `publish_record`."""
    slot = context.heads[HOST, w.RING_HEAD] & (RECORDS - 1)
    context.records[HOST, slot, FRAME] = frame
    context.records[HOST, slot, KIND] = kind
    context.records[HOST, slot, SIZE] = size
    return slot  # type: ignore[no-any-return]


@callback_njit
def payload_values(context: CallbackContext, slot: int) -> NDArray[np.float64]:
    """The payload of record ``slot`` of the host ring as float64, shape (RECORD_WORDS - DATA,)."""
    return context.records[HOST, slot, DATA:].view(np.float64)


@callback_njit
def publish_record(context: CallbackContext) -> None:
    """Make the record that was claimed last visible to the readers."""
    store_release(context.heads[HOST], w.RING_HEAD, context.heads[HOST, w.RING_HEAD] + 1)
