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

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bridge.config import Table, read_toml, write_atomic
from bridge.control.bus import Bus
from bridge.control.preset_text import flatten_names, format_preset, is_same, update_values, update_word
from bridge.control.registry import Registry
from bridge.core.control import Value, format_value
from bridge.errors import ConfigError, ControlError
from bridge.toml import read_text, shorten

LONGEST_DOC = 200
"""Characters of a preset's description: it is one line of a list."""


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


def load(path: Path | Traversable, registry: Registry) -> Preset:
    """Read and validate a preset that is to be set. Nothing is set.

    Raises:
        ConfigError: The file cannot be read, a name or value in it is wrong, or it names a choice that cannot be chosen
            now. The first problem is reported.
    """
    loaded = read(path, registry)
    for name, number in loaded.values.items():
        try:
            registry.get_control(name).check_available(number)
        except ControlError as error:
            raise ConfigError(f"{path}: controls.{error.message}", error.hint) from error
    return loaded


def read(path: Path | Traversable, registry: Registry) -> Preset:
    """Read and validate a preset, which may name a choice that cannot be chosen now.

    Raises:
        ConfigError: The file cannot be read, or a name or value in it is wrong. The first problem is reported.
    """
    file = read_toml(path, PresetFile)
    values: dict[str, float] = {}
    for name, value in flatten_names(file.controls):
        if name in values:
            raise ConfigError(f"{path}: controls.{name}: is set twice", "keep one of them")
        values[name] = _check_value(path, registry, name, value)
    return Preset(file.name, file.doc, values)


def apply(preset: Preset, bus: Bus, source: str = "preset") -> None:
    """Set the controls that the preset names, all at once. They were validated by `load`."""
    values = {name: format_value(bus.registry.get_control(name), value) for name, value in preset.values.items()}
    bus.set_all(values, source)


def save(bus: Bus, path: Path, doc: str | None = None) -> None:
    """Write all controls but the momentary ones to ``path`` atomically. The comments of an existing file are kept.

    ``doc``: its description; None keeps that of an existing file. A file that has the same values already is not
    written.

    Raises:
        ConfigError: An existing file is no valid preset, the description is no line of text, or the file cannot be
            written.
    """
    values = bus.values()
    wanted: dict[str, Value] = {c.name: format_value(c, values[c.name]) for c in bus.registry.controls if c.saved}
    if doc is not None:
        check_doc(doc)
    if not path.exists():
        write_atomic(path, format_preset(path.stem, doc or "", wanted))
        return
    old = read_toml(path, PresetFile)
    new_doc = old.doc if doc is None else doc
    if is_same(dict(flatten_names(old.controls)), wanted) and new_doc == old.doc:
        return
    text: str | None = update_values(read_text(path), str(path), wanted)
    if text is not None and new_doc != old.doc:
        text = update_word(text, str(path), "doc", new_doc)
    write_atomic(path, format_preset(old.name, new_doc, wanted) if text is None else text)


def check_doc(doc: str) -> None:
    """Check a preset's description.

    Raises:
        ConfigError: It is too long, or more than a line of text.
    """
    if len(doc) > LONGEST_DOC:
        raise ConfigError(f"the description has {len(doc)} characters", f"give {LONGEST_DOC} at most")
    if not doc.isprintable():
        raise ConfigError(f"the description {shorten(ascii(doc))} has control characters", "give one line of text")


def _check_value(path: Path | Traversable, registry: Registry, name: str, value: object) -> float:
    try:
        number = registry.parse_value(name, value)
        control = registry.get_control(name)
    except ControlError as error:
        message = error.message.removeprefix(f"{name}: ")
        raise ConfigError(f"{path}: controls.{name}: {message}", error.hint) from error
    if control.clamp(number) != number:
        kind = "a whole number, " if control.is_whole else ""
        raise ConfigError(
            f"{path}: controls.{name}: {value} is out of range", f"give {kind}{control.low:g} to {control.high:g}"
        )
    if not control.saved:
        raise ConfigError(f"{path}: controls.{name}: is not saved in presets", "remove it")
    return number
