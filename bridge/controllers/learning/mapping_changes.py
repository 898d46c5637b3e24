"""Mapping changes: the text of a mapping file with a learned binding added, or with bindings removed."""

from __future__ import annotations

from typing import Any

import msgspec

from bridge.controllers.learning.entry_splitting import cut_entry
from bridge.controllers.learning.learn import LearnedBinding, overlaps
from bridge.controllers.mappings.mapping import MessageSpec
from bridge.controllers.mappings.mapping_file import InputTable, MappingFile
from bridge.controllers.mappings.mapping_text import MappingText, edit_entry, format_entry
from bridge.controllers.mappings.message_specs import parse_message_specs
from bridge.errors import ConfigError
from bridge.toml import parse_text


def parse_mapping_file(text: str, place: str) -> MappingFile:
    """The tables of a mapping file with this text.

    Raises:
        ConfigError: It is none.
    """
    try:
        return msgspec.convert(parse_text(text, place), MappingFile)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{place}: {error}", "correct the file first") from error


def insert_binding(text: str, place: str, binding: LearnedBinding, light: bool) -> str:
    """``text`` with the binding in the place of what its message did. ``light``: with the light that was there."""
    mapping = MappingText(text, place)
    file = parse_mapping_file(text, place)
    new = _to_table(binding.entry)
    hosts = [
        (index, specs, hit)
        for index, table in enumerate(file.input)
        for specs in (parse_message_specs(table.midi, file.device.channel),)
        for hit in ([at for at, spec in enumerate(specs) if overlaps(spec, binding.spec)],)
        if hit
    ]
    if not hosts:
        mapping.append(format_entry(new))
    for number, (index, specs, hit) in enumerate(hosts):
        table, entry = file.input[index], mapping.entries[index]
        if number:
            mapping.replace(index, _cut_around(entry, specs, hit, []))
        elif (names := _rename(table, binding, specs, hit)) is not None:
            mapping.replace(index, [edit_entry(entry, {"set": names})])
        else:
            mapping.replace(index, _cut_around(entry, specs, hit, [_inherit(entry, specs, hit[0], new, light)]))
    return mapping.format()


def remove_bindings(text: str, place: str, name: str) -> str:
    """``text`` without what sets the control ``name`` or triggers the action."""
    mapping = MappingText(text, place)
    file = parse_mapping_file(text, place)
    for index, table in enumerate(file.input):
        specs = parse_message_specs(table.midi, file.device.channel)
        names = table.set or table.action
        spread = [names] * len(specs) if isinstance(names, str) else list(names)
        if hit := [at for at, one in enumerate(spread) if one == name]:
            mapping.replace(index, _cut_around(mapping.entries[index], specs, hit, []))
    return mapping.format()


def _cut_around(entry: str, specs: tuple[MessageSpec, ...], hit: list[int], instead: list[dict[str, Any]]) -> list[str]:
    """The entry's texts without the messages at ``hit``, with ``instead`` in the place of the first of them.

    The first text keeps the comments of the entry.
    """
    table = parse_text(entry, "entry")["input"][0]
    tables: list[dict[str, Any]] = []
    start = 0
    for at in (*hit, len(specs)):
        tables += cut_entry(table, specs, start, at) if at > start else []
        tables += instead if at == hit[0] else []
        start = at + 1
    texts = [format_entry(one) for one in tables]
    if tables:
        texts[0] = edit_entry(entry, {**dict.fromkeys(table), **tables[0]})
    return texts


def _rename(table: InputTable, binding: LearnedBinding, specs: tuple[MessageSpec, ...], hit: list[int]) -> Any:
    """The names of ``table.set`` with the learned one among them; None where the entries differ in more than that."""
    entry = binding.entry
    if not isinstance(entry.set, str) or [specs[at] for at in hit] != [binding.spec]:
        return None
    shown = {key: getattr(entry, key) for key in ("midi", "set", "led", "doc", "shape", "at", "to_next")}
    pickup = entry.pickup if table.pickup is None else table.pickup
    if msgspec.structs.replace(table, pickup=pickup, **shown) != entry:
        return None
    names = [table.set] * len(specs) if isinstance(table.set, str) else list(table.set)
    names[hit[0]] = entry.set
    return names if len(names) > 1 else names[0]


def _inherit(entry: str, specs: tuple[MessageSpec, ...], at: int, new: dict[str, Any], light: bool) -> dict[str, Any]:
    """The learned entry with the place on the device, and the light, that the one before it had there."""
    [old] = cut_entry(parse_text(entry, "entry")["input"][0], specs, at, at + 1)
    keys = ("shape", "at", "led") if light else ("shape", "at")
    keys = ("doc", *keys) if len(specs) == 1 else keys
    return {**{key: old[key] for key in keys if key in old}, **new}


def _to_table(entry: InputTable) -> dict[str, Any]:
    """The keys of ``entry`` that are not at their defaults."""
    fresh = InputTable(midi="")
    given = {key: value for key in entry.__struct_fields__ if (value := getattr(entry, key)) != getattr(fresh, key)}
    return {key: _shorten(msgspec.to_builtins(value)) for key, value in given.items()}


def _shorten(value: Any) -> Any:
    """A whole number as a user writes it: 1 instead of 1.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
