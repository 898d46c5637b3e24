"""Preset lookup: the presets that ship with Sideman and those in the user's folder, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge.config import find_data_files, read_toml, user_dir, write_atomic
from bridge.control.preset import PresetFile, check_doc, load
from bridge.control.preset_text import flatten_names, update_word
from bridge.control.registry import Registry
from bridge.core.control import suggest_nearest
from bridge.errors import ConfigError
from bridge.names import find_clash, why_not_plain
from bridge.toml import read_text, shorten

SHIPPED = "presets"
"""The data package with the shipped presets; named, not imported, as it is a sibling of the bridge."""

FOLDER, SUFFIX = "presets", ".toml"
"""Subfolder of the user's folder, and file extension."""


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """An entry of the preset list.

    ``origin``: ``user`` or ``shipped``. ``controls``: how many the file names. ``problem``: why it cannot be loaded.
    """

    name: str
    origin: str
    doc: str = ""
    problem: str = ""
    controls: int = 0


def get_user_path(name: str) -> Path:
    """The path for saving the user's preset ``name``.

    Raises:
        ConfigError: The file name is not portable, or differs from another preset's in case only, which is the same
            file on Windows and macOS.
    """
    return _make_user_path(name, [one for one, _, _ in _find_files()])


def _make_user_path(name: str, others: list[str]) -> Path:
    _check_name(name)
    if other := find_clash(name, others):
        raise ConfigError(f"{name}: there is a preset {other} already", f"write {other}, or choose another name")
    return user_dir(FOLDER) / f"{name}{SUFFIX}"


def find_preset(name: str) -> Path | Traversable:
    """The file of preset ``name``, case-sensitive: the user's, else the shipped one.

    Raises:
        ConfigError: There is none, or the name is not allowed.
    """
    found = {one: entry for one, _, entry in _find_files()}
    _check_name(name)
    if name not in found:
        raise ConfigError(f"no preset is named {name}", suggest_nearest(name, found, "sideman preset list shows them"))
    return found[name]


def list_presets(registry: Registry | None = None) -> list[PresetEntry]:
    """List all presets by name; a file that cannot be loaded, or has an invalid name, is listed with its problem.

    With a ``registry`` the controls and values of each are checked, too.
    """
    found = {name: _read_entry(entry, name, origin, registry) for name, origin, entry in _find_files()}
    return sorted(found.values(), key=lambda one: one.name)


def rename_preset(name: str, new: str) -> None:
    """Give the user's preset ``name`` another name, also in the file. A broken file is renamed as it is.

    Raises:
        ConfigError: It is shipped or missing, the new name is taken or not allowed, or the file cannot be renamed.
    """
    path = _find_users(name, "renamed")
    others = [(one, origin) for one, origin, _ in _find_files()]
    # the file itself may change its case; a user's file of the new name would be lost
    target = _make_user_path(new, [one for one, _ in others if one != name])
    if new == name:
        return
    if (new, "user") in others:
        raise ConfigError(f"there is a preset {new} already", "choose another name, or delete that one first")
    try:
        path.rename(target)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be renamed ({error.strerror})", "check the folder's permissions") from error
    _write_word(target, "name", new)


def delete_preset(name: str) -> None:
    """Delete the user's preset ``name``. A shipped one of that name, which it took the place of, is there again.

    Raises:
        ConfigError: It is shipped or missing, or cannot be deleted.
    """
    path = _find_users(name, "deleted")
    try:
        path.unlink()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be deleted ({error.strerror})", "check the folder's permissions") from error


def describe_preset(name: str, doc: str) -> None:
    """Set the description of the user's preset ``name``; an empty one removes it.

    Raises:
        ConfigError: It is shipped, missing or broken, or the description is no line of text.
    """
    path = _find_users(name, "described")
    check_doc(doc)
    read_toml(path, PresetFile)
    if not _write_word(path, "doc", doc):
        raise ConfigError(f"{path}: its layout cannot be edited", "write doc = ... into the file by hand")


def _check_name(name: str) -> None:
    if reason := why_not_plain(name):
        raise ConfigError(f"{shorten(repr(name))} cannot be a preset's name: {reason}", "choose another")


def _find_users(name: str, what: str) -> Path:
    """The file of the user's preset ``name``, which is to be ``what`` (renamed, deleted, described)."""
    path = find_preset(name)
    if not isinstance(path, Path) or path.parent != user_dir(FOLDER):
        raise ConfigError(f"{name} is shipped and cannot be {what}", "save it under another name")
    return path


def _write_word(path: Path, key: str, word: str) -> bool:
    """Set a top-level key of the file; False, and nothing written, where its layout cannot be edited."""
    try:
        text = update_word(read_text(path), str(path), key, word)
    except ConfigError:
        return False  # no readable text: the list of presets says why
    if text is not None:
        write_atomic(path, text)
    return text is not None


def _find_files() -> Iterator[tuple[str, str, Path | Traversable]]:
    """Name, origin and file of each preset, the shipped ones first, without hidden files."""
    return find_data_files(SHIPPED, FOLDER, SUFFIX)


def _read_entry(entry: Path | Traversable, name: str, origin: str, registry: Registry | None) -> PresetEntry:
    if reason := why_not_plain(name):
        shown = name if name.isascii() and name.isprintable() else ascii(name)
        return PresetEntry(shorten(shown), origin, "", f"cannot be a preset's name: {reason}; rename the file")
    try:
        file = read_toml(entry, PresetFile)
    except ConfigError as error:
        return PresetEntry(name, origin, "", str(error))
    problem = ""
    if registry is not None:
        try:
            load(entry, registry)
        except ConfigError as error:
            problem = str(error)
    return PresetEntry(name, origin, file.doc, problem, sum(1 for _ in flatten_names(file.controls)))
