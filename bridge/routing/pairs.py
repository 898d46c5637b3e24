"""Stereo pairs: two audio ports of a client that are the left and the right channel of one signal.

A client can say so with a port group of two ports (JACK's metadata). Otherwise names decide: equal but for left and
right (``L``/``R``, ``FL``/``FR``), or but for their last number (1 and 2, 3 and 4; 0 and 1 where it counts from 0).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bridge.routing.port_graph import AUDIO, Port, get_client, get_short_name

_LEFT = {"left": "left", "l": "l", "fl": "f", "rl": "rear", "sl": "side"}
_RIGHT = {"right": "left", "r": "l", "fr": "f", "rr": "rear", "sr": "side"}
"""Words of a side, and which of them belong together: front, rear and side channels are pairs of their own."""
_WORDS = "left|right|fl|fr|rl|rr|sl|sr|l|r"
_SIDE = re.compile(
    rf"(?<![A-Za-z])(?P<word>{_WORDS})(?![A-Za-z])|(?<=[a-z0-9])(?P<camel>Left|Right|FL|FR|RL|RR|SL|SR|L|R)(?![A-Za-z])",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"Left|Right|FL|FR|RL|RR|SL|SR|L|R")
_COUNTER = re.compile(r"-\d+$")
"""PipeWire numbers ports whose names would be equal: input_FL-367."""
_NUMBER = re.compile(r"(?P<before>.*?)(?P<number>\d{1,6})(?P<after>\D*)", re.DOTALL)
_SEPARATORS = " _-./([{"


@dataclass(frozen=True, slots=True)
class StereoPair:
    """A stereo pair. ``name``: without its client. ``left``, ``right``: full names of its ports."""

    name: str
    is_source: bool
    left: str
    right: str

    @property
    def full_name(self) -> str:
        """The name with its client, as an argument of ``routing.connect``."""
        return f"{get_client(self.left)}:{self.name}"


@dataclass(frozen=True, slots=True)
class Pairs:
    """``by_port``: the pair of each channel. ``by_name``: by direction (whether sources) and full name."""

    by_port: Mapping[str, StereoPair] = field(default_factory=dict)
    by_name: Mapping[tuple[bool, str], StereoPair] = field(default_factory=dict)

    def get_name(self, port: str) -> str:
        """The name of the port's pair, without its client; empty where it has none."""
        pair = self.by_port.get(port)
        return pair.name if pair else ""


def find_pairs(ports: Iterable[Port]) -> Pairs:
    """Find the stereo pairs among ``ports``, in the order in which they are given."""
    sides: dict[tuple[str, bool], list[Port]] = defaultdict(list)
    known: set[str] = set()
    for port in ports:
        known.add(port.name)
        if port.kind == AUDIO:
            sides[port.client, port.is_source].append(port)
    by_port: dict[str, StereoPair] = {}
    by_name: dict[tuple[bool, str], StereoPair] = {}
    for (client, is_source), group in sides.items():
        for short, long, left, right in _find_channels(group):
            name = short
            if not short or f"{client}:{short}" in known or (is_source, f"{client}:{short}") in by_name:
                name = long
            pair = StereoPair(name, is_source, left, right)
            if (is_source, pair.full_name) not in by_name and pair.full_name not in known:
                by_name[is_source, pair.full_name] = by_port[left] = by_port[right] = pair
    return Pairs(by_port, by_name)


def _find_channels(ports: list[Port]) -> Iterator[tuple[str, str, str, str]]:
    """Of each pair a short name, a longer one that no other pair has, the left and the right port."""
    rest = {port.name: port for port in ports}
    for find in (_find_by_group, _find_by_side, _find_by_number):
        for found in find(list(rest.values())):
            yield found
            del rest[found[2]], rest[found[3]]


def _find_by_group(ports: list[Port]) -> Iterator[tuple[str, str, str, str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for port in ports:
        if port.group:
            groups[port.group].append(port.name)
    for group, names in groups.items():
        if len(names) == 2:  # a group of more is surround sound, which has no left and right of its own
            left, right = names
            yield group, f"{group}: {get_short_name(left)}/{get_short_name(right)}", left, right


def _find_by_side(ports: list[Port]) -> Iterator[tuple[str, str, str, str]]:
    lefts: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    rights: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for port in ports:
        if found := _split_side(port.short_name):
            before, word, after = found
            for words, side in ((_LEFT, lefts), (_RIGHT, rights)):
                if family := words.get(word.lower()):
                    side[f"{before}\0{after}", family].append((port.name, word))
    for key, left in lefts.items():
        right = rights.get(key, [])
        if len(left) != len(right):
            continue  # nobody can say which of them belong together
        before, after = key[0].split("\0")
        for (left_port, left_word), (right_port, right_word) in zip(left, right, strict=True):
            long = get_short_name(left_port).replace(left_word, f"{left_word}/{right_word}", 1)
            if before + after:
                long = f"{before}{left_word}/{right_word}{after}"
            yield _join(before, after), long, left_port, right_port


def _split_side(name: str) -> tuple[str, str, str] | None:
    """What is in front of the last word of a side, the word, and what is behind it."""
    name = _COUNTER.sub("", name)
    found = None
    for match in _SIDE.finditer(name):
        if match["word"] or _CAMEL.fullmatch(match["camel"]):
            found = match
    return None if found is None else (name[: found.start()], found.group(), name[found.end() :])


def _find_by_number(ports: list[Port]) -> Iterator[tuple[str, str, str, str]]:
    rows: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for port in ports:
        match = _NUMBER.fullmatch(port.short_name)
        if match and not _split_side(port.short_name):  # FL-1 and FL-2 are two left channels
            rows[match["before"], match["after"]].setdefault(int(match["number"]), port.name)
    for (before, after), numbered in rows.items():
        first = 0 if 0 in numbered else 1
        for number in sorted(numbered):
            if (number - first) % 2 == 0 and number + 1 in numbered:
                short = _join(before, after) if len(numbered) == 2 else ""
                long = f"{before}{number}/{number + 1}{after}"
                yield short, long, numbered[number], numbered[number + 1]


def _join(before: str, after: str) -> str:
    """A port's name without what tells its side."""
    return (before.rstrip(_SEPARATORS) + after).strip(_SEPARATORS + ")]}")
