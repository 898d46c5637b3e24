"""Python called by libjack's own threads, which libjack may end at any moment.

Closing a client, libjack cancels that client's thread (``pthread_cancel``, of the kind that takes effect between any
two instructions; jackd 1.9.21). A thread that is in Python just then dies with the interpreter's lock in its hands, and
the whole process stands still for ever: once in a hundred servers that were killed. So what libjack calls is compiled
code that puts the cancellation off until Python has returned.
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
from bridge.runtime.shared.callback_jit import compiled

log = logging.getLogger(__name__)

types: Any = _numba_types

FUNCTION, SCRATCH, BEFORE, WORDS = range(4)
"""The argument's words: the addresses of a `_Called` and of BEFORE, where pthread leaves what held before."""
OFF, ON = (0, 1) if sys.platform == "darwin" else (1, 0)
"""PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE"""

_Called = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)


@compiled
def _no_shield(_state: int, _before: Any) -> int:
    """Windows has no such call: libjack ends a thread there as it is (untried)."""
    return 0


set_cancel_state: Any = (
    _no_shield
    if sys.platform == "win32"
    else types.ExternalFunction("pthread_setcancelstate", types.int32(types.int32, types.voidptr))
)


@compiled
def shielded(argument: NDArray[np.int64], value: int) -> int:
    """Call the Python function of ``argument``; nobody ends this thread meanwhile."""
    scratch = as_void(argument[SCRATCH])
    set_cancel_state(OFF, scratch)
    answer = call(argument[FUNCTION], value)
    set_cancel_state(ON, scratch)
    return answer


@cfunc(types.int32(types.int32, types.CPointer(types.int64)), error_model="numpy")  # type: ignore[untyped-decorator]
def told(value: Any, argument: Any) -> int:
    """libjack's callbacks of an int, such as the buffer size. Where it wants no answer it takes none."""
    return shielded(carray(argument, (WORDS,)), value)


@cfunc(types.int32(types.CPointer(types.int64)), error_model="numpy")  # type: ignore[untyped-decorator]
def happened(argument: Any) -> int:
    """libjack's callbacks of nothing: xrun."""
    return shielded(carray(argument, (WORDS,)), 0)


NATIVE = {
    "jack_set_process_callback": told,
    "jack_set_xrun_callback": happened,
    "jack_set_buffer_size_callback": told,
    "jack_set_freewheel_callback": told,
    "jack_set_latency_callback": told,
}
"""By libjack's function that sets it."""


@dataclass(frozen=True, slots=True)
class Callback:
    """What libjack points to; it must outlive its client."""

    argument: NDArray[np.int64]
    called: Any


def listen(client: Any, setter: str, function: Callable[[int], None]) -> Callback:
    """Have libjack call ``function`` with its int, or 0; ``setter``: one of NATIVE. Before the client is activated."""

    def heard(value: int) -> int:
        try:
            function(value)
        except Exception:
            log.exception("%s: what it called failed", setter)
        return 0

    called = _Called(heard)
    argument = np.zeros(WORDS, np.int64)
    argument[FUNCTION] = ctypes.cast(called, ctypes.c_void_p).value or 0
    argument[SCRATCH] = argument[BEFORE:].ctypes.data
    if getattr(load(), setter)(address(client._ptr), NATIVE[setter].address, ctypes.c_void_p(argument.ctypes.data)):
        raise DriverError(f"JACK refused {setter}", "set it before the client is activated")
    return Callback(argument, called)
