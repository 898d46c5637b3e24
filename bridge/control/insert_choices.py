"""Insert choices: what the user wants at each insert point, with a choice that was there for a moment only.

Whoever asks now and then would not see that `off` and the same chain again followed each other quickly, and would not
read the chain's file again, as the user wants.
"""

from __future__ import annotations

import threading
from types import TracebackType

from bridge.control.bus import Bus, Row
from bridge.control.insert_controls import CHAIN_CONTROLS, InsertSetting, read_insert_settings
from bridge.core.control import format_value
from bridge.core.insert import INSERT_POINTS
from bridge.core.insert_registry import OFF
from bridge.errors import ControlError, did_you_mean


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
            self._latest = {name: values[name] for name in CHAIN_CONTROLS} | self._latest
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

    def reload(self, point: str = "") -> None:
        """Have the chain of a point, or of all points without one, read again: as if `off` and it had been chosen.

        Raises:
            ControlError: There is no such point, nothing is chosen there, or a chain cannot be chosen now: its file is
                gone or has an error. Then all play on as they are.
        """
        registry, values = self._bus.registry, self._bus.values()
        if point and point not in INSERT_POINTS:
            raise ControlError(f"{point} is no insert point", did_you_mean(point, INSERT_POINTS))
        names = (f"inserts.{point}.chain",) if point else CHAIN_CONTROLS
        chosen = {name: values[name] for name in names if format_value(registry.get_control(name), values[name]) != OFF}
        if point and not chosen:
            raise ControlError(f"no chain is chosen for {point}", "choose one instead")
        for name, number in chosen.items():
            registry.parse_value(name, format_value(registry.get_control(name), number))  # the files as they are now
            registry.get_control(name).check_available(number)
        with self._lock:
            for name, number in chosen.items():
                if self._read.get(name) == self._latest[name] == number:  # else it is about to be read anyway
                    self._between[name] = registry.get_control(name).low

    def _follow(self, name: str, row: Row, _source: str) -> None:
        if name in CHAIN_CONTROLS:
            number = float(row[0])
            with self._lock:
                self._latest[name] = number
                if number != self._read.get(name, number):
                    self._between[name] = number
