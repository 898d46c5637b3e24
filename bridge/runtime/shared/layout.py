"""Shared memory layout: parent and workers compute the same offsets from the same plan."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import ANALYSERS, CHANNELS, STEMS
from bridge.runtime.shared.arena import Arena, align
from bridge.runtime.shared.slots import RECORD_WORDS, STATE_WORDS, WORKER_WORDS

CAPACITY = 1 << 17
"""Frames in an audio ring: 3 s at 44.1 kHz, 0.7 s at 192 kHz."""

ROW = CAPACITY + 80
"""Samples from one channel of a ring to the next. The odd 80 keep the channels out of each other's cache lines:
with a power of two between them, every channel of a frame would fall into the same few lines."""

RECORDS = 1 << 12
"""Events in an event ring."""

MAX_PERIOD = 8192
"""The longest callback that is served; JACK's own limit."""

WORK_ROW = MAX_PERIOD + 80
"""Samples from one row of the callback's buffers to the next; odd for the same reason as ROW."""

MAX_EVENTS = 1024
"""Messages in or out of one port in one callback; JACK's buffer holds about as many."""

SEPARATED = len(STEMS) - 1
"""Stems that an engine outputs; the last is the mix minus these."""

CALLBACK_BINS = 4096  # a microsecond each; the last one holds all that is longer
WORKER_BINS = 4096  # ten microseconds each
ANSWER_BINS = 256  # a callback each; the last one holds all that is longer

CLOCK_PORT = "clock"
"""The one that carries MIDI clock, made of the beats: it runs ahead of them, so its path declares 0."""

HOST_RING = "host"

FORESEEN_RING = "accompaniment.foreseen"
"""The chords that a player has decided to play, for display; it has no MIDI port."""

SOUND_RING = "accompaniment.sound"
"""Program changes and volumes of a player, for our own synth. It has no MIDI port: the instruments in the DAW are the
user's choice."""


class WorkerPlan(msgspec.Struct, frozen=True):
    """The configuration of one worker process.

    ``reads`` and ``writes`` map an engine's port to a ring, ``renders`` a MIDI port to the engine's port that is
    rendered there. ``ahead_frames``: of a synth, how far it runs ahead of the input (see `wiring.wire`).
    """

    role: str
    engine: str
    index: int
    hop: int
    lead_frames: int
    ahead_frames: int = 0
    controls: tuple[str, ...] = ()
    reads: dict[str, str] = {}
    writes: dict[str, str] = {}
    renders: dict[str, str] = {}
    waits_for: tuple[int, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """The complete configuration at one sample rate: enough to lay out the memory and to run any worker."""

    rate: int
    workers: tuple[WorkerPlan, ...]
    rings: tuple[str, ...]
    wake_by_semaphore: bool = True
    priority: int = 0

    @property
    def audio_worker(self) -> int:
        """Index of the worker that separates, or -1."""
        return self._find_worker("separation")

    @property
    def player(self) -> int:
        """Index of the worker that plays along, or -1."""
        return self._find_worker("accompaniment")

    @property
    def synth_worker(self) -> int:
        """Index of the worker that synthesizes the notes, or -1."""
        return self._find_worker("synth")

    def _find_worker(self, role: str) -> int:
        return next((worker.index for worker in self.workers if worker.role == role), -1)


@dataclass(frozen=True, slots=True)
class Shared:
    """The shared arrays. Audio: (channels, frames) float32, by frame modulo CAPACITY."""

    state: NDArray[np.int64]  # (STATE_WORDS,)
    workers: NDArray[np.int64]  # (workers, WORKER_WORDS)
    inputs: NDArray[np.float32]  # (CHANNELS, ROW)
    stems: NDArray[np.float32]  # (SEPARATED * CHANNELS, ROW)
    stamps: NDArray[np.int64]  # (CAPACITY,) stamp of the hop at a slot of the stem ring
    band: NDArray[np.float32]  # (CHANNELS, ROW) the synth's audio, by the frames of the notes
    band_stamps: NDArray[np.int64]  # (CAPACITY,) likewise of the band's ring
    gains: NDArray[np.float64]  # (2 * stems,) targets: stem ports, then the mix
    values: NDArray[np.float64]  # (workers, 64) each engine's controls
    records: NDArray[np.int64]  # (rings, RECORDS, RECORD_WORDS)
    heads: NDArray[np.int64]  # (rings, 8) word 0: records ever written
    callback_bins: NDArray[np.int64]  # (CALLBACK_BINS,) written by the callback
    worker_bins: NDArray[np.int64]  # (workers, WORKER_BINS) written by each worker: hops by processing time
    answer_bins: NDArray[np.int64]  # (workers, ANSWER_BINS) likewise: hops by callbacks until the result
    semaphores: NDArray[np.int64]  # (workers, 8) a sem_t each
    sources: NDArray[np.int64]  # (ANALYSERS,) input of each, an index of SOURCES; written by the parent
    stems_missing: NDArray[np.int64]  # (ANALYSERS,) frames for which stems were missing; written by the mir worker


MAX_CONTROLS = 64


def _list_arrays(plan: Plan) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    count, rings = max(len(plan.workers), 1), len(plan.rings)
    return {
        "state": ((STATE_WORDS,), np.int64),
        "workers": ((count, WORKER_WORDS), np.int64),
        "inputs": ((CHANNELS, ROW), np.float32),
        "stems": ((SEPARATED * CHANNELS, ROW), np.float32),
        "stamps": ((CAPACITY,), np.int64),
        "band": ((CHANNELS, ROW), np.float32),
        "band_stamps": ((CAPACITY,), np.int64),
        "gains": ((2 * len(STEMS),), np.float64),
        "values": ((count, MAX_CONTROLS), np.float64),
        "records": ((rings, RECORDS, RECORD_WORDS), np.int64),
        "heads": ((rings, 8), np.int64),
        "callback_bins": ((CALLBACK_BINS,), np.int64),
        "worker_bins": ((count, WORKER_BINS), np.int64),
        "answer_bins": ((count, ANSWER_BINS), np.int64),
        "semaphores": ((count, 8), np.int64),
        "sources": ((len(ANALYSERS),), np.int64),
        "stems_missing": ((len(ANALYSERS),), np.int64),
    }


def size_of(plan: Plan) -> int:
    """Bytes of shared memory that ``plan`` needs."""
    return sum(align(int(np.prod(shape)) * np.dtype(dtype).itemsize) for shape, dtype in _list_arrays(plan).values())


def map_arena(plan: Plan, arena: Arena) -> Shared:
    """The shared arrays as views of ``arena``, which is zero where nobody wrote yet."""
    views: dict[str, NDArray[np.generic]] = {}
    offset = 0
    for name, (shape, dtype) in _list_arrays(plan).items():
        views[name] = arena.array(offset, shape, dtype)
        offset += align(views[name].nbytes)
    return Shared(**views)  # type: ignore[arg-type]
