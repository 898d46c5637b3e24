"""Session presets: control values in a TOML file.

    schema = 1
    name = "karaoke"
    doc = "Everything but the voice."
    [controls]
    stems.vocals.mute = true

A preset sets the controls that it names and leaves the others alone. The keys are control names; nested tables
(``[controls.stems.vocals]``) and quoted names are equivalent. User presets override shipped ones of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table as TomlTable

from bridge.config import SCHEMA, Table, read_toml, user_dir, write_atomic
from bridge.control.bus import Bus
from bridge.control.registry import Registry
from bridge.core.control import Value, format_value, parse_value, suggest_nearest
from bridge.errors import ConfigError, ControlError
from bridge.names import find_clash, why_not_plain
from bridge.toml import parse_text, read_text, shorten

SHIPPED = "presets"
"""The data package with the shipped presets; named, not imported, as it is a sibling of the bridge."""

FOLDER, SUFFIX = "presets", ".toml"
"""Subfolder of the user's folder, and file extension."""


class PresetFile(Table, frozen=True):
    """Keys of a preset file; the registry validates ``controls``."""

    schema: int
    name: str
    controls: dict[str, Any]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """A loaded preset. ``values``: numbers by control name, validated and inside the range."""

    name: str
    doc: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """An entry of the preset list. ``origin``: ``user`` or ``shipped``. ``problem``: why it cannot be loaded."""

    name: str
    origin: str
    doc: str
    problem: str = ""


def load(path: Path | Traversable, registry: Registry) -> Preset:
    """Read and validate a preset. Nothing is set.

    Raises:
        ConfigError: The file cannot be read, or a name or value in it is wrong. The first problem is reported.
    """
    file = read_toml(path, PresetFile)
    values: dict[str, float] = {}
    for name, value in _flatten(file.controls):
        if name in values:
            raise ConfigError(f"{path}: controls.{name}: is set twice", "keep one of them")
        values[name] = _check_value(path, registry, name, value)
    return Preset(file.name, file.doc, values)


def apply(preset: Preset, bus: Bus, source: str = "preset") -> None:
    """Set the controls that the preset names, all at once. They were validated by `load`."""
    values = {name: format_value(bus.registry.get_control(name), value) for name, value in preset.values.items()}
    bus.set_all(values, source)


def save(bus: Bus, path: Path) -> None:
    """Write all controls but the momentary ones to ``path`` atomically. The comments of an existing file are kept.

    A file that has the same values already is not written.

    Raises:
        ConfigError: An existing file is no valid preset, or the file cannot be written.
    """
    values = bus.values()
    wanted: dict[str, Value] = {c.name: format_value(c, values[c.name]) for c in bus.registry.controls if c.saved}
    if not path.exists():
        write_atomic(path, _format_fresh(path.stem, "", wanted))
        return
    old = read_toml(path, PresetFile)
    if not _is_same(dict(_flatten(old.controls)), wanted):
        write_atomic(path, _update_text(path, old, wanted))


def get_user_path(name: str) -> Path:
    """The path for saving the user's preset ``name``.

    Raises:
        ConfigError: The file name is not portable, or differs from another preset's in case only, which is the same
            file on Windows and macOS.
    """
    if reason := why_not_plain(name):
        raise ConfigError(f"{shorten(repr(name))} cannot be a preset's name: {reason}", "choose another")
    if other := find_clash(name, [one for one, _, _ in _find_files()]):
        raise ConfigError(f"{name}: there is a preset {other} already", f"write {other}, or choose another name")
    return user_dir(FOLDER) / f"{name}{SUFFIX}"


def find(name: str) -> Path | Traversable:
    """The file of preset ``name``, case-sensitive: the user's, else the shipped one.

    Raises:
        ConfigError: There is none, or the name is not allowed.
    """
    found = {one: entry for one, _, entry in _find_files()}
    if reason := why_not_plain(name):
        raise ConfigError(f"{shorten(repr(name))} cannot be a preset's name: {reason}", "choose another")
    if name not in found:
        raise ConfigError(f"no preset is named {name}", suggest_nearest(name, found, "sideman preset list shows them"))
    return found[name]


def list_presets() -> list[PresetEntry]:
    """List all presets by name; a file that cannot be read, or has an invalid name, is listed with its problem."""
    found = {name: _read_entry(entry, name, origin) for name, origin, entry in _find_files()}
    return sorted(found.values(), key=lambda one: one.name)


