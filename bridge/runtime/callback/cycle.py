"""One callback, whole: take what came, wait for nobody (save in freewheel), give what is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types as _numba_types

from bridge.runtime.callback.context import Room
from bridge.runtime.callback.input import take
from bridge.runtime.callback.midi_output import give_events
from bridge.runtime.callback.stem_output import give_audio
from bridge.runtime.callback.synth_output import give_band
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_void, load_acquire
from bridge.runtime.shared.callback_jit import compiled

types: Any = _numba_types

STALL_FRAMES = 32768  # 0.7 s at 44.1 kHz: no engine is this late and still playing along
WAIT_US, WAIT_TRIES = 20, 250_000  # five seconds; then the cycle counts as late, and a dead worker stops nothing

post_semaphore: Callable[[int], int] = types.ExternalFunction("sem_post", types.int32(types.voidptr))
sleep_us: Callable[[int], int] = types.ExternalFunction("usleep", types.int32(types.uint32))


@compiled
def wake_workers(room: Room) -> None:
    """Post each worker's semaphore, where this system has them (see room.wake)."""
    for index in range(room.wake.size):
        if room.wake[index] != 0:
            post_semaphore(as_void(room.wake[index]))


@compiled
def wait_for_workers(room: Room, now: int, frames: int) -> None:
    """Freewheel: sleep until every living worker has done what this cycle needs.

    A cycle needs what refers to frames before ``now + frames - delay``, hence the input up to that plus the
    engine's latency (that is, up to ``slack`` frames ago), in whole hops from the epoch's origin.
    """
    for index in range(room.workers.shape[0]):
        worker = room.workers[index]
        origin, hop = worker[w.ORIGIN], max(worker[w.HOP], 1)
        tries = 0
        while load_acquire(worker, w.ALIVE) != 0 and tries < WAIT_TRIES:
            needed = now + frames - load_acquire(worker, w.DEADLINE) - origin  # may change while we wait
            end = origin + (needed + hop - 1) // hop * hop
            if needed <= 0 or end > now + frames:
                break
            if load_acquire(worker, w.DONE_EPOCH) == worker[w.EPOCH] and load_acquire(worker, w.PROGRESS) >= end:
                break
            sleep_us(WAIT_US)
            tries += 1


@compiled
def give(room: Room, now: int, frames: int) -> None:
    """Fill the audio outputs and ``out_events`` for the cycle that started at ``now``."""
    give_audio(room, now, frames)
    give_band(room, now, frames)
    give_events(room, now, frames, STALL_FRAMES)


@compiled
def cycle(room: Room, frames: int, raw: int) -> None:
    """The whole callback between reading the input buffers and writing the output buffers."""
    now = take(room, frames, raw)
    wake_workers(room)
    if load_acquire(room.state, w.FREEWHEEL) != 0:
        wait_for_workers(room, now, frames)
    give(room, now, frames)
