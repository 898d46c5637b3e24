"""A measured table in its place in a page of the documentation, between two marks that stay."""

from __future__ import annotations

from pathlib import Path

from bridge.config import write_atomic
from bridge.errors import ConfigError


def replace_part(page: Path, name: str, text: str) -> None:
    """Put ``text`` between the lines ``<!-- name: begin -->`` and ``<!-- name: end -->`` of ``page``."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    if not page.is_file():
        raise ConfigError(f"{page}: no such file", "give a page that has the marks")
    before, mark, rest = page.read_text(encoding="utf-8").partition(begin)
    _old, closing, after = rest.partition(end)
    if not mark or not closing:
        raise ConfigError(f"{page}: lacks the marks of {name!r}", f"add the lines {begin.strip()} and {end.strip()}")
    write_atomic(page, f"{before}{begin}{text}{end}{after}")
