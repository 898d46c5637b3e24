"""Device naming: the name, the pattern and the file name for a device that no mapping knows, from its ports' names."""

from __future__ import annotations

import re

from bridge.controllers.ports.port_names import is_match, parse_name
from bridge.names import LONGEST, why_not_plain

_PLAIN = frozenset({"midi", "port", "in", "out", "input", "output", "capture", "playback", "usb"})
"""Words at the end of a port's name that say nothing about the device."""
UNNAMED = "controller"


def make_title(port: str) -> str:
    """The device's name in the name of its port, without what the system adds: ``Launch Control XL``."""
    words = list(parse_name(port).words)
    while len(words) > 1 and (words[-1] in _PLAIN or (words[-1].isdecimal() and len(words[-1]) <= 2)):
        words.pop()
    return " ".join(_restore_case(word, port) for word in words) or port.strip() or UNNAMED


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


def _restore_case(word: str, port: str) -> str:
    at = port.lower().find(word)
    return port[at : at + len(word)] if at >= 0 else word
