"""Faulty network: drops, delays, doubles and reorders datagrams, the same way for the same seed."""

from __future__ import annotations

import heapq
import random

LONGEST_DELAY_S = 0.3
"""Longest delay: later than the first repetition of a query."""


class FaultyNetwork:
    """Datagrams on the way in one direction. Each kind of fault concerns ``share`` of them."""

    def __init__(self, share: float, seed: int, longest_s: float = LONGEST_DELAY_S) -> None:
        self._share, self._random, self._longest_s = share, random.Random(seed), longest_s
        self._way: list[tuple[float, int, bytes]] = []
        self._number = 0
        self.faults = {"dropped": 0, "delayed": 0, "doubled": 0, "reordered": 0}

    def send(self, datagram: bytes, now_s: float) -> None:
        """Send ``datagram`` at ``now_s``."""
        if self._happens("dropped"):
            return
        arrives_s = now_s
        if self._happens("delayed"):
            arrives_s += self._random.uniform(0.0, self._longest_s)
        self._put(arrives_s, datagram)
        if self._happens("doubled"):
            self._put(now_s + self._random.uniform(0.0, self._longest_s), datagram)
        if self._happens("reordered"):
            self._swap_last()

    def receive(self, now_s: float) -> list[bytes]:
        """What has arrived by ``now_s``, in the order of arrival."""
        arrived = []
        while self._way and self._way[0][0] <= now_s:
            arrived.append(heapq.heappop(self._way)[2])
        return arrived

    def find_due_s(self) -> float:
        """When the next datagram arrives."""
        return self._way[0][0] if self._way else float("inf")

    def _happens(self, fault: str) -> bool:
        happens = self._random.random() < self._share
        self.faults[fault] += happens
        return happens

    def _put(self, arrives_s: float, datagram: bytes) -> None:
        self._number += 1
        heapq.heappush(self._way, (arrives_s, self._number, datagram))

    def _swap_last(self) -> None:
        """Let the newest datagram overtake the one before it."""
        if len(self._way) < 2:
            return
        newest, before = sorted(self._way, key=lambda one: one[1])[-1:-3:-1]
        self._way.remove(newest)
        self._way.remove(before)
        heapq.heapify(self._way)
        heapq.heappush(self._way, (before[0], newest[1], newest[2]))
        heapq.heappush(self._way, (before[0], newest[1] + 1, before[2]))
        self._number += 1
