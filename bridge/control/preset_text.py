"""Preset text: the TOML of a preset file, written afresh or changed with its comments kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table as TomlTable

from bridge.config import SCHEMA
from bridge.core.control import Value
from bridge.errors import ConfigError
from bridge.toml import parse_text


def flatten_names(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten nested tables to dotted names and their values."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flatten_names(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def is_same(present: Mapping[str, Any], wanted: Mapping[str, Value]) -> bool:
    """Whether both have the same names, values and types: 1, 1.0 and true differ."""
    return present == wanted and all(type(present[name]) is type(value) for name, value in wanted.items())


def format_preset(name: str, doc: str, wanted: Mapping[str, Value]) -> str:
    """A fresh text with these values, by control name."""
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


def update_values(text: str, place: str, wanted: Mapping[str, Value]) -> str | None:
    """``text`` with the values of ``wanted`` and its comments; ``place``: the file, for errors.

    None where the layout cannot be edited: tables defined out of order, an inline table.
    """
    try:
        document: Any = tomlkit.parse(text)
        present = dict(flatten_names(parse_text(text, place)["controls"]))
        _edit(document["controls"], "", present, wanted)
        for name, value in wanted.items():
            if name not in present:
                _add(document["controls"], name.split("."), value)
        edited: str = document.as_string()
        kept = is_same(dict(flatten_names(parse_text(edited, place)["controls"])), wanted)
    except (TOMLKitError, ConfigError, AttributeError):
        return None
    return edited if kept else None


def update_word(text: str, place: str, key: str, word: str) -> str | None:
    """``text`` with the top-level ``key`` (name, doc) set to ``word``, or removed where it is empty.

    None where the layout cannot be edited.
    """
    try:
        document: Any = tomlkit.parse(text)
        if word:
            document[key] = word
        else:
            document.pop(key, None)
        edited: str = document.as_string()
        before, after = parse_text(text, place), parse_text(edited, place)
    except (TOMLKitError, ConfigError, AttributeError):
        return None
    wanted = {name: value for name, value in before.items() if name != key} | ({key: word} if word else {})
    return edited if after == wanted else None


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