def _find_files() -> Iterator[tuple[str, str, Path | Traversable]]:
    """Name, origin and file of each preset, the shipped ones first, without hidden files."""
    for origin, folder in (("shipped", resources.files(SHIPPED)), ("user", user_dir(FOLDER))):
        try:
            entries = list(folder.iterdir()) if folder.is_dir() else []
        except OSError as error:
            raise ConfigError(f"{folder}: cannot be read ({error.strerror})", "check its permissions") from error
        for entry in entries:
            if entry.name.endswith(SUFFIX) and not entry.name.startswith("."):
                yield entry.name.removesuffix(SUFFIX), origin, entry


def _read_entry(entry: Path | Traversable, name: str, origin: str) -> PresetEntry:
    if reason := why_not_plain(name):
        shown = name if name.isascii() and name.isprintable() else ascii(name)
        return PresetEntry(shorten(shown), origin, "", f"cannot be a preset's name: {reason}; rename the file")
    try:
        return PresetEntry(name, origin, read_toml(entry, PresetFile).doc)
    except ConfigError as error:
        return PresetEntry(name, origin, "", str(error))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten nested tables to dotted names."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _check_value(path: Path | Traversable, registry: Registry, name: str, value: object) -> float:
    try:
        control = registry.get_control(name)
        number = parse_value(control, value)
    except ControlError as error:
        raise ConfigError(f"{path}: controls.{name}: {error.message}", error.hint) from error
    if control.clamp(number) != number:
        kind = "a whole number, " if control.is_whole else ""
        raise ConfigError(
            f"{path}: controls.{name}: {value} is out of range", f"give {kind}{control.low:g} to {control.high:g}"
        )
    if not control.saved:
        raise ConfigError(f"{path}: controls.{name}: is not saved in presets", "remove it")
    return number


def _format_fresh(name: str, doc: str, wanted: Mapping[str, Value]) -> str:
    document = tomlkit.document()
    document.add("schema", tomlkit.item(SCHEMA))
    document.add("name", tomlkit.item(name))
    if doc:
        document.add("doc", tomlkit.item(doc))
    table = tomlkit.table()
    document.add("controls", table)
    for key, value in wanted.items():
        table.append(tomlkit.key(key.split(".")), tomlkit.item(value))
    return document.as_string()


def _update_text(path: Path, old: PresetFile, wanted: Mapping[str, Value]) -> str:
    """The text of the file at ``path``, parsed as ``old``, with the values of ``wanted`` and its comments.

    Where the layout cannot be edited (tables defined out of order), a fresh text with the same name and doc.
    """
    present = dict(_flatten(old.controls))
    try:
        document: Any = tomlkit.parse(read_text(path))
        _edit(document["controls"], "", present, wanted)
        for name, value in wanted.items():
            if name not in present:
                _add(document["controls"], name.split("."), value)
        text: str = document.as_string()
        kept = _is_same(dict(_flatten(parse_text(text, str(path))["controls"])), wanted)
    except (TOMLKitError, ConfigError, AttributeError):
        # an inline table, or [controls] itself in pieces
        kept = False
    return text if kept else _format_fresh(old.name, old.doc, wanted)


def _is_same(present: Mapping[str, Any], wanted: Mapping[str, Value]) -> bool:
    """Whether both have the same names, values and types: 1, 1.0 and true differ."""
    return present == wanted and all(type(present[name]) is type(value) for name, value in wanted.items())


def _add(table: Any, parts: list[str], value: Value) -> None:
    """Add a key to the innermost existing table for it, so that it stands next to its siblings.

    Dotted keys define no tomlkit table, only a view of one, which cannot be added to.
    """
    while len(parts) > 1 and isinstance(table.get(parts[0]), TomlTable):
        table, parts = table[parts[0]], parts[1:]
    table.append(tomlkit.key(parts), tomlkit.item(value))


def _edit(table: Any, prefix: str, present: Mapping[str, Any], wanted: Mapping[str, Value]) -> None:
    """Set every key of a tomlkit table to its value in ``wanted``; delete keys that are not in it."""
    for key in list(table):
        name = f"{prefix}{key}"
        if name not in present:
            _edit(table[key], f"{name}.", present, wanted)
        elif name not in wanted:
            del table[key]
        elif present[name] != wanted[name] or type(present[name]) is not type(wanted[name]):
            table[key] = wanted[name]
