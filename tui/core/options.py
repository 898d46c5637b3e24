"""Options of the app as its command line gives them; they can be passed on to another process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields


class OptionError(ValueError):
    """An option has a wrong value, or does not go together with another one."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the app does: see ``sideman tui --help``. An empty word: not given."""

    attach: str = ""
    screen: str = ""
    theme: str = ""
    ascii: bool = False
    once: bool = False
    json: bool = False
    follow: bool = False
    snapshot: str = ""
    size: str = ""
    svg: str = ""
    roles: bool = False
    record: str = ""
    replay: str = ""
    at: str = ""
    keys: bool = False
    markdown: bool = False
    probe: bool = False

    def to_text(self) -> str:
        """The options in one word for another process."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})


def parse_options(text: str) -> Options:
    """The options of `Options.to_text`.

    Raises:
        OptionError: The text is not theirs.
    """
    try:
        given = json.loads(text)
        known = {field.name: field.type for field in fields(Options)}
        if not isinstance(given, dict) or any(type(value).__name__ != known.get(name) for name, value in given.items()):
            raise OptionError(f"{text[:80]} are no options of the app")
        return Options(**given)
    except (ValueError, RecursionError) as error:
        raise OptionError(f"{text[:80]} are no options of the app") from error


def parse_size(text: str) -> tuple[int, int]:
    """Columns and rows of ``80x24``, the size of a terminal by default.

    Raises:
        OptionError: It is no size.
    """
    width, cross, height = (text or "80x24").lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and 0 < int(width) <= 1000 and 0 < int(height) <= 500):
        raise OptionError(f"--size {text}: give COLUMNSxROWS, such as 80x24")
    return int(width), int(height)
