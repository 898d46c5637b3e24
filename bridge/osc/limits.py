"""Limits: how often something may be done, and how much work it may be, so that nobody can keep us from the others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from bridge.errors import ControlError

DATAGRAM_STEPS = 60_000
"""Steps that one datagram may ask for. A step is a tenth of a microsecond or so of a processor of 2020."""
MESSAGE_STEPS, SET_STEPS, REPLY_STEPS, HINT_STEPS = 50, 50, 150, 25_000
"""Steps of a message, of a control that it sets, of a reply to it, and of looking for names like a wrong one."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(OrderedDict[K, V], Generic[K, V]):
    """A table of ``most`` entries: a new one puts out the one that was not `use`d for the longest time."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def use(self, key: K) -> V | None:
        """What is kept for ``key``, None where nothing is; it is now the last to go."""
        found = self.get(key)
        if found is not None:
            self.move_to_end(key)
        return found

    def keep(self, key: K, value: V) -> V:
        """Keep ``value`` for ``key``, and return it."""
        self[key] = value
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)
        return value


class Budget:
    """The work of one datagram: ``left`` steps, and how often more was asked for: ``refused``.

    ``hints``: how many errors may be given similar names, where they would be sent at all.
    """

    def __init__(self, steps: int = DATAGRAM_STEPS, hints: int = 1) -> None:
        self.left = steps
        self.hints = hints
        self.refused = 0

    def affords(self, steps: int) -> bool:
        """Spend ``steps`` where so many are left; False, and nothing is spent, where they are not."""
        if steps > self.left:
            return False
        self.left -= steps
        return True

    def spend(self, steps: int) -> None:
        """Spend ``steps``.

        Raises:
            ControlError: fewer are left; nothing is spent.
        """
        if not self.affords(steps):
            self.refused += 1
            raise ControlError("one datagram asks for too much", "send fewer messages or patterns in each")


class Allowance:
    """``per_s`` grants a second on average, ``burst`` of them at once."""

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s = per_s
        self.burst = burst
        self._left = float(burst)
        self._since: float | None = None

    def take(self, now_s: float) -> bool:
        """True where one more is granted at ``now_s``."""
        if not self.grants(now_s):
            return False
        self._left -= 1.0
        return True

    def grants(self, now_s: float) -> bool:
        """Whether one more would be granted at ``now_s``."""
        self._fill(now_s)
        return self._left >= 1.0

    def charge(self, amount: float, now_s: float) -> None:
        """Take ``amount``, granted or not: what is missing is a debt."""
        self._fill(now_s)
        self._left -= amount

    def debt_s(self, now_s: float) -> float:
        """Seconds from ``now_s`` until a debt is paid; 0 where there is none."""
        self._fill(now_s)
        return max(0.0, -self._left / self.per_s)

    def _fill(self, now_s: float) -> None:
        if self._since is not None:
            self._left = min(self._left + max(now_s - self._since, 0.0) * self.per_s, float(self.burst))
        self._since = now_s


class Allowances:
    """An `Allowance` for each key and, unless None, one over all; at most ``keys`` are remembered, the oldest go."""

    def __init__(self, each: tuple[float, float], overall: tuple[float, float] | None, keys: int = 256) -> None:
        self._each = each
        self._overall = Allowance(*overall) if overall is not None else None
        self._known: Recent[Hashable, Allowance] = Recent(keys)

    def take(self, key: Hashable, now_s: float) -> bool:
        """True where one more is granted to ``key`` at ``now_s``."""
        if not self.grants(key, now_s):
            return False
        if self._overall is not None:
            self._overall.take(now_s)
        return self.of(key).take(now_s)

    def grants(self, key: Hashable, now_s: float) -> bool:
        """Whether one more would be granted to ``key`` at ``now_s``."""
        return self.of(key).grants(now_s) and (self._overall is None or self._overall.grants(now_s))

    def of(self, key: Hashable) -> Allowance:
        """The allowance of ``key`` alone."""
        return self._known.use(key) or self._known.keep(key, Allowance(*self._each))
