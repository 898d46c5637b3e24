"""Layout subscription: the fewest patterns that cover what a layout shows and nothing else.

A tablet that subscribed to everything would get every note and line of the log too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bridge.control.registry import Registry
from bridge.core.control import Action
from bridge.layouts import element_types


def list_addresses(elements: Iterable[element_types.Element]) -> tuple[str, ...]:
    """The addresses whose values ``elements`` show, each once."""
    return tuple(dict.fromkeys(address for element in elements if (address := find_address(element))))


def find_address(element: element_types.Element) -> str:
    """The address whose value ``element`` shows; empty where it shows none."""
    if isinstance(element, element_types.ControlElement):
        return element.control.address
    return element.reading.address if isinstance(element, element_types.ReadingElement) else ""


def list_patterns(registry: Registry, addresses: Iterable[str]) -> tuple[str, ...]:
    """Patterns of /subscribe that together cover ``addresses`` and no other control or reading of ``registry``."""
    published = [item.address for item in registry if not isinstance(item, Action)]
    siblings: dict[str, list[str]] = {}
    patterns = []
    for path in _cover("", published, frozenset(addresses)):
        parent, _, last = path.rpartition("/")
        if parent:
            siblings.setdefault(parent, []).append(last)
        else:  # those at the top stay apart, as an answer has a limit
            patterns.append(path)
    patterns += [f"{parent}/{_join(names)}" for parent, names in siblings.items()]
    return tuple(patterns)


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{{{','.join(names)}}}"


def _cover(path: str, published: list[str], wanted: frozenset[str]) -> Iterator[str]:
    """Yield the patterns for what lies at ``path`` and below; ``published``: all addresses there."""
    if not wanted.intersection(published):
        return
    if path and wanted.issuperset(published):
        yield path
        return
    below: dict[str, list[str]] = {}
    for address in published:
        if address != path:
            part = address[len(path) + 1 :].partition("/")[0]
            below.setdefault(f"{path}/{part}", []).append(address)
    for child, addresses in below.items():
        yield from _cover(child, addresses, wanted)
    if path in wanted:  # a reading with others below it: a pattern covers both
        yield path
