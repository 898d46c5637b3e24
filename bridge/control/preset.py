"""Session presets: the controls as a TOML file.

    schema = 1
    name = "karaoke"
    doc = "Everything but the voice."
    [controls]
    stems.vocals.mute = true

A preset sets the controls that it names and leaves the others alone. The keys are the controls' names; nested
tables (``[controls.stems.vocals]``) and quoted names mean the same. The user's presets win over the shipped
ones of the same name.
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
from bridge.control.spec import Value, nearest, plain, value_of
from bridge.errors import ConfigError, ControlError
from bridge.names import clash, why_not_plain
from bridge.toml import parse_text, read_text, shortened

SHIPPED = "presets"
"""The data package with the presets that come along; named, not imported, as it stands beside the bridge."""

FOLDER, SUFFIX = "presets", ".toml"
"""Below the user's folder, and what a file's name ends in."""


class PresetFile(Table, frozen=True):
    """The file's own keys; what ``controls`` may hold is known to the registry."""

    schema: int
    name: str
    controls: dict[str, Any]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """``values``: numbers by control name, checked and within their ranges."""

    name: str
    doc: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Listed:
    """A preset that can be loaded by ``name``. ``origin``: ``user`` or ``shipped``. ``problem``: why it cannot."""

    name: str
    origin: str
    doc: str
    problem: str = ""


def load(path: Path | Traversable, registry: Registry) -> Preset:
    """Read and check a preset; the first thing wrong is a `ConfigError` and nothing is set."""
    file = read_toml(path, PresetFile)
    values: dict[str, float] = {}
    for name, value in _flat(file.controls):
        if name in values:
            raise ConfigError(f"{path}: controls.{name}: is there twice", "keep one of them")
        values[name] = _checked(path, registry, name, value)
    return Preset(file.name, file.doc, values)


def apply(preset: Preset, bus: Bus, source: str = "preset") -> None:
    """Set what the preset names; everything was checked when it was loaded."""
    for name, value in preset.values.items():
        bus.set(name, plain(bus.registry.control(name), value), source)


def save(bus: Bus, path: Path) -> None:
    """Write the controls that presets keep to ``path``, atomically; comments in an existing file live on.

    A file that says just this already is left as it is, and nothing is written.
    """
    values = bus.values()
    wanted: dict[str, Value] = {c.name: plain(c, values[c.name]) for c in bus.registry.controls if c.saved}
    if not path.exists():
        write_atomic(path, _fresh(path.stem, "", wanted))
        return
    old = read_toml(path, PresetFile)
    if not _same(dict(_flat(old.controls)), wanted):
        write_atomic(path, _updated(path, old, wanted))


def user_path(name: str) -> Path:
    """Where the user's preset ``name`` is to be saved.

    Raises ConfigError where some system cannot have a file of that name, or where it differs from another preset's in
    case alone, which is the same file on Windows and macOS.
    """
    if reason := why_not_plain(name):
        raise ConfigError(f"{shortened(repr(name))} cannot be a preset's name: {reason}", "choose another")
    if other := clash(name, [one for one, _, _ in _files()]):
        raise ConfigError(f"{name}: there is a preset {other} already", f"write {other}, or choose another name")
    return user_dir(FOLDER) / f"{name}{SUFFIX}"


def find(name: str) -> Path | Traversable:
    """The file of preset ``name``, spelled as it is: the user's, else the shipped one."""
    found = {one: entry for one, _, entry in _files()}
    if reason := why_not_plain(name):
        raise ConfigError(f"{shortened(repr(name))} cannot be a preset's name: {reason}", "choose another")
    if name not in found:
        raise ConfigError(f"no preset is named {name}", nearest(name, found, "sideman preset list shows them"))
    return found[name]


def listing() -> list[Listed]:
    """What `find` can find, by name; a file that cannot be read, or cannot be called so, is listed with its problem."""
    found = {name: _listed(entry, name, origin) for name, origin, entry in _files()}
    return sorted(found.values(), key=lambda one: one.name)


