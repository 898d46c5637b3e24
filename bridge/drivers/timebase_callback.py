"""JACK timebase callback: compiled, as the process callback is, and called in the same thread, behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types as _numba_types

from bridge.core.jit import cfunc
from bridge.drivers.process_callback import (
    ARGUMENT_WORDS,
    BAR_AT,
    BAR_START_AT,
    BEAT_AT,
    BEAT_TYPE_AT,
    BEATS_PER_BAR_AT,
    CONTEXT,
    CONTROL,
    FRAME_AT,
    HAS_BBT,
    HAS_OFFSET,
    OFFSET_AT,
    POSITION_BYTES,
    TEMPO_AT,
    TICK_AT,
    TICKS_PER_BEAT_AT,
    VALID_AT,
    unpack_context,
    unpack_control,
)
from bridge.runtime.callback.timebase import TICKS_PER_BEAT, update_timebase
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import carray

types: Any = _numba_types


@cfunc(  # type: ignore[untyped-decorator]
    types.void(types.int32, types.uint32, types.CPointer(types.int64), types.int32, types.CPointer(types.int64)),
    error_model="numpy",
)
def set_position(_state: Any, _period: Any, position: Any, is_new: Any, address: Any) -> None:
    """libjack's JackTimebaseCallback: set bar, beat and tick of a jack_position_t whose frame is set.

    A beat is a quarter note. ``address``: the words of `CallbackArgument`.
    """
    argument = carray(address, (ARGUMENT_WORDS,))
    context, control = unpack_context(argument[CONTEXT:]), unpack_control(argument[CONTROL:])
    words = carray(position, (POSITION_BYTES // 8,))
    ints, floats, doubles = words.view(np.int32), words.view(np.float32), words.view(np.float64)
    update_timebase(context, control, ints[FRAME_AT // 4], is_new != 0)
    own = control.own
    table = control.timebase_tables[own[w.TIMEBASE_FRONT]]
    ints[BAR_AT // 4], ints[BEAT_AT // 4] = own[w.TIMEBASE_BAR], own[w.TIMEBASE_BEAT]
    ints[TICK_AT // 4], ints[OFFSET_AT // 4] = own[w.TIMEBASE_TICK], own[w.TIMEBASE_OFFSET]
    doubles[BAR_START_AT // 8] = control.timebase[w.TIMEBASE_BAR_START]
    floats[BEATS_PER_BAR_AT // 4], floats[BEAT_TYPE_AT // 4] = max(table[w.LINE_BAR], 1.0), 4.0
    doubles[TICKS_PER_BEAT_AT // 8], doubles[TEMPO_AT // 8] = TICKS_PER_BEAT, table[w.LINE_TEMPO]
    ints[VALID_AT // 4] |= HAS_BBT | HAS_OFFSET
