"""How often something may be done, so that nobody can make us flood a network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Allowance:
    """``per_s`` grants a second on average, ``burst`` of them at once."""

    def __init__(self, per_s: float, burst: int) -> None:
        self.per_s = per_s
        self.burst = burst
        self._left = float(burst)
        self._since: float | None = None

    def take(self, now_s: float) -> bool:
        """True where one more is granted at ``now_s``."""
        if self._since is not None:
            self._left = min(self._left + max(now_s - self._since, 0.0) * self.per_s, float(self.burst))
        self._since = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Allowances:
    """An `Allowance` for each key and one over all of them; at most ``keys`` are remembered, the oldest go."""

    def __init__(self, each: tuple[float, int], overall: tuple[float, int], keys: int = 256) -> None:
        self._each = each
        self._overall = Allowance(*overall)
        self._keys = keys
        self._known: OrderedDict[Hashable, Allowance] = OrderedDict()

    def take(self, key: Hashable, now_s: float) -> bool:
        """True where one more is granted to ``key`` at ``now_s``."""
        allowance = self._known.get(key)
        if allowance is None:
            allowance = self._known[key] = Allowance(*self._each)
            while len(self._known) > self._keys:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return allowance.take(now_s) and self._overall.take(now_s)
