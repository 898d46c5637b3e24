"""Sequence lock: one process writes several values, others read them whole, and the writer waits for nobody.

The sequence is odd while the values are being written. A reader that met a write tries again, and goes on with what it
had where that takes too long: the writer may have to wait for a processor half-way. (J. Corbet, "Driver
porting: mutual exclusion with seqlocks", LWN 2003; for the fences H.-J. Boehm, "Can seqlocks get along with programming
language memory models?", MSPC 2012.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.shared.atomics import fence, observe, publish

S = TypeVar("S", bound=np.generic)

TRIES = 10
"""A writer that runs is done within microseconds, the time of some tries."""


@contextmanager
def write_whole(sequence: NDArray[np.int64]) -> Iterator[None]:
    """Readers see all or nothing of what is written inside. One writer at a time.

    ``sequence``: shape (words,), the first counts.
    """
    begun = int(sequence[0]) + 1
    publish(sequence, 0, begun)
    fence()
    try:
        yield
    finally:
        publish(sequence, 0, begun + 1)


def read_whole(sequence: NDArray[np.int64], values: NDArray[S]) -> NDArray[S] | None:
    """A copy of ``values``, any shape, with no write between its parts; None where one is still going on."""
    for _ in range(TRIES):
        before = observe(sequence, 0)
        copied = values.copy()
        fence()
        if before & 1 == 0 and observe(sequence, 0) == before:
            return copied
    return None
