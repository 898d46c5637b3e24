"""Mapping lookup: the mapping files that ship with Sideman and those in the user's folder, by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge.config import find_data_files, user_dir
from bridge.controllers.mappings.mapping_reader import read_mapping_file
from bridge.errors import ConfigError, did_you_mean
from bridge.names import find_clash, why_not_plain
from bridge.toml import shorten

SHIPPED = "mappings"
"""The data package with the shipped mappings; named, not imported, as it is a sibling of the bridge."""
FOLDER, SUFFIX = "mappings", ".toml"
"""Subfolder of the user's folder, and file extension."""


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """A mapping file. ``name``: of the file, without its extension. ``origin``: ``user`` or ``shipped``.

    ``title`` and ``doc``: name and description in the file; empty where it cannot be read, then ``problem`` says why.
    """

    name: str
    origin: str
    path: Path | Traversable
    title: str = ""
    doc: str = ""
    problem: str = ""


def list_mappings() -> tuple[MappingEntry, ...]:
    """List all mapping files by name; a user's file takes the place of the shipped one of the same name.

    One that is no mapping file, or has a name that is not allowed, is listed with its problem. Whether its controls
    exist is not looked at; `bridge.controllers.mappings.mapping_reader.read_mapping` does.

    Raises:
        ConfigError: The user's folder cannot be read.
    """
    return tuple(_read_entry(*found) for found in sorted(_find_files().values(), key=lambda found: found[0]))


def find_mapping(name: str) -> MappingEntry:
    """The mapping file ``name``, case-sensitive: the user's, else the shipped one.

    Raises:
        ConfigError: There is none, or the user's folder cannot be read.
    """
    files = _find_files()
    if name not in files:
        raise ConfigError(f"no mapping is named {shorten(repr(name))}", did_you_mean(name, sorted(files)))
    return _read_entry(*files[name])


def get_user_path(name: str) -> Path:
    """The path of the user's mapping ``name``, which may not exist yet.

    Raises:
        ConfigError: The name is not portable, or differs from another mapping's in case only, which is the same file
            on Windows and macOS.
    """
    if reason := why_not_plain(name):
        raise ConfigError(f"{shorten(repr(name))} cannot be a mapping's name: {reason}", "choose another")
    if other := find_clash(name, _find_files()):
        raise ConfigError(f"{name}: there is a mapping {other} already", f"write {other}, or choose another name")
    return user_dir(FOLDER) / f"{name}{SUFFIX}"


def _find_files() -> dict[str, tuple[str, str, Path | Traversable]]:
    """Name, origin and file of each mapping by name, without hidden files; the user's after the shipped ones."""
    return {found[0]: found for found in find_data_files(SHIPPED, FOLDER, SUFFIX)}


def _read_entry(name: str, origin: str, entry: Path | Traversable) -> MappingEntry:
    if reason := why_not_plain(name):
        shown = name if name.isascii() and name.isprintable() else ascii(name)
        problem = f"cannot be a mapping's name: {reason}; rename the file"
        return MappingEntry(shorten(shown), origin, entry, problem=problem)
    try:
        file = read_mapping_file(entry)
    except ConfigError as error:
        return MappingEntry(name, origin, entry, problem=str(error))
    return MappingEntry(name, origin, entry, file.name, file.doc)
