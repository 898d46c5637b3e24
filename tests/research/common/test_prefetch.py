"""Batches drawn ahead by other processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from research.common.prefetch import BatchPrefetcher
from tests.waiting import until


def make_drawer(offset: int) -> Callable[[int], tuple[int, int]]:
    return lambda step: (step + offset, os.getpid())


def hold_prefetcher(pipe: multiprocessing.connection.Connection) -> None:
    """A trainer's process: draws one batch, says by whom, and waits for ever."""
    with BatchPrefetcher(make_drawer, (0,), 0) as drawing:
        pipe.send(drawing.get_next()[1])
        pipe.recv()


@pytest.mark.timeout(120)
def test_batches_come_in_the_order_of_their_steps_whoever_draws_them() -> None:
    with BatchPrefetcher(make_drawer, (100,), 7, processes=2) as drawing:
        assert [drawing.get_next()[0] for _ in range(12)] == list(range(107, 119))


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
@pytest.mark.timeout(120)
def test_the_drawing_process_ends_with_a_trainer_that_is_killed() -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    trainer = context.Process(target=hold_prefetcher, args=(there,))
    trainer.start()
    drawer = here.recv()
    trainer.kill()
    trainer.join()
    until("the drawing process to end", lambda: not is_alive(drawer))


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
