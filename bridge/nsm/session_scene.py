"""Session scene: the active scene of a session, with its links, in the session's own folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import tomlkit

from bridge.config import SCHEMA, Table, read_toml, write_atomic
from bridge.errors import ConfigError
from bridge.routing.scene import ActiveScene, SceneLink, format_links, read_links


class SessionSceneTable(Table, frozen=True):
    """Keys of the file. ``cut``: those of ``links`` that the user has cut since the scene was restored."""

    schema: int
    scene: str
    links: tuple[SceneLink, ...] = ()
    cut: tuple[SceneLink, ...] = ()


class SessionScene:
    """The scene of one session. A change is kept here, and written with `write` alone: when the session is saved.

    Thread-safe.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.on_change: Callable[[], object] = lambda: None
        """Called after a change, in the thread that made it."""
        self._lock = threading.Lock()
        self._scene: ActiveScene | None = None
        self._written: ActiveScene | None = None

    def load(self) -> ActiveScene | None:
        """The scene of the file; None where there is none. Raises: ConfigError."""
        if not self.path.exists():
            return None
        table = read_toml(self.path, SessionSceneTable)
        if not table.scene:
            raise ConfigError(f"{self.path}: scene: empty", "write the scene's name, or delete the file")
        links = read_links(self.path, table.links)
        scene = ActiveScene(table.scene, links, read_links(self.path, table.cut, "cut") & links)
        with self._lock:
            self._scene = self._written = scene
        return scene

    def save(self, scene: ActiveScene | None) -> None:
        """Note which scene is active now."""
        with self._lock:
            self._scene = scene
        self.on_change()

    @property
    def is_changed(self) -> bool:
        """Whether the file is not as the scene is."""
        with self._lock:
            return self._scene != self._written

    def write(self) -> None:
        """Write the file atomically; without a scene there is none. Raises: ConfigError."""
        with self._lock:
            scene = self._scene
        if scene is None:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                message = f"{self.path}: cannot be removed ({error.strerror})"
                raise ConfigError(message, "check permissions") from error
        else:
            document = tomlkit.document()
            document.add("schema", tomlkit.item(SCHEMA))
            document.add("scene", tomlkit.item(scene.name))
            document.add("links", format_links(scene.links))
            document.add("cut", format_links(scene.cut))
            write_atomic(self.path, document.as_string())
        with self._lock:
            self._written = scene
