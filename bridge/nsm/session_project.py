"""Session project: all that a session keeps of Sideman, as files in one folder.

- ``session.toml``: the engines.
- ``preset.toml``: the controls, a session preset.
- ``scene.toml``: the active scene with its links, where one is active.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import tomlkit

from bridge.config import SCHEMA, Table, read_toml, write_atomic
from bridge.control import preset
from bridge.control.bus import Bus
from bridge.control.preset import Preset
from bridge.control.registry import Registry
from bridge.errors import ConfigError
from bridge.nsm.session_scene import SessionScene
from bridge.settings import EngineSettings, Settings

SESSION_FILE, PRESET_FILE, SCENE_FILE = "session.toml", "preset.toml", "scene.toml"


class SessionTable(Table, frozen=True):
    """Keys of ``session.toml``."""

    schema: int
    engines: EngineSettings


@dataclass(frozen=True, slots=True)
class SessionProject:
    """A project that was opened. ``settings``: the user's, with the session's engines and its name on JACK.

    ``controls``: the preset of the session; None in a new one.
    """

    folder: Path
    settings: Settings
    controls: Preset | None
    scene: SessionScene

    @property
    def is_new(self) -> bool:
        """Whether the session has not been saved yet."""
        return self.controls is None

    def save(self, bus: Bus) -> None:
        """Write all files that changed, each atomically. Raises: ConfigError."""
        preset.save(bus, self.folder / PRESET_FILE)
        self.scene.write()
        path, engines = self.folder / SESSION_FILE, self.settings.engines
        if not path.exists() or read_toml(path, SessionTable).engines != engines:
            write_atomic(path, format_session(engines))


def open_project(
    folder: Path, client: str, settings: Settings, make_registry: Callable[[Settings], Registry]
) -> SessionProject:
    """Read the project in ``folder``, which need not be there yet, and write nothing.

    ``client``: the name on JACK. ``settings``: the user's. ``make_registry``: the controls for some settings.

    Raises:
        ConfigError: A file has an error, or names what this machine does not have; or JACK takes no such name.
    """
    if not folder.is_absolute():
        raise ConfigError(f"{folder}: a session's folder has its full path", "begin it with /")
    session, controls, scene = folder / SESSION_FILE, folder / PRESET_FILE, SessionScene(folder / SCENE_FILE)
    try:
        jack = msgspec.structs.replace(settings.jack, client=client)
    except ValueError as error:
        raise ConfigError(f"the session's client id: {error}", "rename the client in the session manager") from error
    settings = msgspec.structs.replace(settings, jack=jack)
    if session.exists():
        settings = msgspec.structs.replace(settings, engines=read_toml(session, SessionTable).engines)
    scene.load()
    if not controls.exists():
        if session.exists():
            raise ConfigError(f"{controls}: is missing", f"copy it back, or delete {session} for a new session")
        return SessionProject(folder, settings, None, scene)
    return SessionProject(folder, settings, preset.load(controls, make_registry(settings)), scene)


def format_session(engines: EngineSettings) -> str:
    """The text of ``session.toml``."""
    document = tomlkit.document()
    document.add("schema", tomlkit.item(SCHEMA))
    document.add("engines", tomlkit.item(msgspec.structs.asdict(engines)))
    return document.as_string()
