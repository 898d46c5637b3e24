"""RPP text: the lines and blocks of a Reaper project file, with names quoted as Reaper quotes them.

Reaper's manual does not describe the format. The rules of quotes are those of WDL, the library of Reaper's authors
(``WDL/projectcontext.cpp``).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

QUOTES = ('"', "'", "`")
"""Quotation marks, in the order in which Reaper tries them: there is no escape character."""
INDENT = "  "
NAMESPACE = uuid.UUID("6f1c0f0e-3b0c-5d0a-9d2e-0c6a1d6b7a55")
"""Namespace of the GUIDs of Sideman's projects (RFC 9562, version 5)."""


@dataclass(frozen=True, slots=True)
class RppBlock:
    """A block: ``<`` and its first line, the lines and blocks in it, ``>``."""

    head: str
    content: tuple[str | RppBlock, ...] = ()


def format_block(block: RppBlock) -> str:
    """The text of ``block``, which ends with a line break."""
    return "".join(f"{line}\n" for line in _list_lines(block, ""))


def quote(text: str) -> str:
    """``text`` between the first quotation marks that it does not contain, on one line.

    A text with all three loses its backquotes to apostrophes, as in Reaper itself.
    """
    text = " ".join(text.splitlines()).replace("\0", "")
    for mark in QUOTES:
        if mark not in text:
            return f"{mark}{text}{mark}"
    return "`" + text.replace("`", "'") + "`"


def format_number(value: float) -> str:
    """``value`` with twelve decimals, as Reaper writes times: the thousandth part of a nanosecond."""
    return f"{value:.12f}".rstrip("0").rstrip(".")


def make_guid(*names: str) -> str:
    """A GUID as Reaper writes it; the same ``names`` give the same one."""
    return f"{{{str(uuid.uuid5(NAMESPACE, ascii(names))).upper()}}}"


def _list_lines(block: RppBlock, indent: str) -> Iterator[str]:
    yield f"{indent}<{block.head}"
    for part in block.content:
        if isinstance(part, RppBlock):
            yield from _list_lines(part, indent + INDENT)
        else:
            yield f"{indent}{INDENT}{part}"
    yield f"{indent}>"
