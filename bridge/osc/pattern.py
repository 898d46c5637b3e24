"""OSC address patterns: ``?``, ``*``, ``[a-c]``, ``[!x]`` and ``{drums,bass}``, none of them across a slash.

Patterns come from the network, so they are matched by keeping the set of positions that are still possible:
at worst pattern length times address length steps. A regular expression could be made to run for hours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from bridge.errors import ControlError

MAX_CHARACTERS = 256

Step: TypeAlias = Callable[[str, int], tuple[int, ...]]
"""From a position in an address to those at which the rest of the pattern may go on."""


def is_pattern(address: str) -> bool:
    """Whether ``address`` has any character that makes it a pattern."""
    return any(character in address for character in "?*[{")


class Pattern:
    """A compiled pattern. One that is malformed is a `ControlError`."""

    def __init__(self, text: str) -> None:
        if not text.startswith("/") or len(text) > MAX_CHARACTERS:
            raise ControlError(f"{text[:32]!r} is no pattern", f"begin with /, at most {MAX_CHARACTERS} characters")
        self.text = text.rstrip("/") or "/"
        self._steps = _compiled(self.text)

    def matches(self, address: str) -> bool:
        """Whether the pattern is all of ``address``."""
        return len(address) in self._ends(address)

    def covers(self, address: str) -> bool:
        """Whether the pattern is ``address`` or something above it: /stems covers /stems/vocals/mute, / all."""
        return self.text == "/" or any(end == len(address) or address[end] == "/" for end in self._ends(address))

    def _ends(self, address: str) -> set[int]:
        positions = {0}
        for step in self._steps:
            positions = {end for position in positions for end in step(address, position)}
        return positions


def _compiled(text: str) -> list[Step]:
    steps: list[Step] = []
    at = 0
    while at < len(text):
        character = text[at]
        closing = {"[": "]", "{": "}"}.get(character)
        if closing is not None:
            end = text.find(closing, at)
            if end < 0:
                raise ControlError(f"{text}: {character} is not closed", f"add {closing}")
            inside = text[at + 1 : end]
            steps.append(_one_of(inside) if character == "[" else _either(inside.split(",")))
            at = end + 1
            continue
        steps.append(_run if character == "*" else _any if character == "?" else _either([character]))
        at += 1
    return steps


def _run(address: str, at: int) -> tuple[int, ...]:
    slash = address.find("/", at)
    return tuple(range(at, (len(address) if slash < 0 else slash) + 1))


def _any(address: str, at: int) -> tuple[int, ...]:
    return (at + 1,) if at < len(address) and address[at] != "/" else ()


def _either(words: list[str]) -> Step:
    return lambda address, at: tuple(at + len(word) for word in words if address.startswith(word, at))


def _one_of(inside: str) -> Step:
    wanted = not inside.startswith("!")
    letters: set[str] = set()
    rest = inside.removeprefix("!")
    at = 0
    while at < len(rest):
        if rest[at + 1 : at + 2] == "-" and at + 2 < len(rest):
            letters.update(map(chr, range(ord(rest[at]), min(ord(rest[at + 2]), 127) + 1)))
            at += 3
        else:
            letters.add(rest[at])
            at += 1
    return lambda address, at: (
        (at + 1,) if address[at : at + 1] not in {"", "/"} and (address[at] in letters) == wanted else ()
    )
