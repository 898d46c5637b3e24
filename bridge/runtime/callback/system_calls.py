"""System calls of the callback: waking a worker, and in freewheel sleeping until one is done. Compiled code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types as _numba_types

types: Any = _numba_types

WAIT_US, WAIT_TRIES = 20, 250_000
"""A sleep, and how many of them: five seconds, then the cycle counts as late, so that a dead worker never blocks."""

post_semaphore: Callable[[int], int] = types.ExternalFunction("sem_post", types.int32(types.voidptr))
sleep_us: Callable[[int], int] = types.ExternalFunction("usleep", types.int32(types.uint32))
