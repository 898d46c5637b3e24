"""Active scene's file: which scene was active when the sidecar ended, and what the user had cut of it.

It lies in the folder of states and not among the scenes: one for each JACK server and client name.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

import tomlkit

from bridge.config import SCHEMA, Table, read_toml, state_dir, write_atomic
from bridge.routing.scene import ActiveScene, SceneLink, format_links, load_scene, read_links


class ActiveSceneTable(Table, frozen=True):
    """Keys of the file. ``scene``: its name, empty where none is active."""

    schema: int
    scene: str = ""
    cut: tuple[SceneLink, ...] = ()


class SceneStore(Protocol):
    """Where the active scene is kept while no sidecar runs."""

    def load(self) -> ActiveScene | None:
        """The scene that was active; None where none was. Raises: ConfigError."""

    def save(self, scene: ActiveScene | None) -> None:
        """Keep the scene that is active now. Raises: ConfigError."""


class ActiveSceneFile:
    """The file of ``client`` on the JACK server ``server``."""

    def __init__(self, server: str, client: str) -> None:
        name = hashlib.sha256(f"{server}\0{client}".encode()).hexdigest()[:16]
        self.path = state_dir() / "routing" / f"{name}.toml"

    def load(self) -> ActiveScene | None:
        """The scene that was active, as its file is now; None where none was.

        Raises:
            ConfigError: The scene was deleted, or a file has an error.
        """
        if not self.path.exists():
            return None
        table = read_toml(self.path, ActiveSceneTable)
        if not table.scene:
            return None
        cut = read_links(self.path, table.cut, "cut")
        links = load_scene(table.scene).links
        return ActiveScene(table.scene, links, cut & links)

    def save(self, scene: ActiveScene | None) -> None:
        """Write it atomically.

        Raises:
            ConfigError: It cannot be written.
        """
        document = tomlkit.document()
        document.add("schema", tomlkit.item(SCHEMA))
        document.add("scene", tomlkit.item(scene.name if scene else ""))
        document.add("cut", format_links(scene.cut if scene else ()))
        write_atomic(self.path, document.as_string())
