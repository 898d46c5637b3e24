"""Batches drawn ahead of the learning by processes of their own."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, Generic, TypeVar

Batch = TypeVar("Batch")

_draw: Callable[[int], Any] | None = None
"""A drawing process's own."""


def _initialise_worker(make: Callable[..., Callable[[int], Any]], given: tuple[object, ...]) -> None:
    global _draw
    _draw = make(*given)


def _draw_step(step: int) -> Any:
    if _draw is None:
        raise RuntimeError("a drawing process starts with _settle")
    return _draw(step)


class BatchPrefetcher(Generic[Batch]):
    """Batches in the order of their steps, from step ``first`` on.

    Each of ``processes`` calls ``make(*given)`` once, to read what it draws from, and what it gets with each step. A
    step's batch has to be the same wherever and whenever it is drawn, so that a run that goes on sees what it would
    have seen.
    """

    AHEAD = 4

    def __init__(
        self, make: Callable[..., Callable[[int], Batch]], given: tuple[object, ...], first: int, processes: int = 1
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, context, _initialise_worker, (make, given))
        self._next = first
        self._coming: deque[Future[Batch]] = deque()

    def __enter__(self) -> BatchPrefetcher[Batch]:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def get_next(self) -> Batch:
        """The next step's."""
        while len(self._coming) < self.AHEAD:
            self._coming.append(self._pool.submit(_draw_step, self._next))
            self._next += 1
        return self._coming.popleft().result()
