"""Chain text: the TOML of a chain file, always in the same order; what is as by default is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from bridge.config import Table
from chains.document.chain import Chain

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LITERAL_ENDS = "'''"
WHOLE = 1e15
"""Below it a double with no fraction is written as a whole number."""
LINE = 120
"""Characters; automation that is longer takes a line for each point."""


def format_chain(chain: Chain) -> str:
    """The text of a chain file, which `read_chain` reads back as the same chain. Comments of an older file are lost."""
    return "\n".join([f"schema = {chain.schema}", *_format_table(chain, "")]) + "\n"


def _format_table(table: Table, prefix: str) -> Iterator[str]:
    """The lines of a table: first its keys, then its tables, then its arrays of tables."""
    fields = [
        (field.encode_name, getattr(table, field.name))
        for field in msgspec.structs.fields(table)
        if field.name != "schema" and (field.required or getattr(table, field.name) != _get_default(field))
    ]
    for name, value in fields:
        if not isinstance(value, dict) and not _is_tables(value):
            yield f"{name} = {_format_value(value)}"
    for name, value in fields:
        if isinstance(value, dict):
            yield from ("", f"[{prefix}{name}]")
            yield from (_format_entry(key, inner) for key, inner in value.items())
    for name, value in fields:
        if _is_tables(value):
            for inner in value:
                yield from ("", f"[[{prefix}{name}]]")
                yield from _format_table(inner, f"{prefix}{name}.")


def _get_default(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _is_tables(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Table)


def _format_entry(key: str, value: Any) -> str:
    line = f"{format_key(key)} = {_format_value(value)}"
    if len(line) > LINE and isinstance(value, tuple):
        points = "".join(f"    {_format_value(point)},\n" for point in value)
        return f"{format_key(key)} = [\n{points}]"
    return line


def format_key(key: str) -> str:
    """A key, in quotes where it needs them."""
    return key if _BARE.fullmatch(key) else _format_text(key)


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < WHOLE else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_format_value, value))}]"
    return _format_lines(value) if "\n" in value else _format_text(value)


def _format_lines(text: str) -> str:
    """A text of several lines as it is, such as Faust code, where TOML can hold it so."""
    if _LITERAL_ENDS in text or _CONTROL.search(text.replace("\n", "").replace("\t", "")):
        return _format_text(text)
    return f"{_LITERAL_ENDS}\n{text}{_LITERAL_ENDS}"


def _format_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _CONTROL.sub(_escape, escaped) + '"'


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
