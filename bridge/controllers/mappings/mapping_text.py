"""Mapping text: a mapping file as its own text, of which single entries are replaced, and all else stays as it is.

Comments, order and layout are the user's. A comment or an empty line after an entry belongs to what follows it.
"""

from __future__ import annotations

import re
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from bridge.errors import ConfigError
from bridge.toml import parse_text

_ENTRY = re.compile(r"[ \t]*\[\[[ \t]*input[ \t]*\]\]")
_WITHIN = re.compile(r"[ \t]*\[\[?[ \t]*input[ \t]*\.")
_HEADER = re.compile(r"[ \t]*\[")
_REMARK = re.compile(r"[ \t]*(#.*)?\r?\n?")


class MappingText:
    """The text of a file in pieces; `entries` are its inputs, in order.

    Raises:
        ConfigError: The text is no TOML, or its inputs are not written as ``[[input]]``.
    """

    def __init__(self, text: str, place: str) -> None:
        self._place = place
        self._end = "\r\n" if "\r\n" in text else "\n"
        pieces, where = _split(text)
        self._pieces: list[str] = pieces
        self._where: list[int] = where
        tables = parse_text(text, place).get("input", [])
        if [_parse_entry(entry) for entry in self.entries] != tables:
            raise ConfigError(
                f"{place}: its inputs cannot be changed here", "write each as a table of its own: [[input]]"
            )

    @property
    def entries(self) -> list[str]:
        """The text of each input, from ``[[input]]`` to its last key."""
        return [self._pieces[at] for at in self._where]

    def replace(self, index: int, texts: list[str]) -> None:
        """Put ``texts`` in the place of the input ``index``, an empty line between them; none removes it."""
        at = self._where[index]
        if not texts and at + 1 < len(self._pieces):
            # one of the empty lines around it goes with it
            self._pieces[at + 1] = re.sub(r"\A[ \t]*\r?\n", "", self._pieces[at + 1], count=1)
        self._pieces[at] = "\n".join(texts).replace("\r\n", "\n").replace("\n", self._end)

    def append(self, text: str) -> None:
        """Add an input behind the last one, or at the end where there is none."""
        text = text.replace("\n", self._end)
        if self._where:
            self._pieces[self._where[-1]] += f"{self._end}{text}"
            return
        before = self._pieces[-1] if self._pieces else ""
        gap = "" if not before or before.endswith(self._end * 2) else self._end
        gap = f"{self._end}{gap}" if before and not before.endswith("\n") else gap
        self._pieces.append(f"{gap}{text}")

    def format(self) -> str:
        """The whole text."""
        return "".join(self._pieces)


def edit_entry(text: str, changes: dict[str, Any]) -> str:
    """The entry ``text`` with the keys of ``changes`` set, None removes one; comments and the order of keys stay."""
    document = tomlkit.parse(text)
    table: Any = document["input"][0]
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        elif key not in table or table[key] != value:
            table[key] = _make_inline(value) if isinstance(value, dict) else value
    return tomlkit.dumps(document)


def format_entry(table: dict[str, Any]) -> str:
    """An entry with the keys of ``table``."""
    lines = [f"{key} = {_format_value(value)}" for key, value in table.items() if value is not None]
    return "\n".join(("[[input]]", *lines, ""))


def _make_inline(table: dict[str, Any]) -> InlineTable:
    inline = tomlkit.inline_table()
    inline.update(table)
    return inline


def _format_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_format_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_format_value, value)) + "]"
    return str(tomlkit.item(value).as_string())


def _split(text: str) -> tuple[list[str], list[int]]:
    """The text in pieces, and which of them are inputs."""
    pieces, where, opened = list[str](), list[int](), False
    for line in text.splitlines(keepends=True):
        if _ENTRY.match(line):
            where.append(len(pieces))
            pieces.append(line)
            opened = True
        elif not pieces or (opened and _HEADER.match(line) and not _WITHIN.match(line)):
            pieces.append(line)
            opened = False
        else:
            pieces[-1] += line
    for number in range(len(where) - 1, -1, -1):
        at = where[number]
        lines = pieces[at].splitlines(keepends=True)
        last = max(index for index, line in enumerate(lines) if not _REMARK.fullmatch(line))
        pieces[at : at + 1] = ["".join(lines[: last + 1]), "".join(lines[last + 1 :])]
        where[number + 1 :] = [one + 1 for one in where[number + 1 :]]
    return pieces, where


def _parse_entry(text: str) -> dict[str, Any] | None:
    try:
        return tomlkit.parse(text).unwrap()["input"][0]  # type: ignore[no-any-return]
    except (TOMLKitError, KeyError, IndexError):
        return None
