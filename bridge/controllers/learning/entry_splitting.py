"""Entry splitting: an input of a mapping file that stands for several messages, as entries for some of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from bridge.controllers.mappings.message_specs import FINE_OFFSET, format_message_spec

SPREAD = ("set", "value", "action", "argument")
"""Keys that may have a value for each message."""
TEMPLATES = ("on", "off", "value")
"""Keys of ``led`` whose text may count the messages."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def cut_entry(table: dict[str, Any], specs: Sequence[MessageSpec], start: int, stop: int) -> list[dict[str, Any]]:
    """The entries that do for the messages ``start`` to ``stop`` what ``table`` does for all ``specs``.

    There are several only where no text stands for these messages alone.
    """
    return [cut_run(table, specs, first, last) for first, last in _find_runs(specs, start, stop)]


def cut_run(table: dict[str, Any], specs: Sequence[MessageSpec], start: int, stop: int) -> dict[str, Any]:
    """One entry for the messages ``start`` to ``stop``, which one text stands for."""
    entry = {**table, "midi": format_message_specs(specs[start:stop])}
    for key in SPREAD:
        if isinstance(values := entry.get(key), list):
            entry[key] = values[start:stop] if stop - start > 1 else values[start]
    if "strip" in entry:
        entry["strip"] += start
    if "at" in entry:
        right, down = entry.get("to_next", (1, 0))
        entry["at"] = [entry["at"][0] + start * right, entry["at"][1] + start * down]
    if "led" in entry:
        led = entry["led"]
        entry["led"] = {key: _count_from(one, start) if key in TEMPLATES else one for key, one in led.items()}
    return entry


def format_message_specs(specs: Sequence[MessageSpec]) -> str:
    """The text of a run of messages, with its channel or channels."""
    first = specs[0]
    if len(specs) == 1:
        return format_message_spec(first)
    if first.channel != specs[-1].channel:
        alone = format_message_spec(first).rpartition(" ch ")[0]
        return f"{alone} ch {_format_numbers([spec.channel + 1 for spec in specs])}"
    return f"{first.kind.value} {_format_numbers([spec.number for spec in specs])} ch {first.channel + 1}"


def _find_runs(specs: Sequence[MessageSpec], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The longest runs that one text stands for."""
    first = start
    for index in range(start + 1, stop + 1):
        if index == stop or not _may_join(specs[first:index], specs[index]):
            yield first, index
            first = index


def _may_join(run: Sequence[MessageSpec], spec: MessageSpec) -> bool:
    if all((one.number, one.fine) == (spec.number, spec.fine) for one in run):
        return True  # on several channels
    if any(one.channel != spec.channel for one in run):
        return False
    if spec.kind is MessageKind.CC14:  # two numbers with a comma would be the coarse and the fine one
        follows = spec.number == run[-1].number + 1
        return follows and all(one.fine == one.number + FINE_OFFSET for one in (*run, spec))
    return True


def _format_numbers(numbers: Sequence[int]) -> str:
    parts, start = list[str](), 0
    for index in range(1, len(numbers) + 1):
        if index == len(numbers) or numbers[index] != numbers[index - 1] + 1:
            first, last = numbers[start], numbers[index - 1]
            parts.append(f"{first}" if first == last else f"{first}-{last}")
            start = index
    return ",".join(parts)


def _count_from(template: str, start: int) -> str:
    """``template`` with ``start`` added to its index ``i``, which counts from the first message of the entry."""
    if not start:
        return template

    def shift(found: re.Match[str]) -> str:
        terms = found[1].split("+")
        counting = [term for term in terms if "i" in [factor.strip() for factor in term.split("*")]]
        added = [re.sub(r"\bi\b", str(start), term) for term in counting]
        return "{" + "+".join((*terms, *added)) + "}"

    return _PLACEHOLDER.sub(shift, template)
