"""Unsaved changes: whether the controls or the scene of a session differ from its files."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bridge.control.bus import Bus, Row
from bridge.nsm.session_scene import SessionScene


class UnsavedChanges:
    """The difference between a sidecar and its session, which starts without one. Thread-safe.

    ``report``: called with whether there is a difference, whenever that changes; soon, and from any thread.
    """

    def __init__(self, bus: Bus, scene: SessionScene, report: Callable[[bool], object]) -> None:
        self._bus, self._scene, self._report = bus, scene, report
        self._names = frozenset(control.name for control in bus.registry.controls if control.saved)
        self._lock = threading.Lock()
        self._is_dirty = self._is_stale = False
        self._saved = self.read()
        self._unsubscribe = bus.subscribe(self._note_change, settled=self._update_stale)
        scene.on_change = self.update

    def close(self) -> None:
        """Follow no more changes."""
        self._unsubscribe()
        self._scene.on_change = lambda: None

    def note_saved(self, saved: dict[str, float]) -> None:
        """The files have the controls ``saved``, as `read` gave them before the files were written."""
        with self._lock:
            self._saved = saved
        self.update()

    def read(self) -> dict[str, float]:
        """The controls that a session keeps, as they are now."""
        return {name: value for name, value in self._bus.values().items() if name in self._names}

    def update(self) -> None:
        """Compare, and report where the result is another one than before."""
        now = self.read()
        with self._lock:
            is_dirty = now != self._saved or self._scene.is_changed
            if is_dirty == self._is_dirty:
                return
            self._is_dirty = is_dirty
            self._report(is_dirty)

    def _note_change(self, name: str, _row: Row, _source: str) -> None:
        self._is_stale = self._is_stale or name in self._names

    def _update_stale(self) -> None:
        if self._is_stale:
            self._is_stale = False
            self.update()
