"""System calls of the callback: waking a worker, sleeping until one is done, the clock. Compiled code.

Those of Windows are untried.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from typing import Any

import llvmlite.binding
from numba import types as _numba_types

from bridge.runtime.shared.atomics import address_of, as_int64, carray
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_entry

types: Any = _numba_types

WAIT_US, WAIT_TRIES = 20, 250_000
"""A sleep, and how many of them: five seconds, then the cycle counts as late, so that a dead worker never blocks."""

post_semaphore: Callable[[int], int]
sleep_us: Callable[[int], int]
get_time: Callable[[int, Any], int]
"""The time of a clock, by its number, into a struct timespec: two int64, seconds and nanoseconds."""
CLOCK: int
"""Number of the clock that nobody sets."""

if sys.platform == "win32":
    llvmlite.binding.load_library_permanently("kernel32.dll")
    _sleep_ms: Any = types.ExternalFunction("Sleep", types.void(types.uint32))
    _query_counter: Any = types.ExternalFunction("QueryPerformanceCounter", types.int32(types.voidptr))
    _frequency = ctypes.c_int64()
    ctypes.WinDLL("kernel32").QueryPerformanceFrequency(ctypes.byref(_frequency))
    TICKS_PER_S = _frequency.value
    CLOCK = 0

    @callback_njit_entry
    def post_semaphore(_address: Any) -> int:
        """Nothing: workers poll where processes cannot share a semaphore."""
        return 0

    @callback_njit
    def sleep_us(_time_us: int) -> int:
        """The shortest sleep that there is, a millisecond."""
        _sleep_ms(1)
        return 0

    @callback_njit
    def get_time(_clock: int, pointer: Any) -> int:
        """The performance counter, as seconds and nanoseconds."""
        _query_counter(pointer)
        words = carray(as_int64(address_of(pointer)), (2,))
        ticks = words[0]
        words[0] = ticks // TICKS_PER_S
        words[1] = ticks % TICKS_PER_S * 1_000_000_000 // TICKS_PER_S
        return 0

else:
    post_semaphore = types.ExternalFunction("sem_post", types.int32(types.voidptr))
    sleep_us = types.ExternalFunction("usleep", types.int32(types.uint32))
    get_time = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.voidptr))
    CLOCK = time.CLOCK_MONOTONIC
