"""Chain lookup: the chains that ship with Sideman and those in the user's folder, by name, or any file by its path."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge.config import find_data_files, user_dir
from bridge.errors import ConfigError, find_nearest
from bridge.names import find_clash, why_not_plain
from bridge.toml import shorten
from chains.document.chain import Chain
from chains.document.chain_file import SUFFIX, read_chain

SHIPPED = "presets.chains"
"""The data package with the shipped chains; named, not imported, as it is no part of this package."""
FOLDER = "chains"
"""Subfolder of the user's folder."""


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """A chain file. ``name``: of the file, without its extension. ``origin``: ``user``, ``shipped`` or ``file``.

    ``chain``: None where it cannot be read, then ``problem`` says why.
    """

    name: str
    origin: str
    path: Path | Traversable
    chain: Chain | None = None
    problem: str = ""


def list_chains() -> tuple[ChainEntry, ...]:
    """List all chains by name; a user's file takes the place of the shipped one of the same name.

    One that cannot be read, or has a name that is not allowed, is listed with its problem.

    Raises:
        ConfigError: The user's folder cannot be read.
    """
    return tuple(_read_entry(*found) for found in sorted(_find_files().values(), key=lambda found: found[0]))


def find_chain(name: str) -> Path | Traversable:
    """The file of a chain: the user's, else the shipped one, of this name; or the path itself, where it is one.

    A path has a folder in it or ends in ``.toml``.

    Raises:
        ConfigError: There is none, or the user's folder cannot be read.
    """
    if is_path(name):
        path = Path(name).expanduser()
        if not path.exists():
            raise ConfigError(f"{name}: no such file", "check the path; sideman chain list shows the chains by name")
        return path
    files = _find_files()
    if name not in files:
        near = find_nearest(name, files)
        hint = f"did you mean {near}?" if near else "sideman chain list shows them;"
        hint += " a file is given with its path, such as ./my-chain.toml"
        raise ConfigError(f"no chain is named {shorten(repr(name))}", hint)
    return files[name][2]


def load_chain(name: str) -> tuple[Path | Traversable, Chain]:
    """Find and read a chain by its name or path.

    Raises:
        ConfigError: There is none, or it cannot be read.
    """
    path = find_chain(name)
    return path, read_chain(path)


def get_user_path(name: str) -> Path:
    """The path of the user's chain ``name``, which may not exist yet.

    Raises:
        ConfigError: The name is not portable, or differs from another chain's in case only, which is the same file on
            Windows and macOS.
    """
    if reason := why_not_plain(name):
        raise ConfigError(f"{shorten(repr(name))} cannot be a chain's name: {reason}", "choose another")
    if other := find_clash(name, _find_files()):
        raise ConfigError(f"{name}: there is a chain {other} already", f"write {other}, or choose another name")
    return user_dir(FOLDER) / f"{name}{SUFFIX}"


def is_path(name: str) -> bool:
    """Whether ``name`` is the path of a file, not the name of a chain."""
    return "/" in name or "\\" in name or name.endswith(SUFFIX)


def is_chain_name(name: str) -> bool:
    """Whether there is a chain of this name, shipped or the user's."""
    return name in _find_files()


def _find_files() -> dict[str, tuple[str, str, Path | Traversable]]:
    """Name, origin and file of each chain by name; the user's after the shipped ones."""
    return {found[0]: found for found in find_data_files(SHIPPED, FOLDER, SUFFIX)}


def _read_entry(name: str, origin: str, path: Path | Traversable) -> ChainEntry:
    if reason := why_not_plain(name):
        shown = name if name.isascii() and name.isprintable() else ascii(name)
        return ChainEntry(shorten(shown), origin, path, None, f"cannot be a chain's name: {reason}; rename the file")
    try:
        return ChainEntry(name, origin, path, read_chain(path))
    except ConfigError as error:
        return ChainEntry(name, origin, path, None, str(error))
