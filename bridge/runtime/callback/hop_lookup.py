"""Hop lookup of the callback: whether the audio of a worker's ring is there for a frame. Compiled code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import load_acquire
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import CAPACITY, RING_MASK


@callback_njit
def find_hop(worker: NDArray[np.int64], stamps: NDArray[np.int64], frame: int, to_input: int) -> tuple[bool, int, bool]:
    """Whether ``frame`` of the ring is there, up to which frame that holds, and whether it is late if missing.

    The epoch that counts is the one in force at the input frame ``frame + to_input``: before the present epoch's
    origin the results of the previous one stay valid. A worker that runs ahead of the input (latency below 0) has
    nothing for the first frames of an epoch, and they are not late.
    """
    origin, epoch, border = worker[w.ORIGIN], worker[w.EPOCH], frame + CAPACITY
    latency = worker[w.LATENCY] - worker[w.FURTHER_AHEAD]
    present = frame + to_input >= origin
    if not present:
        border, origin, epoch = origin - to_input, worker[w.LAST_ORIGIN], epoch - 1
        latency = worker[w.LATENCY] - worker[w.LAST_FURTHER_AHEAD]
        if frame + to_input < origin or epoch < 1:
            return False, border, False
    hop = max(worker[w.HOP], 1)
    if frame + latency < origin:
        return False, min(origin - latency, border), False
    start = origin + (frame + latency - origin) // hop * hop
    available = load_acquire(stamps, start & RING_MASK) == (epoch << w.STAMP_SHIFT) + start
    return available, min(start + hop - latency, border), present
