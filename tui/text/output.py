"""Output of the text modes: lines that are there at once, in whatever the terminal or the pipe can take."""

from __future__ import annotations

import sys
from collections.abc import Iterable


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output; one that has control characters has blanks instead.

    Raises:
        BrokenPipeError: Nobody reads them any more.
    """
    text = "".join(f"{to_plain_line(line)}\n" for line in lines)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def to_plain_line(line: str) -> str:
    """A line without characters that would steer a terminal; line ends inside of it stay."""
    return "".join(one if one.isprintable() or one == "\n" else " " for one in line)
