"""Shared memory layout: parent and workers compute the same offsets from the same plan."""

from __future__ import annotations

import math
from typing import Annotated, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import ANALYSERS, CHANNELS, STEMS
from bridge.core.insert import INSERT_POINTS
from bridge.core.latency import MIDI_PORTS
from bridge.core.role import HOST_RING, ROLES, find_role_of_ring
from bridge.runtime.shared.arena import Arena, align
from bridge.runtime.shared.array_table import ArrayTable, Dimension
from bridge.runtime.shared.slots import INSERT_WORDS, RECORD_WORDS, STATE_WORDS, WORKER_WORDS

T = TypeVar("T", bound=ArrayTable)

CAPACITY = 1 << 17
"""Frames in an audio ring: 3 s at 44.1 kHz, 0.7 s at 192 kHz. A power of two, as RECORDS is."""

RING_MASK = CAPACITY - 1
"""``frame & RING_MASK`` is the place of a frame in its ring."""

ROW = CAPACITY + 80
"""Samples from one channel of a ring to the next. The odd 80 keep the channels out of each other's cache lines:
with a power of two between them, every channel of a frame would fall into the same few lines."""

RECORDS = 1 << 12
"""Events in an event ring."""

MAX_PERIOD = 8192
"""The longest callback that is served; jackd silently cuts a longer period down to it."""

WORK_ROW = MAX_PERIOD + 80
"""Samples from one row of the callback's buffers to the next; odd for the same reason as ROW."""

MAX_EVENTS = 1024
"""Messages in or out of one port in one callback; JACK's buffer holds about as many."""

SEPARATED = len(STEMS) - 1
"""Stems that an engine outputs; the last is the mix minus these."""

GAINS = 2 * len(STEMS)
"""Faders: of each stem's port, then of each stem in the mix."""

MAX_CONTROLS = 64
"""Controls of one engine."""

LINE_WORDS = 8
"""Words of a cache line: neighbours written by different processes must not share one."""

CALLBACK_BINS = 4096  # a microsecond each; the last one holds all that is longer
WORKER_BINS = 4096  # ten microseconds each
ANSWER_BINS = 256  # a callback each; the last one holds all that is longer

CALLBACK_RINGS = (HOST_RING, *MIDI_PORTS)
"""The rings that the callback writes or reads: the first ones of every plan, in this order."""


