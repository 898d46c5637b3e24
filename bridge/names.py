"""Name rules: names of files that work on every system (presets, models), and names of JACK clients.

Windows reserves the names of devices, with any suffix, and drops dots and spaces at the end.
Windows and macOS treat names that differ in case alone as equal, macOS also names that differ in how an accent is
encoded. A name that is refused here would be lost when a folder is copied to such a machine.

JACK separates client and port by a colon, builds file names from the names of clients and servers, and cuts long names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 64
"""Characters; with a folder, an ending and a draft's mark it stays far below the 255 bytes of any file system."""

LONGEST_JACK = 32
"""Bytes of a client's or server's name: what JACK's first versions take; newer ones take 63."""

_RESERVED = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"]
)
"""Microsoft, "Naming Files, Paths, and Namespaces"."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def why_not(name: str, longest: int = LONGEST) -> str:
    """Why no file can be called ``name`` on some system; empty where it can be on all.

    Which letters it may have is the caller's to say; ``longest``: how many.
    """
    if name.split(".")[0].rstrip(" ").upper() in _RESERVED:
        return "Windows keeps this name for a device"
    if name != name.rstrip(". "):
        return "Windows drops dots and spaces at the end"
    if len(name) > longest:
        return f"it has more than {longest} characters"
    return ""


def why_not_plain(name: str) -> str:
    """As `why_not`, for a name of ASCII letters, figures, - and _ alone."""
    if not _PLAIN.fullmatch(name):
        return "it takes letters a to z, figures, - and _, and begins with a letter or figure"
    return why_not(name)


def why_not_jack(name: str) -> str:
    """Why neither a client of JACK nor a server can be called ``name``; empty where they can."""
    if not name.isprintable():
        return "it has a character that cannot be printed"
    if found := [character for character in ":/\\" if character in name]:
        return f"JACK gives {' and '.join(found)} a meaning of its own"
    if not name or name != name.strip():
        return "it is empty, or begins or ends with a space"
    if len(name.encode()) > LONGEST_JACK:
        return f"it has more than {LONGEST_JACK} bytes"
    return ""


def find_clash(name: str, names: Iterable[str]) -> str:
    """The one of ``names`` that is not ``name`` but the same file on Windows and macOS; empty where there is none."""
    same = fold_name(name)
    return next((other for other in sorted(names) if other != name and fold_name(other) == same), "")


def fold_name(name: str) -> str:
    """``name`` as Windows and macOS compare it with others."""
    return unicodedata.normalize("NFC", name).casefold()
