"""Cancel-safe callbacks: Python functions that libjack's own threads call, safe from ``pthread_cancel``.

When libjack closes a client, it cancels that client's thread asynchronously (jackd 1.9.21). A thread that runs Python
just then dies while it holds the interpreter's lock, and the whole process hangs: once in a hundred killed servers.
So libjack calls compiled code, which disables cancellation until the Python function has returned.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types as _numba_types
from numpy.typing import NDArray

from bridge.core.jit import cfunc
from bridge.drivers.libjack import address, load
from bridge.errors import DriverError
from bridge.runtime.shared.atomics import as_void, call, carray
from bridge.runtime.shared.callback_jit import callback_njit

log = logging.getLogger(__name__)

types: Any = _numba_types

FUNCTION, SCRATCH, BEFORE, WORDS = range(4)
"""The argument's words: the addresses of a `_PythonFunction` and of BEFORE, where pthread stores the old state."""
OFF, ON = (0, 1) if sys.platform == "darwin" else (1, 0)
"""PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE"""

_PythonFunction = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)


@callback_njit
def _ignore_cancel_state(_state: int, _before: Any) -> int:
    """Windows has no such call: libjack ends threads there without regard (untried)."""
    return 0


set_cancel_state: Any = (
    _ignore_cancel_state
    if sys.platform == "win32"
    else types.ExternalFunction("pthread_setcancelstate", types.int32(types.int32, types.voidptr))
)


@callback_njit
def call_uncancelled(argument: NDArray[np.int64], value: int) -> int:
    """Call the Python function of ``argument`` while this thread cannot be cancelled."""
    scratch = as_void(argument[SCRATCH])
    set_cancel_state(OFF, scratch)
    answer = call(argument[FUNCTION], value)
    set_cancel_state(ON, scratch)
    return answer


@cfunc(types.int32(types.int32, types.CPointer(types.int64)), error_model="numpy")  # type: ignore[untyped-decorator]
def call_with_int(value: Any, argument: Any) -> int:
    """libjack's callbacks with an int, such as the buffer size. The return value is ignored where none is wanted."""
    return call_uncancelled(carray(argument, (WORDS,)), value)


@cfunc(types.int32(types.CPointer(types.int64)), error_model="numpy")  # type: ignore[untyped-decorator]
def call_with_nothing(argument: Any) -> int:
    """libjack's callbacks without an argument: xrun."""
    return call_uncancelled(carray(argument, (WORDS,)), 0)


COMPILED = {
    "jack_set_process_callback": call_with_int,
    "jack_set_xrun_callback": call_with_nothing,
    "jack_set_buffer_size_callback": call_with_int,
    "jack_set_sample_rate_callback": call_with_int,
    "jack_set_freewheel_callback": call_with_int,
    "jack_set_latency_callback": call_with_int,
}
"""Compiled callback by the libjack function that sets it."""


@dataclass(frozen=True, slots=True)
class Callback:
    """The memory that libjack points to; it must outlive its client."""

    argument: NDArray[np.int64]
    called: Any


def set_callback(client: Any, setter: str, function: Callable[[int], None]) -> Callback:
    """Let libjack call ``function`` with its int, or 0; ``setter``: one of COMPILED. Before the client is activated."""

    def call_function(value: int) -> int:
        try:
            function(value)
        except Exception:
            log.exception("%s: the callback failed", setter)
        return 0

    called = _PythonFunction(call_function)
    argument = np.zeros(WORDS, np.int64)
    argument[FUNCTION] = ctypes.cast(called, ctypes.c_void_p).value or 0
    argument[SCRATCH] = argument[BEFORE:].ctypes.data
    if getattr(load(), setter)(address(client._ptr), COMPILED[setter].address, ctypes.c_void_p(argument.ctypes.data)):
        raise DriverError(f"JACK refused {setter}", "set it before the client is activated")
    return Callback(argument, called)