class WorkerPlan(msgspec.Struct, frozen=True):
    """The configuration of one worker process.

    ``reads`` and ``writes`` map an engine's port to a ring, ``renders`` a MIDI port to the engine's port that is
    rendered there. ``ahead_frames``: of a synth, how far it runs ahead of the input (see `wiring.wire`). ``choices``:
    the names of the choices of controls to which the user's files add some.
    """

    role: str
    engine: str
    index: int
    hop: int
    lead_frames: int
    ahead_frames: int = 0
    controls: tuple[str, ...] = ()
    choices: dict[str, tuple[str, ...]] = {}
    reads: dict[str, str] = {}
    writes: dict[str, str] = {}
    renders: dict[str, str] = {}
    waits_for: tuple[int, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """The complete configuration at one sample rate: enough to lay out the memory and to run any worker."""

    rate: int
    workers: tuple[WorkerPlan, ...]
    rings: tuple[str, ...]  # CALLBACK_RINGS, then those between workers
    wake_by_semaphore: bool = True
    priority: int = 0

    @property
    def audio_worker(self) -> int:
        """Index of the worker that separates, or -1."""
        return self._find_worker(find_role_of_ring("stems"))

    @property
    def player(self) -> int:
        """Index of the worker that plays along, or -1."""
        return self._find_worker(ROLES[find_role_of_ring("band")].sounds)

    @property
    def synth_worker(self) -> int:
        """Index of the worker that synthesizes the notes, or -1."""
        return self._find_worker(find_role_of_ring("band"))

    def _find_worker(self, role: str) -> int:
        return next((worker.index for worker in self.workers if worker.role == role), -1)


class SharedArrays(ArrayTable):
    """The arrays in the shared memory. Audio: (channels, frames), by frame modulo CAPACITY.

    A new one is a line here. One that the parent or a worker writes says so; the others are the callback's.
    """

    state: Annotated[NDArray[np.int64], STATE_WORDS]  # each slot with its own writer
    workers: Annotated[NDArray[np.int64], Dimension.WORKERS, WORKER_WORDS]  # likewise
    inputs: Annotated[NDArray[np.float32], CHANNELS, ROW]
    stems: Annotated[NDArray[np.float32], SEPARATED * CHANNELS, ROW]  # by the worker that separates
    stamps: Annotated[NDArray[np.int64], CAPACITY]  # likewise: stamp of the hop at a slot of the stem ring
    band: Annotated[NDArray[np.float32], CHANNELS, ROW]  # by the synth's worker, at the frames of the notes
    band_stamps: Annotated[NDArray[np.int64], CAPACITY]  # likewise, of the band's ring
    gains: Annotated[NDArray[np.float64], GAINS]  # targets of the stem ports, then in the mix (ControlContext.gains)
    values: Annotated[NDArray[np.float64], Dimension.WORKERS, MAX_CONTROLS]  # by the parent: each engine's controls
    values_sequence: Annotated[NDArray[np.int64], LINE_WORDS]  # by the parent: odd while it writes `values`
    records: Annotated[NDArray[np.int64], Dimension.RINGS, RECORDS, RECORD_WORDS]  # by the writer of each ring
    heads: Annotated[NDArray[np.int64], Dimension.RINGS, LINE_WORDS]  # RING_HEAD by the same, RING_DELAY by the parent
    callback_bins: Annotated[NDArray[np.int64], CALLBACK_BINS]  # callbacks by processing time
    worker_bins: Annotated[NDArray[np.int64], Dimension.WORKERS, WORKER_BINS]  # by each worker: hops by processing time
    answer_bins: Annotated[NDArray[np.int64], Dimension.WORKERS, ANSWER_BINS]  # likewise: by callbacks until the result
    semaphores: Annotated[NDArray[np.int64], Dimension.WORKERS, LINE_WORDS]  # a sem_t each
    sources: Annotated[NDArray[np.int64], len(ANALYSERS)]  # by the parent: input of each, an index of SOURCES
    stems_missing: Annotated[NDArray[np.int64], len(ANALYSERS)]  # by the mir worker: frames without stems


INSERT_CAPACITY = 1 << 15
"""Frames in a ring of an insert point, a power of two: 0.7 s at 48 kHz, more than the longest delay of a point
and one callback. Twelve rings of 3 s would need 13 MB of shared memory, of which a container has 64."""

INSERT_MASK = INSERT_CAPACITY - 1

INSERT_ROW = INSERT_CAPACITY + 80
"""Samples from one channel of such a ring to the next; odd for the same reason as ROW."""

MIN_INSERT_BLOCK, MAX_INSERT_BLOCK = 64, 2048
"""Frames of a block that an insert worker processes."""

MAX_INSERT_RESERVE = 4096  # frames; with periods above it the reserve is a period
MAX_INSERT_LATENCY = 8192  # frames of a processor: 0.2 s is as much as anybody plays with

INSERT_STAMPS = INSERT_CAPACITY // MIN_INSERT_BLOCK
"""Stamps of an insert point. Blocks begin at least MIN_INSERT_BLOCK frames apart, so no two in the ring share one."""


class InsertArrays(ArrayTable):
    """The arrays of the insert points in the shared memory, by point as in INSERT_POINTS.

    A table of its own: compiled functions pass each array of a table on the stack, and most need none of these.
    """

    words: Annotated[NDArray[np.int64], len(INSERT_POINTS), INSERT_WORDS]  # each with its own writer
    sends: Annotated[NDArray[np.float32], len(INSERT_POINTS), CHANNELS, INSERT_ROW]  # by the callback: their input
    returns: Annotated[NDArray[np.float32], len(INSERT_POINTS), CHANNELS, INSERT_ROW]  # by each worker, at its input
    stamps: Annotated[NDArray[np.int64], len(INSERT_POINTS), INSERT_STAMPS]  # likewise: see `insert_lookup`
    block_bins: Annotated[NDArray[np.int64], len(INSERT_POINTS), WORKER_BINS]  # likewise: blocks by processing time
    semaphores: Annotated[NDArray[np.int64], len(INSERT_POINTS), LINE_WORDS]  # a sem_t each


def lengths_of(plan: Plan) -> dict[Dimension, int]:
    """The lengths of the dimensions that depend on ``plan``."""
    return {Dimension.WORKERS: max(len(plan.workers), 1), Dimension.RINGS: len(plan.rings)}


def _size_of_table(plan: Plan, table: type[ArrayTable]) -> int:
    lengths = lengths_of(plan)
    return sum(align(math.prod(spec.shape_at(lengths)) * spec.dtype.itemsize) for spec in table.specs.values())


def size_of(plan: Plan) -> int:
    """Bytes of shared memory that ``plan`` needs."""
    return _size_of_table(plan, SharedArrays) + _size_of_table(plan, InsertArrays)


def _map_table(plan: Plan, arena: Arena, table: type[T], offset: int) -> T:
    lengths, views = lengths_of(plan), []
    for spec in table.specs.values():
        views.append(arena.array(offset, spec.shape_at(lengths), spec.dtype))
        offset += align(views[-1].nbytes)
    return table(*views)


def map_arena(plan: Plan, arena: Arena) -> SharedArrays:
    """The shared arrays as views of ``arena``, which is zero where nobody wrote yet."""
    return _map_table(plan, arena, SharedArrays, 0)


def map_inserts(plan: Plan, arena: Arena) -> InsertArrays:
    """The arrays of the insert points as views of ``arena``, behind those of `map_arena`."""
    return _map_table(plan, arena, InsertArrays, _size_of_table(plan, SharedArrays))
