"""Offline process callback: the compiled cycle for a clock of our own. It needs no libjack.

Python calls it through a C function: so it runs without the interpreter's lock, also while it waits for the workers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
from numba import types as _numba_types
from numpy.typing import NDArray

from bridge.core.jit import cfunc
from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.callback.cycle import cycle
from bridge.runtime.callback.insert_context import InsertContext
from bridge.runtime.callback.system_calls import CLOCK, get_time
from bridge.runtime.shared.atomics import as_void, carray
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import CALLBACK_BINS, MAX_PERIOD
from bridge.runtime.shared.native_table import count_words, make_unpacker, pack_table

types: Any = _numba_types
int64: Any = np.int64

RAW, SECONDS, NANOSECONDS = range(3)  # frame time of the cycle, as JACK counts it; a struct timespec
CONTEXT = 3  # the words of `pack_table` for the context
CONTROL = CONTEXT + count_words(CallbackContext)  # likewise for the control context
INSERTS = CONTROL + count_words(ControlContext)
ARGUMENT_WORDS = INSERTS + count_words(InsertContext)
unpack_context, unpack_control = make_unpacker(CallbackContext), make_unpacker(ControlContext)
unpack_inserts = make_unpacker(InsertContext)


@callback_njit
def read_clock_us(argument: NDArray[np.int64]) -> int:
    """Microseconds on CLOCK."""
    get_time(CLOCK, as_void(argument[SECONDS:].ctypes.data))
    return argument[SECONDS] * 1_000_000 + argument[NANOSECONDS] // 1000  # type: ignore[no-any-return]


@cfunc(types.int32(types.uint32, types.CPointer(types.int64)), error_model="numpy")  # type: ignore[untyped-decorator]
def process(period: Any, address: Any) -> int:
    """One callback of ``period`` frames, as libjack's JackProcessCallback.

    All of it is here and not in a function that it calls: numba would compile the whole cycle once more for that.
    """
    argument, frames = carray(address, (ARGUMENT_WORDS,)), int64(period)
    if frames > MAX_PERIOD:
        return 0
    began = read_clock_us(argument)
    context, control = unpack_context(argument[CONTEXT:]), unpack_control(argument[CONTROL:])
    cycle(context, control, unpack_inserts(argument[INSERTS:]), frames, argument[RAW])
    spent = read_clock_us(argument) - began
    context.callback_bins[min(max(spent, 0), CALLBACK_BINS - 1)] += 1
    return 0


_call: Callable[[int, int], int] = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_uint32, ctypes.c_void_p)(process.address)


class OfflineCallback:
    """The cycle of these contexts: input comes from ``work_in``, output goes to ``work_out``."""

    def __init__(self, context: CallbackContext, control: ControlContext, inserts: InsertContext) -> None:
        self._contexts = context, control, inserts  # what the words point to must live
        tables = (pack_table(context), pack_table(control), pack_table(inserts))
        self._words = np.array([0, 0, 0, *chain.from_iterable(tables)], np.int64)

    @property
    def function(self) -> int:
        """Address of `process`, for compiled code that calls it."""
        return int(process.address)

    @property
    def argument(self) -> int:
        """Address of its argument, whose first word is the frame time; it lives as long as this object."""
        return int(self._words.ctypes.data)

    def run(self, frames: int, raw: int) -> None:
        """Run one cycle of ``frames`` frames at frame time ``raw``; the low 32 bits of it count, as with JACK."""
        self._words[RAW] = raw & 0xFFFFFFFF
        _call(frames, self._words.ctypes.data)
