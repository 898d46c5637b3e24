"""Value unit: whether the unit in a text such as ``-20 dB`` is that of the parameter."""

from __future__ import annotations

import re

NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(k?)")
"""The number that a text begins with, and the k of ``1.2 kHz``."""
_TO_ONE = ":1"
"""Ending of a ratio, such as ``4:1``: it is no unit."""


def find_unit(text: str) -> str:
    """What follows the number in a text: ``dB`` in ``-20 dB``; empty where the text has no number."""
    match = NUMBER.match(text)
    return text[match.start(2) :].strip() if match else ""


def is_unit_of(text: str, unit: str, shown: str) -> bool:
    """Whether a text names no unit, or that of a parameter.

    ``unit``: what the host says. ``shown``: the plugin's text, which may have a unit in it.
    """
    wanted = find_unit(text).casefold()
    plain = unit.strip().casefold()
    fitting = {"", plain, find_unit(shown).casefold()}
    if plain == "hz":
        fitting |= {"k", "khz"}
    if fitting == {""}:
        fitting.add(_TO_ONE)
    return wanted in fitting


def describe_unit(unit: str, shown: str) -> str:
    """What to write: the unit that a parameter takes, or that it takes none."""
    own = unit.strip() or find_unit(shown)
    return f"write the value in {own}, or the number alone" if own else "write the number alone"
