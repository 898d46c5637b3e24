"""Insert choices: what the user wants at each insert point, with a choice that was there for a moment only.

Whoever asks now and then would not see that `off` and the same chain again followed each other quickly, and would not
read the chain's file again, as the user wants.
"""

from __future__ import annotations

import threading
from types import TracebackType

from bridge.control.bus import Bus, Row
from bridge.control.insert_controls import InsertSetting, read_insert_settings
from bridge.core.insert import INSERT_POINTS

_CHAINS = frozenset(f"inserts.{point}.chain" for point in INSERT_POINTS)


class InsertChoices:
    """A context manager: the choices on ``bus`` are followed inside. `read` may be called from any thread."""

    def __init__(self, bus: Bus) -> None:
        self._bus, self._lock = bus, threading.Lock()
        self._latest: dict[str, float] = {}
        """The choice of each point, by the name of its control."""
        self._read: dict[str, float] = {}
        """What was read last."""
        self._between: dict[str, float] = {}
        """The last choice since then that is another one."""

    def __enter__(self) -> InsertChoices:
        self._unsubscribe = self._bus.subscribe(self._follow)
        values = self._bus.values()
        with self._lock:
            self._latest = {name: values[name] for name in _CHAINS} | self._latest
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._unsubscribe()

    def read(self) -> dict[str, InsertSetting]:
        """The settings of every point.

        Where a point has the chain that was read last, and had another one since, that other one is read once.
        """
        values = dict(self._bus.values())
        with self._lock:
            for name, latest in self._latest.items():
                between = self._between.pop(name, latest)
                values[name] = self._read[name] = between if latest == self._read.get(name) else latest
        return read_insert_settings(self._bus.registry, values)

    def _follow(self, name: str, row: Row, _source: str) -> None:
        if name in _CHAINS:
            number = float(row[0])
            with self._lock:
                self._latest[name] = number
                if number != self._read.get(name, number):
                    self._between[name] = number
