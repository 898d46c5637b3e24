"""TOML reader: the bytes of a file as a plain table, within bounds of size, depth and numbers.

`tomllib` takes time in the square of a dotted key's parts, fails on deep nesting with RecursionError and on long
numbers with ValueError. So what is beyond the bounds is found here, in one pass over the text, before it is parsed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bridge.errors import ConfigError, find_nearest

MAX_BYTES = 1 << 20
"""The largest file in the repository has 10 KB."""
MAX_LEVELS = 16
"""Tables and arrays in one another; a control's name has five parts at most."""
MAX_DIGITS = 400
"""Figures of a number: more than any double needs, and below Python's limit of 4,300."""
LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1
"""The whole numbers that TOML asks every reader to hold."""
SHOWN = 80
"""Characters of a value or key that an error repeats."""
LONGEST_MESSAGE = 600
"""Characters of an error: lists of what is allowed fit."""

_TOKEN = re.compile(
    r"""
      (?P<text> \"{3} (?: [^"\\]++ | \\[\s\S] | "(?!"") )*+ "{3,5}
              | '{3} (?: [^']++ | '(?!'') )*+ '{3,5}
              | " (?: [^"\\\n]++ | \\. )*+ "
              | ' [^'\n]*+ ' )
    | (?P<comment> \#[^\n]*+ )
    | (?P<opening> [\[{] ) | (?P<closing> [\]}] )
    | (?P<dot> \. )
    | (?P<end> [\n=,] )
    | (?P<word> [A-Za-z0-9_+-]++ )
    """,
    re.VERBOSE,
)
_HEADER = re.compile(r"\s*(?P<opening>\[{1,2})\s*(?P<key>[A-Za-z0-9_-]+)\s*(?P<rest>[.\w-]*\]{1,2})")
"""A table's header, such as ``[[member]]`` or ``[member.parameters]``."""
_NUMBER = re.compile(r"[+-]?\d")
_SYNTAX = re.compile(r"(?P<what>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)
"""What `tomllib` says of a file that is no TOML."""
_OPEN_QUOTE = (r"Illegal character '\n'", r"Found invalid character '\n'")
"""What it says where a line ends before its text does."""
_TWICE = re.compile(r"Cannot (?:declare|overwrite|mutate)[^(]*\((?P<parts>.*?),?\)(?: twice)?", re.DOTALL)
"""Its message where a table stands twice."""
_FIX = "a file of Sideman's is small and flat: is it the right one?"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class TomlSyntaxError(ConfigError):
    """A file that is no TOML, or in which a key or table stands twice."""


def find_wrong_table(text: str, keys: Iterable[str]) -> tuple[int, str, str] | None:
    """The first header of ``text`` that is a misspelt one of ``keys``: its line, itself, and what to write."""
    known = list(keys)
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header and header["key"] not in known and (near := find_nearest(header["key"], known)):
            found = f"{header['opening']}{header['key']}{header['rest']}"
            return number, found, f"{header['opening']}{near}{header['rest']}"
    return None


def parse_toml(path: Path | Traversable) -> dict[str, Any]:
    """The table in the file at ``path``; a mark of UTF-8 (BOM) before it is skipped.

    Raises ConfigError where it is no file, cannot be read, is no TOML or is beyond the bounds, with the line or key.
    """
    return parse_text(read_text(path), str(path))


def read_text(path: Path | Traversable) -> str:
    """The text of the file at ``path``, without a BOM.

    Raises ConfigError where it is no file, cannot be read, is larger than MAX_BYTES or is not UTF-8.
    """
    try:
        if not path.is_file():
            if isinstance(path, Path) and path.exists():
                raise ConfigError(f"{path}: not a file", "give a TOML file")
            raise ConfigError(f"{path}: no such file", "check the path")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", "check its permissions") from error
    except ValueError as error:  # a NUL in the name
        raise ConfigError(f"{str(path)!r}: no such file", "check the name") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES:,} bytes", _FIX)
    if data.startswith(_UTF16) or b"\0" in data[:2]:
        raise ConfigError(f"{path}: is UTF-16", "save the file as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}", "save the file as UTF-8") from error


def parse_text(text: str, place: str) -> dict[str, Any]:
    """``text`` as a table; ``place`` names it in errors. Raises ConfigError as `parse_toml` does."""
    _check_tokens(text, place)
    try:
        table = tomllib.loads(text)
    except ValueError as error:
        raise _describe_syntax(str(error), place) from error
    for key, value, level in _values(table):
        _check_value(key, value, level, place)
    return table


def _describe_syntax(text: str, place: str) -> TomlSyntaxError:
    """The error for what `tomllib` says, with the line first, and an open quote in plain words."""
    if (found := _SYNTAX.fullmatch(text)) is None:
        return TomlSyntaxError(f"{place}: {shorten(text, LONGEST_MESSAGE)}", "correct the TOML there")
    what, line = found["what"], found["line"]
    if what in _OPEN_QUOTE:
        return TomlSyntaxError(f"{place}: line {line}: a text has no closing quote", "close it in the same line")
    if twice := _TWICE.fullmatch(what):
        key = shorten(".".join(re.findall(r"'([^']*)'", twice["parts"])))
        message = f"{place}: line {line}: [{key}] stands here a second time"
        fix = f"write [[{key}]] above each of several, or join both into one"
        return TomlSyntaxError(message, fix)
    where = f"line {line}, column {found['column']}"
    return TomlSyntaxError(f"{place}: {where}: {shorten(what, LONGEST_MESSAGE)}", "correct the TOML there")


def shorten(text: str, most: int = SHOWN) -> str:
    """``text`` for an error message: of more than ``most`` characters the first, and how many there are."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def _check_tokens(text: str, place: str) -> None:
    """Refuse what is nested too deeply or has too many figures, wherever it stands; the rest is the parser's."""
    opened = dots = 0
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "opening":
                opened, dots = opened + 1, 0
            case "closing":
                opened, dots = max(opened - 1, 0), 0
            case "end":
                dots = 0
            case "dot":
                dots += 1
            case "word" if len(token[0]) > MAX_DIGITS and _NUMBER.match(token[0]):
                message = f"{place}: line {_line(text, token)}: a number of {len(token[0]):,} figures"
                raise ConfigError(message, f"give one of at most {MAX_DIGITS}")
        if opened > MAX_LEVELS or dots >= MAX_LEVELS:
            message = f"{place}: line {_line(text, token)}: nested more than {MAX_LEVELS} levels deep"
            raise ConfigError(message, _FIX)


def _line(text: str, token: re.Match[str]) -> int:
    return text.count("\n", 0, token.start()) + 1


def _values(table: dict[str, Any]) -> Iterator[tuple[str, object, int]]:
    """Every value with its dotted key and its level, tables and arrays included."""
    waiting: list[tuple[str, object, int]] = [("", table, 0)]
    while waiting:
        key, value, level = waiting.pop()
        if level:
            yield key, value, level
        if isinstance(value, dict):
            waiting += [(f"{key}.{name}".lstrip("."), inner, level + 1) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{key}[{number}]", inner, level + 1) for number, inner in enumerate(value)]


def _check_value(key: str, value: object, level: int, place: str) -> None:
    where = f"{place}: {shorten(key)}"
    if level > MAX_LEVELS:
        raise ConfigError(f"{where}: nested more than {MAX_LEVELS} levels deep", _FIX)
    if isinstance(value, int) and not LOWEST <= value <= HIGHEST:
        raise ConfigError(f"{where}: a whole number beyond 64 bits", f"give {LOWEST} to {HIGHEST}")
