"""An insert worker by hand: a delay and a gain as its processor, and cycles with the stems of a separation by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.insert import INSERT_POINTS
from bridge.runtime.callback.insert_context import InsertContext
from bridge.runtime.insert_delays import InsertTiming, compute_point_delays
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.insert_ring import InsertRing
from tests.runtime.callback_driver import Callback
from tests.runtime.stem_worker import Worker

BLOCK = 128
STEM_GROUP, MIX_POINT, BAND_POINT = STEMS[0], *INSERT_POINTS[len(STEMS) :]


def get_words(inserts: InsertContext, point: str) -> NDArray[np.int64]:
    words: NDArray[np.int64] = inserts.words[INSERT_POINTS.index(point)]
    return words


def set_inserts(callback: Callback, timings: Mapping[str, InsertTiming], period: int) -> dict[str, int]:
    """Set delays and blocks as the graph does, and route the points of ``timings``; returns the delays by point."""
    delays = compute_point_delays(timings, period)
    for point, delay in delays.items():
        words = get_words(callback.inserts, point)
        words[w.INSERT_BLOCK] = timings[point].block_frames if point in timings else BLOCK
        words[w.INSERT_DELAY], words[w.INSERT_ROUTED] = delay, point in timings
    callback.state[w.INSERTS_ON] = bool(timings)
    return delays


class InsertWorker:
    """Delays by ``latency`` frames and applies ``gain``. ``missing``: blocks by number that it does not return."""

    def __init__(
        self, inserts: InsertContext, point: str, latency: int = 0, gain: float = 1.0, missing: Sequence[int] = ()
    ) -> None:
        self.ring, self.latency, self.gain = InsertRing(inserts, point, BLOCK), latency, np.float32(gain)
        self._missing, self._number = frozenset(missing), 0
        self.sees_epochs = True
        self._held = np.zeros((CHANNELS, latency), np.float32)
        self._block = np.zeros((CHANNELS, BLOCK), np.float32)

    def work(self) -> int:
        """Process every block whose input is complete; returns how many."""
        if (self.sees_epochs and self.ring.begin_epoch()) or self.ring.drop_missed():
            self._held = np.zeros((CHANNELS, self.latency), np.float32)
        done = 0
        while self.ring.read(self._block):
            if self._held.shape[1] != self.latency:
                self._held = np.zeros((CHANNELS, self.latency), np.float32)
            joined = np.concatenate([self._held, self._block], axis=1)
            out, self._held = joined[:, :BLOCK] * self.gain, joined[:, BLOCK:]
            self.ring.write(None if self._number in self._missing else out, self.latency)
            self._number += 1
            done += 1
        return done


def run_cycles(
    callback: Callback,
    audio: Audio,
    stems: Audio,
    period: int,
    workers: Sequence[InsertWorker] = (),
    act: Callable[[int], None] = lambda _frame: None,
) -> Audio:
    """All output, shape (stems, mix and band, channels, frames), of whole periods of ``audio``.

    Insert workers run between two callbacks. ``act`` is called before each with the frame of the input.
    """
    separation, parts = Worker(callback, stems, []), []
    for frame in range(0, audio.shape[1] - period + 1, period):
        act(frame)
        callback.read_inputs(audio[:, frame : frame + period])
        separation.work()
        parts.append(callback.write_audio(period))
        for worker in workers:
            worker.work()
    return np.concatenate(parts, axis=2)
