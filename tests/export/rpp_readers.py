"""The two readers of Reaper projects that are not ours, with one tree from both: rpp (pure Python) and rppxml (WDL)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import rpp

Token = str | float
MIDI_EVENT = "E"


@dataclass
class RppNode:
    """A line, or a block with its lines: the first token and the others, numbers as floats, bytes of MIDI as text."""

    tag: str
    tokens: tuple[Token, ...]
    content: list[RppNode] = field(default_factory=list)

    def find_all(self, tag: str) -> list[RppNode]:
        return [node for node in self.content if node.tag == tag]

    def get(self, tag: str) -> tuple[Token, ...]:
        """The tokens of the one line or block with ``tag``."""
        (node,) = self.find_all(tag)
        return node.tokens


def read_with_rpp(text: str) -> RppNode:
    return _from_rpp(rpp.loads(text))


def read_with_rppxml(text: str) -> RppNode:
    rppxml = pytest.importorskip("rppxml", reason="rppxml has no wheel for this system")
    return _from_rppxml(rppxml.loads(text))


READERS: tuple[Callable[[str], RppNode], ...] = (read_with_rpp, read_with_rppxml)


def _from_rpp(element: Any) -> RppNode:
    if isinstance(element, rpp.Element):
        content = [_from_rpp(child) for child in element.children]
        return RppNode(element.tag, tuple(_to_tokens(element.attrib)), content)
    words = [element] if isinstance(element, str) else element
    if words[0] == MIDI_EVENT:
        return RppNode(MIDI_EVENT, (float(words[1]), *words[2:]))
    return RppNode(words[0], tuple(_to_tokens(words[1:])))


def _from_rppxml(element: Any) -> RppNode:
    if isinstance(element, list):
        return RppNode(element[0], tuple(_to_tokens(element[1:])))
    return RppNode(element.name, tuple(_to_tokens(element.params)), [_from_rppxml(child) for child in element.children])


def _to_tokens(values: list[Any]) -> Iterator[Token]:
    """rpp has strings alone; rppxml has numbers, and the bytes of a MIDI event as bytes."""
    for value in values:
        try:
            yield value.hex() if isinstance(value, bytes) else float(value)
        except ValueError:
            yield value
