"""Batches drawn ahead of the learning by processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, Generic, TypeVar

Batch = TypeVar("Batch")

_draw: Callable[[int], Any] | None = None
"""A drawing process's own."""


def _initialise_worker(make: Callable[..., Callable[[int], Any]], given: tuple[object, ...]) -> None:
    global _draw
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    _draw = make(*given)


def _exit_with_parent() -> None:
    """End this process when its parent has ended: a trainer that was killed stops no pool."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw_step(step: int) -> Any:
    if _draw is None:
        raise RuntimeError("a drawing process starts with _initialise_worker")
    return _draw(step)


class BatchPrefetcher(Generic[Batch]):
    """Batches in the order of their steps, from step ``first`` on.

    Each of ``processes`` calls ``make(*given)`` once, to read what it draws from, and what it gets with each step. A
    step's batch has to be the same wherever and whenever it is drawn, so that a run that goes on sees what it would
    have seen.
    """

    AHEAD = 4
    """Batches that are drawn ahead at least; two for each process where there are more."""

    def __init__(
        self, make: Callable[..., Callable[[int], Batch]], given: tuple[object, ...], first: int, processes: int = 1
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, context, _initialise_worker, (make, given))
        self._next = first
        self._ahead = max(self.AHEAD, 2 * processes)
        self._coming: deque[Future[Batch]] = deque()

    def __enter__(self) -> BatchPrefetcher[Batch]:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def get_next(self) -> Batch:
        """The next step's."""
        while len(self._coming) < self._ahead:
            self._coming.append(self._pool.submit(_draw_step, self._next))
            self._next += 1
        return self._coming.popleft().result()
