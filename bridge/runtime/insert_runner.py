"""Insert runner: feeds the processor of an insert point from its send ring, block by block, and returns the result."""

from __future__ import annotations

import logging
import time

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from bridge.core.insert import InsertProcessor
from bridge.errors import BridgeError
from bridge.runtime.counters import WORKER_BIN_US
from bridge.runtime.shared.atomics import observe
from bridge.runtime.shared.insert_ring import InsertRing
from bridge.runtime.shared.layout import WORKER_BINS
from bridge.runtime.shared.slots import INSERT_EPOCH, INSERT_FAULTS, INSERT_HEARTBEAT, INSERT_LATENCY

log = logging.getLogger(__name__)

WARM_BLOCKS = 16
"""Silent blocks before the stream, so that a plugin allocates and a host sees its largest block early."""

FAULT_LOG_INTERVAL_S = 10
"""Least seconds of the stream between two logged faults; all of them are counted."""

TINY = np.float32(1e-30)
"""Samples below this magnitude are set to 0. The smallest normal float32 is 1.2e-38: a filter behind the insert that
goes on multiplying would soon compute with subnormal numbers, a hundred times slower on some processors."""


class InsertRunner:
    """Runs ``processor`` at the worker's end of an insert point, in a worker process or a test.

    A block that fails or is not finite is not returned: the dry signal is played, and the processor begins anew. So it
    is from a block on whose latency differs from the one before, until the point begins a new epoch with it.
    """

    def __init__(
        self, ring: InsertRing, processor: InsertProcessor, rate: int, block_frames: int, bins: NDArray[np.int64]
    ) -> None:
        """``rate``: in Hz. ``bins``: blocks by processing time, shape (WORKER_BINS,)."""
        self._ring, self._processor, self._rate, self._bins = ring, processor, rate, bins
        self._block = np.zeros((CHANNELS, block_frames), np.float32)
        self._out = np.zeros_like(self._block)
        self._latency = 0
        self._past_epoch = -1
        """The epoch in which an earlier worker ran: its input may be what that one died of, and is too old anyway."""
        self._blocks = 0
        self._log_again_at = 0

    def prepare(self) -> None:
        """Prepare the processor, and publish its latency. Blocks are processed from the next epoch on.

        Raises:
            BridgeError: It cannot run at this rate.
        """
        self._processor.prepare(self._rate, self._block.shape[1], self._send_heartbeat)
        for _ in range(WARM_BLOCKS):
            self._send_heartbeat()
            self._processor.process(self._block, self._out)
        self._processor.reset()
        self._latency = self._processor.latency_frames
        self._ring.words[INSERT_LATENCY] = self._latency
        self._past_epoch = observe(self._ring.words, INSERT_EPOCH)

    def _send_heartbeat(self) -> None:
        self._ring.words[INSERT_HEARTBEAT] += 1

    def process_available(self) -> int:
        """Process every block whose input is complete; returns how many."""
        done = 0
        while self._step():
            done += 1
        return done

    def _step(self) -> bool:
        if observe(self._ring.words, INSERT_EPOCH) == self._past_epoch:
            return False
        if self._ring.begin_epoch() or self._ring.drop_missed():
            self._reset()
        if not self._ring.read(self._block):
            return False
        began = time.perf_counter_ns()
        is_good = self._process()
        latency = self._processor.latency_frames
        self._ring.write(self._out if is_good and latency == self._latency else None, latency)
        self._blocks += 1
        microseconds = (time.perf_counter_ns() - began) // 1000
        self._bins[min(microseconds // WORKER_BIN_US, WORKER_BINS - 1)] += 1
        return True

    def _reset(self) -> None:
        self._processor.reset()
        self._latency = self._processor.latency_frames

    def _process(self) -> bool:
        """Process the block; False if the processor failed and was reset."""
        reason = ""
        try:
            self._processor.process(self._block, self._out)
        except Exception as error:  # noqa: BLE001  (a plugin may fail with anything; the next block may be right)
            reason = str(error) if isinstance(error, BridgeError) else f"{type(error).__name__}: {error}"
        else:
            if np.isfinite(self._out).all():
                self._out[np.abs(self._out) < TINY] = 0.0
                return True
            reason = "its output is not finite"
        self._ring.words[INSERT_FAULTS] += 1
        if self._blocks >= self._log_again_at:  # one that fails at each block must not fill the disk
            log.warning("an insert failed, the dry signal is played: %s", reason)
            self._log_again_at = self._blocks + FAULT_LOG_INTERVAL_S * self._rate // self._block.shape[1]
        self._reset()
        return False
