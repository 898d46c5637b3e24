"""A separation worker by hand: which hop is ready when, and what comes of it."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.runtime.shared import slots as w
from tests.runtime.callback_driver import HOP, SEPARATION, Callback

LATENCY, DEADLINE = 2 * HOP, 3 * HOP
DELAY = LATENCY + DEADLINE
OTHER = len(STEMS) - 1
MIX = len(STEMS)


def delay_audio(audio: Audio, delay: int) -> Audio:
    return np.concatenate([np.zeros((CHANNELS, delay), np.float32), audio], axis=1)[:, : audio.shape[1]]


class Worker:
    """Gives ``stems``, shape (stems * channels, frames), hop by hop; a hop is ready so many cycles after its input.

    None: that hop never comes. Hops beyond the list come at once. Stems and hops are counted from ``start``.
    """

    def __init__(self, callback: Callback, stems: Audio, cycles_late: list[int | None], start: int = 0) -> None:
        self._callback, self._stems, self._cycles_late, self._start = callback, stems, cycles_late, start
        self._due: list[tuple[int, int]] = []
        self._cycle = self._hop = 0

    def work(self) -> None:
        """Write the hops that are due, between input and output of a cycle."""
        while self._start + (self._hop + 1) * HOP <= self._callback.state[w.HEAD]:
            late = self._cycles_late[self._hop] if self._hop < len(self._cycles_late) else 0
            if late is not None:
                self._due.append((self._cycle + late, self._start + self._hop * HOP))
            self._hop += 1
        for due, start in [entry for entry in self._due if entry[0] <= self._cycle]:
            frames = start - self._start - int(self._callback.worker(SEPARATION)[w.LATENCY]) + np.arange(HOP)
            self._callback.write_stems(start, np.where(frames >= 0, self._stems[:, frames], np.float32(0.0)))
            self._due.remove((due, start))
        self._cycle += 1


def make_stems(audio: Audio) -> Audio:
    """Stems for ``audio`` that differ from one another, shape (stems * channels, frames)."""
    return np.concatenate([audio * np.float32(0.5), audio * np.float32(-0.25), audio * np.float32(0.3)])


def run(callback: Callback, audio: Audio, stems: Audio, late: list[int | None], periods: list[int]) -> Audio:
    """All output, shape (stems and mix, channels, frames), of ``audio`` in ``periods``, over and over."""
    worker, parts, frame = Worker(callback, stems, late), [], 0
    while frame < audio.shape[1]:
        for period in periods:
            part = audio[:, frame : frame + period]
            if part.shape[1]:
                callback.read_inputs(part)
                worker.work()
                parts.append(callback.write_audio(part.shape[1]))
            frame += period
    return np.concatenate(parts, axis=2)
