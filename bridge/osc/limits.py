"""Rate limits and work budgets, so that no peer can keep the server from the others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from bridge.errors import ControlError

DATAGRAM_STEPS = 90_000
"""Work budget of one datagram in steps. A step is about 0.1 µs on a CPU of 2020. The largest request that has to fit is
``/controls`` without a pattern: two replies for each of 206 items."""
MESSAGE_STEPS, SET_STEPS, REPLY_STEPS, HINT_STEPS = 50, 50, 150, 25_000
"""Cost of a message, of each control that it sets, of each reply, and of a search for similar names."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(OrderedDict[K, V], Generic[K, V]):
    """LRU cache of ``most`` entries: a new one evicts the least recently used."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def touch(self, key: K) -> V | None:
        """The value of ``key``, or None; marks it as most recently used."""
        found = self.get(key)
        if found is not None:
            self.move_to_end(key)
        return found

    def put(self, key: K, value: V) -> V:
        """Store ``value`` for ``key``, and return it."""
        self[key] = value
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)
        return value


class Budget:
    """The work budget of one datagram: ``left`` steps, and how many requests exceeded it: ``refused``.

    ``hints``: how many errors may have a hint with similar names.
    """

    def __init__(self, steps: int = DATAGRAM_STEPS, hints: int = 1) -> None:
        self.left = steps
        self.hints = hints
        self.refused = 0

    def try_spend(self, steps: int) -> bool:
        """Spend ``steps`` if so many are left; else spend nothing and return False."""
        if steps > self.left:
            return False
        self.left -= steps
        return True

    def spend(self, steps: int) -> None:
        """Spend ``steps``.

        Raises:
            ControlError: fewer are left; nothing is spent.
        """
        if not self.try_spend(steps):
            self.refused += 1
            raise ControlError("the datagram exceeds its work limit", "send fewer messages or patterns in each")


class RateLimit:
    """Token bucket: ``per_s`` grants a second on average, ``burst`` of them at once."""

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s = per_s
        self.burst = burst
        self._left = float(burst)
        self._since: float | None = None

    def try_acquire(self, now_s: float) -> bool:
        """Take one grant at ``now_s``; False where none is available."""
        if not self.is_available(now_s):
            return False
        self._left -= 1.0
        return True

    def is_available(self, now_s: float) -> bool:
        """Whether a grant is available at ``now_s``."""
        self._refill(now_s)
        return self._left >= 1.0

    def charge(self, amount: float, now_s: float) -> None:
        """Take ``amount``, available or not; the rest is a debt."""
        self._refill(now_s)
        self._left -= amount

    def compute_debt_s(self, now_s: float) -> float:
        """Seconds from ``now_s`` until the debt is paid; 0 where there is none."""
        self._refill(now_s)
        return max(0.0, -self._left / self.per_s)

    def _refill(self, now_s: float) -> None:
        if self._since is not None:
            self._left = min(self._left + max(now_s - self._since, 0.0) * self.per_s, float(self.burst))
        self._since = now_s


class RateLimits:
    """A `RateLimit` per key and, unless None, one over all; at most ``keys`` are kept, in an LRU cache."""

    def __init__(self, each: tuple[float, float], overall: tuple[float, float] | None, keys: int = 256) -> None:
        self._each = each
        self._overall = RateLimit(*overall) if overall is not None else None
        self._known: LruCache[Hashable, RateLimit] = LruCache(keys)

    def try_acquire(self, key: Hashable, now_s: float) -> bool:
        """Take one grant for ``key`` at ``now_s``; False where none is available."""
        if not self.is_available(key, now_s):
            return False
        if self._overall is not None:
            self._overall.try_acquire(now_s)
        return self.get(key).try_acquire(now_s)

    def is_available(self, key: Hashable, now_s: float) -> bool:
        """Whether a grant is available for ``key`` at ``now_s``."""
        return self.get(key).is_available(now_s) and (self._overall is None or self._overall.is_available(now_s))

    def get(self, key: Hashable) -> RateLimit:
        """The rate limit of ``key`` alone."""
        return self._known.touch(key) or self._known.put(key, RateLimit(*self._each))
