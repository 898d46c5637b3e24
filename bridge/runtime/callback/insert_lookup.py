"""Insert lookup of the callback: whether the worker of an insert point has returned a frame. Compiled code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import load_acquire
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import INSERT_CAPACITY, INSERT_STAMPS, MIN_INSERT_BLOCK


@callback_njit
def find_block_end(words: NDArray[np.int64], origin: int, frame: int, latency: int) -> int:
    """The end of the block, in frames of the send ring, that gives ``frame`` with a processor of ``latency``."""
    block = max(words[w.INSERT_BLOCK], MIN_INSERT_BLOCK)
    return origin + ((frame + latency - origin) // block + 1) * block  # type: ignore[no-any-return]


@callback_njit
def find_block(words: NDArray[np.int64], stamps: NDArray[np.int64], frame: int) -> tuple[bool, int, bool]:
    """Whether ``frame`` of the return ring is there, up to which frame that holds, and whether it is late if missing.

    A stamp holds the first frame of its block in the return ring. So a block that was processed with another latency
    than the present one is not there: it lies at other frames.
    """
    origin, epoch, border = words[w.INSERT_ORIGIN], words[w.INSERT_EPOCH], frame + INSERT_CAPACITY
    present = frame >= origin
    if not present:
        border, origin, epoch = origin, words[w.INSERT_LAST_ORIGIN], epoch - 1
        if frame < origin or epoch < 1:
            return False, border, False
    block, latency = max(words[w.INSERT_BLOCK], MIN_INSERT_BLOCK), load_acquire(words, w.INSERT_LATENCY)
    end = find_block_end(words, origin, frame, latency)
    stamp = (epoch << w.STAMP_SHIFT) + end - block - latency
    available = load_acquire(stamps, (end - block) // MIN_INSERT_BLOCK % INSERT_STAMPS) == stamp
    return available, min(end - latency, border), present
