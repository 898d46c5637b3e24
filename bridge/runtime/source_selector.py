"""Source selector: fills an engine's audio inputs with the mix, with the stems that a user chose for an analyser, or,
for an accompaniment, with the stem that an input is named after."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import ANALYSERS, CHANNELS, STEMS, Audio, is_sum
from bridge.core.role import ROLES
from bridge.runtime.shared.atomics import observe
from bridge.runtime.shared.layout import CAPACITY, SEPARATED, Plan, SharedArrays, WorkerPlan
from bridge.runtime.shared.rings import read_audio
from bridge.runtime.shared.slots import (
    ALIVE,
    DONE_EPOCH,
    EPOCH,
    HOP,
    LAST_ORIGIN,
    LATENCY,
    ORIGIN,
    PROGRESS,
    STAMP_SHIFT,
)

OTHER_BIT = 1 << (len(STEMS) - 1)


class SourceSelector:
    """Fills the audio inputs of one engine from the rings.

    Where stems are missing, because they are late or because there is no separation, the mix takes their place: for an
    analyser it is better than silence. These frames are counted (`SharedArrays.stems_missing`).
    """

    def __init__(self, plan: Plan, worker: WorkerPlan, hop: int, shared: SharedArrays) -> None:
        self._shared, inputs = shared, ROLES[worker.role].audio_inputs
        self._analysers = {name: i for i, name in enumerate(ANALYSERS)} if inputs == "chosen" else {}
        self._named = {stem: 1 << i for i, stem in enumerate(STEMS)} if inputs == "stems" else {}
        self._separation = shared.workers[plan.audio_worker] if plan.audio_worker >= 0 else None
        self._stems = np.zeros((SEPARATED * CHANNELS, hop), np.float32)

    def fill(self, port: str, start: int, out: Audio) -> None:
        """Fill ``out``, shape (channels, hop), with the source of ``port`` from frame ``start`` on."""
        read_audio(self._shared.inputs, start, out)
        source = self._source(port)
        if not is_sum(source):
            return
        frame, end = start, start + out.shape[1]
        while frame < end:
            there, border = self._find(frame)
            border = min(border, end)
            if there:
                self._sum(source, frame, out[:, frame - start : border - start])
            elif port in self._analysers:
                self._shared.stems_missing[self._analysers[port]] += border - frame
            frame = border

    def _source(self, port: str) -> int:
        """The source of ``port``, an index of SOURCES."""
        if port in self._analysers:
            return int(self._shared.sources[self._analysers[port]])
        return self._named.get(port, 0)

    def is_ready(self, ports: list[str], end: int) -> bool:
        """Freewheel: whether all stems up to frame ``end`` that ``ports`` need are there, or will never be."""
        words = self._separation
        if words is None or not any(is_sum(self._source(port)) for port in ports) or observe(words, ALIVE) == 0:
            return True
        origin, hop = int(words[ORIGIN]), max(int(words[HOP]), 1)
        if end <= origin:  # the previous epoch ended unfinished
            return True
        hops = -(-(end + int(words[LATENCY]) - origin) // hop)
        return bool(observe(words, PROGRESS) >= origin + hops * hop and words[DONE_EPOCH] == words[EPOCH])

    def _find(self, frame: int) -> tuple[bool, int]:
        """Whether the stems at ``frame`` are there, and up to which frame that holds; as `find_hop` of the callback."""
        words = self._separation
        if words is None:
            return False, frame + CAPACITY
        epoch, origin, border = observe(words, EPOCH), int(words[ORIGIN]), frame + CAPACITY
        if frame < origin:
            border, origin, epoch = origin, int(words[LAST_ORIGIN]), epoch - 1
            if frame < origin or epoch < 1:
                return False, border
        hop, latency = max(int(words[HOP]), 1), int(words[LATENCY])
        start = origin + (frame + latency - origin) // hop * hop
        there = observe(self._shared.stamps, start % CAPACITY) == (epoch << STAMP_SHIFT) + start
        return bool(there), min(start + hop - latency, border)

    def _sum(self, source: int, frame: int, out: Audio) -> None:
        """Turn ``out``, the mix from ``frame`` on, into the stems of ``source``; *other* is the mix minus the rest."""
        stems = self._stems[:, : out.shape[1]]
        read_audio(self._shared.stems, frame, stems)
        by_stem: NDArray[np.float32] = stems.reshape(SEPARATED, CHANNELS, -1)
        if not source & OTHER_BIT:
            out[:] = 0.0
        for i, audio in enumerate(by_stem):
            if source & OTHER_BIT and not source >> i & 1:
                out -= audio
            elif not source & OTHER_BIT and source >> i & 1:
                out += audio
