"""Scenes: sets of links in TOML files in the user's folder.

schema = 1
doc = "Stage, with the synth."
links = [
    { source = "sideman:mix_1", destination = "system:playback_1" },
    { source = "sideman:mix_2", destination = "system:playback_2" },
]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from bridge.config import SCHEMA, Table, read_toml, user_dir, write_atomic
from bridge.core.control import suggest_nearest
from bridge.errors import ConfigError
from bridge.names import find_clash, why_not_plain
from bridge.routing.port_graph import Link
from bridge.toml import read_text, shorten

FOLDER, SUFFIX = "scenes", ".toml"
"""Subfolder of the user's folder, and file extension."""


class SceneLink(Table, frozen=True):
    """A link in a file: full names of its ports."""

    source: str
    destination: str


class SceneFile(Table, frozen=True):
    """Keys of a scene's file."""

    schema: int
    links: tuple[SceneLink, ...]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A saved set of links. ``problem``: why its file cannot be read; then it has no links."""

    name: str
    links: frozenset[Link] = frozenset()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ActiveScene:
    """The scene that was restored or saved last. ``cut``: those of its links that the user has cut since."""

    name: str
    links: frozenset[Link]
    cut: frozenset[Link] = frozenset()


def load_scene(name: str) -> Scene:
    """Read the scene ``name``.

    Raises:
        ConfigError: There is none of that name, or its file has an error.
    """
    _check_name(name)
    path = _get_path(name)
    if not path.exists():
        raise ConfigError(f"no scene is named {name}", suggest_nearest(name, list_names(), "save one first"))
    return Scene(name, read_links(path, read_toml(path, SceneFile).links))


def save_scene(name: str, links: Iterable[Link]) -> Scene:
    """Write ``links`` as the scene ``name``, atomically. An existing file keeps its ``doc`` and comments.

    Raises:
        ConfigError: The name is not allowed, an existing file has an error, or it cannot be written.
    """
    _check_name(name)
    if other := find_clash(name, list_names()):
        raise ConfigError(f"{name}: there is a scene {other} already", f"write {other}, or choose another name")
    path, wanted = _get_path(name), frozenset(links)
    if path.exists():
        if read_links(path, read_toml(path, SceneFile).links) != wanted:
            write_atomic(path, _update_text(path, wanted))
    else:
        write_atomic(path, _format_fresh(wanted))
    return Scene(name, wanted)


def delete_scene(name: str) -> None:
    """Remove the file of the scene ``name``.

    Raises:
        ConfigError: There is none of that name, or it cannot be removed.
    """
    _check_name(name)
    try:
        _get_path(name).unlink()
    except FileNotFoundError as error:
        raise ConfigError(f"no scene is named {name}", suggest_nearest(name, list_names(), "none is saved")) from error
    except OSError as error:
        raise ConfigError(
            f"{_get_path(name)}: cannot be removed ({error.strerror})", "check its permissions"
        ) from error


def list_names() -> list[str]:
    """The names of all scenes, of broken files too, sorted.

    Raises:
        ConfigError: The folder cannot be read.
    """
    folder = user_dir(FOLDER)
    try:
        entries = list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read ({error.strerror})", "check its permissions") from error
    names = (path.name.removesuffix(SUFFIX) for path in entries if path.name.endswith(SUFFIX))
    return sorted(name for name in names if not why_not_plain(name))


def list_scenes() -> list[Scene]:
    """All scenes by name; one whose file has an error is listed with its problem."""
    scenes = []
    for name in list_names():
        try:
            scenes.append(load_scene(name))
        except ConfigError as error:
            scenes.append(Scene(name, problem=str(error)))
    return scenes


def read_folder_state() -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of each file: different after any of them was written."""
    found = []
    for name in list_names():
        try:
            status = _get_path(name).stat()
        except OSError:
            continue  # removed since it was listed
        found.append((name, status.st_size, status.st_mtime_ns))
    return tuple(found)


def read_links(path: Path, links: Iterable[SceneLink], key: str = "links") -> frozenset[Link]:
    """The links of a file's table.

    Raises:
        ConfigError: A port has no client.
    """
    for index, link in enumerate(links):
        for field, port in (("source", link.source), ("destination", link.destination)):
            client, colon, short = port.partition(":")
            if not (client and colon and short):
                raise ConfigError(
                    f"{path}: {key}[{index}].{field}: {shorten(repr(port))} is not the full name of a port",
                    "write client:port",
                )
    return frozenset((link.source, link.destination) for link in links)


def format_links(links: Iterable[Link]) -> Any:
    """The links as a TOML array, one a line, sorted."""
    array = tomlkit.array()
    for source, destination in sorted(links):
        entry = tomlkit.inline_table()
        entry.append("source", source)
        entry.append("destination", destination)
        array.append(entry)
    return array.multiline(True)


def _get_path(name: str) -> Path:
    return user_dir(FOLDER) / f"{name}{SUFFIX}"


def _check_name(name: str) -> None:
    if reason := why_not_plain(name):
        raise ConfigError(f"{shorten(repr(name))} cannot be a scene's name: {reason}", "choose another")


def _format_fresh(links: frozenset[Link]) -> str:
    document = tomlkit.document()
    document.add("schema", tomlkit.item(SCHEMA))
    document.add("links", format_links(links))
    return document.as_string()


def _update_text(path: Path, links: frozenset[Link]) -> str:
    """The text of the file with other links; a fresh one where its layout cannot be edited."""
    try:
        document = tomlkit.parse(read_text(path))
        document["links"] = format_links(links)
        return document.as_string()
    except TOMLKitError:
        return _format_fresh(links)
