"""Routing service: the actions on connections and scenes, and what is published of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TypeAlias

from bridge.control.bus import ActionHandler, Bus, Row
from bridge.errors import BridgeError, ConfigError
from bridge.routing.active_scene_file import SceneStore
from bridge.routing.patchbay import LinkEvent, Patchbay
from bridge.routing.port_graph import LinkMaker
from bridge.routing.routing_readings import RoutingReadings
from bridge.routing.scene import ActiveScene, delete_scene, load_scene, save_scene
from bridge.routing.wanted_links import is_temporary

log = logging.getLogger(__name__)

PUBLISH_S = 0.03  # how often changes are published

LinkTask: TypeAlias = Callable[[LinkMaker, float], list[LinkEvent]]
"""Work on the links: called with access to them and the time, in the thread that owns the patchbay."""
TaskRunner: TypeAlias = Callable[[LinkTask], list[LinkEvent]]
"""Runs a task in that thread, and waits for it. Raises: BridgeError where no audio system runs."""


class RoutingService:
    """A context manager: inside, what changes is published, and the scene that was active last is wanted again.

    Enter it before the audio system runs. ``run_task``: see `TaskRunner`.
    """

    def __init__(self, bus: Bus, patchbay: Patchbay, file: SceneStore, run_task: TaskRunner) -> None:
        self._patchbay, self._file, self._run_task = patchbay, file, run_task
        self._readings = RoutingReadings(bus, patchbay)
        self._lock = threading.Lock()
        self._kept: ActiveScene | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed = set[str]()

    def __enter__(self) -> RoutingService:
        self.resume()
        self._thread = threading.Thread(target=self._publish, name="routing", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def handlers(self) -> Mapping[str, ActionHandler]:
        """The handlers of the actions, by name."""
        return {
            "routing.connect": self.connect,
            "routing.cut": self.cut,
            "routing.undo": self.undo,
            "routing.redo": self.redo,
            "routing.save": self.save,
            "routing.restore": self.restore,
            "routing.delete": self.delete,
        }

    def resume(self) -> None:
        """Want the links of the scene that was active when the last sidecar ended."""
        try:
            self._kept = self._file.load()
        except ConfigError as error:
            log.warning("the last scene is not restored: %s", error)
            return
        if self._kept is not None:
            self._patchbay.adopt_scene(self._kept)

    def update(self) -> None:
        """Publish what changed, and write which scene is active."""
        self._readings.update(time.monotonic(), time.time_ns() // 1_000_000)
        self._keep_scene()

    def connect(self, source: str, destination: str) -> list[Row]:
        """Connect two ports or pairs. Raises: BridgeError."""
        return self._run(lambda maker, now_s: self._patchbay.connect(maker, source, destination, now_s))

    def cut(self, source: str, destination: str) -> list[Row]:
        """Cut the links between two ports or pairs. Raises: BridgeError."""
        return self._run(lambda maker, now_s: self._patchbay.cut(maker, source, destination, now_s))

    def undo(self) -> list[Row]:
        """Take the last step back. Raises: BridgeError."""
        return self._run(self._patchbay.undo)

    def redo(self) -> list[Row]:
        """Do again what was undone last. Raises: BridgeError."""
        return self._run(self._patchbay.redo)

    def save(self, name: str) -> None:
        """Save all links as the scene ``name``, those that wait for a port too. Raises: BridgeError."""

        def keep(_maker: LinkMaker, _now_s: float) -> list[LinkEvent]:
            self._patchbay.keep_scene(scene)
            return []

        self._run_task(self._patchbay.refresh)
        scene = save_scene(name, (link for link in self._patchbay.view.shown_links if not is_temporary(link)))
        self._run_task(keep)
        self._keep_scene()
        self._readings.renew_scenes()

    def restore(self, name: str) -> list[Row]:
        """Restore the scene ``name``. Raises: BridgeError."""
        scene = load_scene(name)
        return self._run(lambda maker, now_s: self._patchbay.restore(maker, scene, now_s))

    def delete(self, name: str) -> None:
        """Delete the scene ``name``; the links stay. Raises: BridgeError."""

        def leave(_maker: LinkMaker, _now_s: float) -> list[LinkEvent]:
            self._patchbay.leave_scene(name)
            return []

        delete_scene(name)
        self._readings.renew_scenes()
        if self._patchbay.view.scene is not None and self._patchbay.view.scene.name == name:
            self._run_task(leave)
            self._keep_scene()

    def _run(self, task: LinkTask) -> list[Row]:
        rows: list[Row] = list(self._run_task(task))
        self._keep_scene()
        return rows

    def _publish(self) -> None:
        """The thread ``routing``: a file that is slow to write delays nothing else."""
        while not self._stop.wait(PUBLISH_S):
            try:
                self.update()
            except Exception as error:
                if (kind := f"{type(error).__name__} {error}") not in self._failed:
                    log.exception("publishing the connections failed; it is tried again")
                self._failed.add(kind)

    def _keep_scene(self) -> None:
        """Write which scene is active, where that changed."""
        with self._lock:
            scene = self._patchbay.view.scene
            if scene == self._kept:
                return
            self._kept = scene
            try:
                self._file.save(scene)
            except BridgeError as error:
                log.warning("the active scene will not be known after a restart: %s", error)
