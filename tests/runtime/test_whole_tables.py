"""Tables that are handed over whole: the gains to the callback, the values to engines, however both sides meet."""

from __future__ import annotations

import multiprocessing
import threading
import time
from typing import cast

import numpy as np

from bridge.core.arrays import Int64Array
from bridge.core.audio import STEMS
from bridge.drivers.offline_callback import OfflineCallback
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.atomics import publish
from bridge.runtime.shared.sequence_lock import read_whole, write_whole
from bridge.runtime.wiring import wire

WORDS = 4096
"""So many that writing them takes long enough to be interrupted."""


def test_no_cycle_has_gains_of_two_recalls() -> None:
    """The callback runs free of Python's lock, so a recall comes anywhere in a cycle."""
    with Graph(wire({}, 44100, {}), 16, {}, {}) as graph:
        callback, control, state = (
            OfflineCallback(graph.context, graph.control_context, graph.insert_context),
            graph.control_context,
            graph.arrays.state,
        )
        leave = threading.Event()

        def recall() -> None:
            number = 0
            while not leave.is_set():
                number += 1
                levels = dict.fromkeys(STEMS, float(number % 1000))
                graph.set_gains(levels, levels, is_dry=number % 2 == 1)

        thread = threading.Thread(target=recall)
        thread.start()
        try:
            found: set[float] = set()
            while len(found) < 200:
                callback.run(16, int(state[w.HEAD]))
                (level,) = set(control.gain_targets.tolist())
                assert not found or state[w.DRY] == level % 2  # at first the gains are 1, and the mix is not dry
                if level != 1.0:
                    found.add(level)
        finally:
            leave.set()
            thread.join()


def write_until_asked_to_stop(arena: Arena) -> None:
    sequence, values = map_values(arena)
    number = 0
    while not sequence[1]:
        number += 1
        with write_whole(sequence):
            values[:] = number
        time.sleep(0.0001)  # else there would hardly be a moment without a write


def map_values(arena: Arena) -> tuple[Int64Array, Int64Array]:
    return cast(Int64Array, arena.array(0, (8,), np.int64)), cast(Int64Array, arena.array(64, (WORDS,), np.int64))


def test_another_process_reads_values_of_one_write() -> None:
    with Arena.create(64 + 8 * WORDS) as arena:
        sequence, values = map_values(arena)
        fork = multiprocessing.get_context("fork")
        writer = fork.Process(target=write_until_asked_to_stop, args=(arena,), daemon=True)
        writer.start()
        try:
            found: set[int] = set()
            while len(found) < 200:
                copied = read_whole(sequence, values)
                if copied is not None:
                    assert copied.min() == copied.max()
                    found.add(int(copied[0]))
        finally:
            publish(sequence, 1, 1)
            writer.join()
        del sequence, values
    assert writer.exitcode == 0


def test_a_writer_that_died_half_way_holds_up_nobody() -> None:
    assert read_whole(np.array([7, 0], np.int64), np.arange(5.0)) is None
