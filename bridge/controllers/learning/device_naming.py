"""Device naming: the name, the pattern and the file name for a device that no mapping knows, from its ports' names."""

from __future__ import annotations

import re

from bridge.controllers.ports.port_names import is_match, parse_name
from bridge.names import LONGEST, why_not_plain

_PLAIN = frozenset({"midi", "port", "in", "out", "input", "output", "capture", "playback", "usb"})
"""Words at the end of a port's name that say nothing about the device."""
UNNAMED = "controller"
_COUNT = re.compile(r"(#\d+|-0\d)\s*(?=:|$)")
"""A number that the system gave a second device of the same name: macOS ``#2``, JACK ``-01``."""


def make_title(port: str) -> str:
    """The device's name in the name of its port, without what the system adds: ``Launch Control XL``."""
    port = _COUNT.sub("", port, count=1) or port
    words = list(parse_name(port).words)
    while len(words) > 1 and (words[-1] in _PLAIN or _ends_with_port_number(words)):
        words.pop()
    return _restore(words, port) or port.strip() or UNNAMED


def _ends_with_port_number(words: list[str]) -> bool:
    """Whether the last word counts ports, as in ``MIDI 1``; that of a model, as in ``FS-9``, tells it from others."""
    return len(words) > 2 and words[-2] in _PLAIN and words[-1].isdecimal() and len(words[-1]) <= 2


def make_pattern(port: str) -> str:
    """A pattern that matches ``port``, and that port's name after another plug or on another bridge."""
    title = make_title(port)
    further = parse_name(port).further
    pattern = f"MIDIIN{further} ({title})" if further else title
    return pattern if is_match(pattern, port) else port


def make_file_name(title: str) -> str:
    """A name for the mapping's file, without its extension: ``launch_control_xl``."""
    name = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[: LONGEST - 4] or UNNAMED
    return f"{name}_midi" if why_not_plain(name) else name


def _restore(words: list[str], port: str) -> str:
    """The words as ``port`` has them: with its capitals, and with what joins them where that is one character."""
    joined = r"[^\w:()\[\]]".join(map(re.escape, words))
    if words and (found := re.search(rf"(?<!\w){joined}(?!\w)", port, re.IGNORECASE)):
        return found.group()
    return " ".join(_restore_case(word, port) for word in words)


def _restore_case(word: str, port: str) -> str:
    at = port.lower().find(word)
    return port[at : at + len(word)] if at >= 0 else word