def _files() -> Iterator[tuple[str, str, Path | Traversable]]:
    """Name, origin and file of each preset, the shipped ones first; hidden files are none."""
    for origin, folder in (("shipped", resources.files(SHIPPED)), ("user", user_dir(FOLDER))):
        try:
            entries = list(folder.iterdir()) if folder.is_dir() else []
        except OSError as error:
            raise ConfigError(f"{folder}: cannot be read ({error.strerror})", "check its permissions") from error
        for entry in entries:
            if entry.name.endswith(SUFFIX) and not entry.name.startswith("."):
                yield entry.name.removesuffix(SUFFIX), origin, entry


def _listed(entry: Path | Traversable, name: str, origin: str) -> Listed:
    if reason := why_not_plain(name):
        shown = name if name.isascii() and name.isprintable() else ascii(name)
        return Listed(shortened(shown), origin, "", f"cannot be a preset's name: {reason}; rename the file")
    try:
        return Listed(name, origin, read_toml(entry, PresetFile).doc)
    except ConfigError as error:
        return Listed(name, origin, "", str(error))


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted names."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _checked(path: Path | Traversable, registry: Registry, name: str, value: object) -> float:
    try:
        control = registry.control(name)
        number = value_of(control, value)
    except ControlError as error:
        raise ConfigError(f"{path}: controls.{name}: {error.message}", error.hint) from error
    if control.clamp(number) != number:
        kind = "a whole number, " if control.kind in {"integer", "switch", "choice"} else ""
        raise ConfigError(
            f"{path}: controls.{name}: {value} is out of range", f"give {kind}{control.low:g} to {control.high:g}"
        )
    if not control.saved:
        raise ConfigError(f"{path}: controls.{name}: belongs to a moment, not to a session", "remove it")
    return number


def _fresh(name: str, doc: str, wanted: Mapping[str, Value]) -> str:
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


def _updated(path: Path, old: PresetFile, wanted: Mapping[str, Value]) -> str:
    """The text of the file at ``path``, which is ``old``, with the values of ``wanted`` and its comments kept.

    Where the layout defies editing (tables defined out of order), a fresh text with the same name and doc.
    """
    present = dict(_flat(old.controls))
    try:
        document: Any = tomlkit.parse(read_text(path))
        _edit(document["controls"], "", present, wanted)
        for name, value in wanted.items():
            if name not in present:
                _add(document["controls"], name.split("."), value)
        text: str = document.as_string()
        kept = _same(dict(_flat(parse_text(text, str(path))["controls"])), wanted)
    except (TOMLKitError, ConfigError, AttributeError):
        # an inline table, or [controls] itself in pieces
        kept = False
    return text if kept else _fresh(old.name, old.doc, wanted)


def _same(present: Mapping[str, Any], wanted: Mapping[str, Value]) -> bool:
    """Whether both are alike in names, values and types: 1, 1.0 and true are three."""
    return present == wanted and all(type(present[name]) is type(value) for name, value in wanted.items())


def _add(table: Any, parts: list[str], value: Value) -> None:
    """Add a key to the innermost table that exists for it, so that it stands among its like.

    What dotted keys define is no table of tomlkit's, only a view of one, and cannot be added to.
    """
    while len(parts) > 1 and isinstance(table.get(parts[0]), TomlTable):
        table, parts = table[parts[0]], parts[1:]
    table.append(tomlkit.key(parts), tomlkit.item(value))


def _edit(table: Any, prefix: str, present: Mapping[str, Any], wanted: Mapping[str, Value]) -> None:
    """Give every key of a tomlkit table its value in ``wanted``; drop what is not wanted any more."""
    for key in list(table):
        name = f"{prefix}{key}"
        if name not in present:
            _edit(table[key], f"{name}.", present, wanted)
        elif name not in wanted:
            del table[key]
        elif present[name] != wanted[name] or type(present[name]) is not type(wanted[name]):
            table[key] = wanted[name]
