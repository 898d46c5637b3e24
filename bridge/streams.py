"""Standard streams of a command: text in any encoding, to a terminal, a pipe, a full disk or nowhere.

What an encoding lacks is replaced: typographical characters and box drawing by their ASCII likeness, everything else by
its escape (``\\xf8``), so that no character ends a command and no two names look the same.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import sys
from contextlib import suppress
from typing import TextIO

from bridge.errors import BridgeError

ERRORS = "sideman.plain"
"""The codec error handler's name."""

PLAIN = {
    "…": "...", "–": "-", "—": "-", "‒": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "→": "->", "←": "<-",
    "×": "x", "·": ".", "•": "*", "µ": "u", "μ": "u", "≤": "<=", "≥": ">=", "≠": "!=", "±": "+-", "♭": "b", "♯": "#",
    "\u00a0": " ", "\u202f": " ", "✓": "ok", "✗": "x",
}  # fmt: skip
"""ASCII for typographical characters."""

_BOX, _BLOCKS = range(0x2500, 0x2580), range(0x2580, 0x25A0)
_FLAT, _UPRIGHT = "─━┄┅┈┉╌╍═╴╶╸╺╼╾", "│┃┆┇┊┋╎╏║╵╷╹╻╽╿"


class OutputError(BridgeError):
    """Standard output or standard error takes nothing more."""


class ClosedPipeError(OutputError):
    """Nobody reads the pipe any more, as with ``| head -1``: no fault, but the end."""


def _likeness(character: str) -> str:
    if character in PLAIN:
        return PLAIN[character]
    code = ord(character)
    if code in _BOX:
        return "-" if character in _FLAT else "|" if character in _UPRIGHT else "+"
    if code in _BLOCKS:
        return "#"
    return escape_character(character)


def escape_character(character: str) -> str:
    """``character`` as its escape; one that stands for a byte that is no UTF-8 as that byte."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_ENDS = re.compile("[\t\n]")


def visible(text: str) -> str:
    """``text`` with what would steer a terminal escaped; new lines and tabs stay."""
    return _STEERING.sub(lambda match: escape_character(match[0]), text)


def one_line(text: object) -> str:
    """``text`` for one line or one cell: new lines and tabs are escaped too."""
    return _LINE_ENDS.sub(lambda match: {"\n": "\\n", "\t": "\\t"}[match[0]], visible(str(text)))


def _replace_characters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_likeness, error.object[error.start : error.end])), error.end


codecs.register_error(ERRORS, _replace_characters)


def encodable(text: str, encoding: str) -> str:
    """``text`` as a stream of ``encoding`` shows it."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, ERRORS).decode(encoding)
    return text


def prepare_streams() -> None:
    """Make standard output and standard error take any text. Those that were closed lead nowhere from now on: else
    the next file that is opened would be taken for them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _prepare(sys.stdout)
    sys.stderr = _prepare(sys.stderr)


def _prepare(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed when Python started, or a program without a console
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=ERRORS)
    return stream


def output_error(error: OSError) -> OutputError:
    """What ``error`` means that was raised where something was written to a standard stream."""
    if isinstance(error, BrokenPipeError):
        return ClosedPipeError("the output is read no further")
    return OutputError(f"the output cannot be written ({error.strerror})", "free space there, or write it elsewhere")


def write_out(text: str) -> None:
    """``text`` to standard output, at once. Raises: OutputError."""
    try:
        sys.stdout.write(text)
    except OSError as error:
        raise output_error(error) from error
    flush()


def flush() -> None:
    """Raises: OutputError where standard output does not take what was written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        raise output_error(error) from error


def write_json(data: object) -> None:
    """``data`` to standard output, as JSON; ASCII, so that it is the same in every encoding."""
    write_out(json.dumps(data, indent=2) + "\n")


def discard(stream: TextIO) -> None:
    """What ``stream`` still holds, and what else is written to it, leads nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
