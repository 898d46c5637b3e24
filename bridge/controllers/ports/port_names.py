"""Port names: which MIDI port belongs to which mapping, whatever the system does to its name.

The same port of one device has been seen as:

    nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0                     ALSA; the numbers change with each plug
    Midi-Bridge:nanoKONTROL2:[1] nanoKONTROL2 MIDI 1          PipeWire; later versions leave the first word out
    Midi-Bridge:nanoKONTROL2 2:(capture_0) nanoKONTROL2 MIDI 1
    a2j:nanoKONTROL2 [24] (capture): nanoKONTROL2 MIDI 1      a2jmidid
    2- nanoKONTROL2, MIDIIN2 (nanoKONTROL2)                   Windows: second unit, second port of a unit
    nanoKONTROL2 #2                                           macOS: second unit
    Launch Control XL Launch Contro                           ALSA and Windows: cut at 31 characters

So names are compared by words. What systems and bridges add is removed from a name, then the pattern's words must be
its first ones. Numbers of one or two digits between and after them are those of units and ports, and may be there or
not. After the last word only words may follow that say nothing about the device: MIDI, Port, In, Out and the like.
All others tell devices or ports apart: "APC mini" is not "APC mini mk2", and "LCXL3" is not "LCXL3 1 DAW In".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bridge.controllers.mappings.mapping_file import PortPatterns

SystemName: TypeAlias = Literal["linux", "macos", "windows"]
CUT_CHARACTERS = 31
"""Longest name of a port in ALSA and WinMM (32 with the zero at the end)."""

_PLAIN = frozenset({"midi", "port", "in", "out", "input", "output", "capture", "playback", "usb"})
"""Words that say nothing about which device it is."""
_MAKERS = frozenset({"akai", "arturia", "behringer", "focusrite", "korg", "mackie", "novation", "presonus"})
"""Leading words that one system shows and another does not."""
_BRIDGE = re.compile(r"(?:midi-bridge|a2j|alsa_midi|alsa_pcm)(?:-\d+)?\s*:\s*", re.IGNORECASE)
_ALSA_NUMBERS = re.compile(r"\s(?P<client>\d+):\d+$")
_DIRECTION = re.compile(r"\((?:capture|playback|in|out)(?:_\d+)?\)", re.IGNORECASE)
_BRACKETS = re.compile(r"\[\d+\]")
_FURTHER_PORT = re.compile(r"MIDI(?:IN|OUT)(?P<number>\d+) \((?P<name>[^)]*)\)?(?P<rest>.*)", re.IGNORECASE)
_UNIT_PREFIX = re.compile(r"\d+- ")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class PortName:
    """A name taken apart. ``further``: 2 for Windows' second port of a unit; ``unit``: what only ports of one unit

    share, empty where the name does not say; ``client``: ALSA's number of the device, where it is there; ``cut``: its
    end may be missing.
    """

    words: tuple[str, ...]
    further: int = 0
    unit: str = ""
    client: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class PortPair:
    """The ports of one device, by their names as listed; ``output`` is empty where it has none.

    ``input_nth`` and ``output_nth``: which one it is of several ports with the same name, from 0.
    """

    input: str
    output: str = ""
    input_nth: int = 0
    output_nth: int = 0


def get_system() -> SystemName:
    """The system that Sideman runs on, as a mapping file calls it."""
    return {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")  # type: ignore[return-value]


def select_patterns(patterns: PortPatterns, system: SystemName) -> tuple[str, ...]:
    """The patterns for ``system``."""
    return {"linux": patterns.linux, "macos": patterns.macos, "windows": patterns.windows}[system]


def parse_name(name: str) -> PortName:
    """Take the name of a port, or a pattern, apart."""
    rest = _BRIDGE.sub("", name, count=1) if _BRIDGE.match(name) else name
    number = ""
    if found := _ALSA_NUMBERS.search(rest):
        rest, number = rest[: found.start()], found["client"]
    further = 0
    if found := _FURTHER_PORT.match(rest):
        cut = ")" not in rest or len(found["name"]) >= CUT_CHARACTERS
        rest, further = found["name"], int(found["number"])
    else:
        cut = any(len(part) >= CUT_CHARACTERS for part in rest.split(":"))
    client, colon, port = rest.partition(":")
    words = _split_words(port if colon else client)
    unit = ""
    if colon:
        unit = f"{' '.join(_DIRECTION.sub(' ', client).split())} {number}".strip().lower()
        if found := _BRACKETS.search(client):
            number = found.group().strip("[]")
        owner = _split_words(client)
        bare = owner[: _count_before_numbers(owner)]
        if words[: len(bare)] != bare:
            words = owner + words
    return PortName(_drop_repetition(words), further, unit, number, cut)


def is_same_port(name: str, other: str) -> bool:
    """Whether two MIDI systems may show the same port by these names, as ALSA and a bridge to JACK do."""
    first, second = parse_name(name), parse_name(other)
    if first.further != second.further or (first.client and second.client and first.client != second.client):
        return False
    telling = [[word for word in one.words if word not in _PLAIN] for one in (first, second)]
    return telling[0] == telling[1] and bool(telling[0])


def is_match(pattern: str, name: str) -> bool:
    """Whether the port called ``name`` is one that ``pattern`` means."""
    return compute_match(pattern, name) > 0


def compute_match(pattern: str, name: str) -> int:
    """How well ``pattern`` describes the port called ``name``: how many of its words; 0: it does not."""
    wanted, found = parse_name(pattern), parse_name(name)
    if not wanted.words or wanted.further != found.further:
        return 0
    at = 0
    for index, word in enumerate(wanted.words):
        while at and at < len(found.words) and found.words[at] != word and _is_number(found.words[at]):
            at += 1
        if at == len(found.words):
            return index if found.cut else 0
        if found.words[at] != word:
            is_cut = found.cut and at == len(found.words) - 1 and word.startswith(found.words[at])
            return index + 1 if is_cut else 0
        at += 1
    rest = found.words[at:]
    telling = [word for word in rest if word not in _PLAIN and not _is_number(word)]
    if telling and found.cut:
        # the device's own words again, or a plain one, up to where the name was cut
        is_repetition = " ".join(wanted.words).startswith(" ".join(rest))
        is_plain = telling == [rest[-1]] and any(word.startswith(rest[-1]) for word in _PLAIN)
        telling = [] if is_repetition or is_plain else telling
    return 0 if telling else len(wanted.words)


def find_pairs(
    inputs: Sequence[str], outputs: Sequence[str], input_patterns: Sequence[str], output_patterns: Sequence[str]
) -> list[PortPair]:
    """The devices whose input matches one of ``input_patterns``, each with its own output, in the order listed.

    Of several ports of one unit that match, the one that matches best is taken, then the first. An output belongs to
    the input with the same unit in its name; where names do not say, to the one of the same words; else in order.
    """
    found = _select_ports(inputs, input_patterns)
    free = _select_ports(outputs, output_patterns)
    chosen: dict[int, int] = {}
    for is_same in (_is_same_unit, _is_same_name, _may_belong):
        for at in found:
            if at not in chosen:
                partner = next((o for o in free if is_same(inputs[at], outputs[o])), None)
                if partner is not None:
                    chosen[at] = partner
                    free.remove(partner)
    return [
        PortPair(
            inputs[at],
            outputs[chosen[at]] if at in chosen else "",
            list(inputs[:at]).count(inputs[at]),
            list(outputs[: chosen[at]]).count(outputs[chosen[at]]) if at in chosen else 0,
        )
        for at in found
    ]


def rate_name(name: str, patterns: Sequence[str]) -> int:
    """How well the best of ``patterns`` describes the port called ``name``; 0: none does."""
    return max((compute_match(pattern, name) for pattern in patterns), default=0)


def _select_ports(names: Sequence[str], patterns: Sequence[str]) -> list[int]:
    """Positions of the ports that match, one of each unit."""
    best: dict[object, tuple[int, int]] = {}
    for at, name in enumerate(names):
        rating = rate_name(name, patterns)
        parsed = parse_name(name)
        # equal names are equal units: only the position tells them apart
        key = (parsed.unit, list(names[:at]).count(name)) if parsed.unit else at
        if rating and (key not in best or rating > best[key][0]):
            best[key] = rating, at
    return sorted(at for _, at in best.values())


def _is_same_unit(name: str, other: str) -> bool:
    unit = parse_name(name).unit
    return bool(unit) and unit == parse_name(other).unit


def _is_same_name(name: str, other: str) -> bool:
    drop = {"in", "out", "input", "output"}
    first, second = parse_name(name), parse_name(other)
    return first.further == second.further and [w for w in first.words if w not in drop] == [
        w for w in second.words if w not in drop
    ]


def _may_belong(_name: str, _other: str) -> bool:
    return True


def _split_words(text: str) -> tuple[str, ...]:
    text = _BRACKETS.sub(" ", _DIRECTION.sub(" ", text))
    text = _UNIT_PREFIX.sub("", text.strip(), count=1) if _UNIT_PREFIX.match(text.strip()) else text
    words = tuple(word.lower() for word in _WORD.findall(text))
    while len(words) > 1 and words[0] in _MAKERS:
        words = words[1:]
    return words


def _count_before_numbers(words: tuple[str, ...]) -> int:
    count = len(words)
    while count > 1 and _is_number(words[count - 1]):
        count -= 1
    return count


def _drop_repetition(words: tuple[str, ...]) -> tuple[str, ...]:
    """``words`` with a beginning that is said twice said once: systems put the name of the device before the port's."""
    for length in range(len(words) // 2, 0, -1):
        if words[:length] == words[length : 2 * length]:
            return _drop_repetition(words[length:])
    return words


def _is_number(word: str) -> bool:
    return len(word) <= 2 and word.isdecimal()
