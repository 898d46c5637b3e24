"""Parameter fingerprint: a SHA-256 of a plugin's parameters, which says that a new version no longer fits a chain.

It is made of the names, units, ranges and steps of what a user may set. Values and the order of parameters are left
out; so are meters and facts about the host, which one host shows and another does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Protocol

FIGURES = 6
"""Significant figures of a range: hosts read it as text or as float32."""


class DescribedParameter(Protocol):
    """A parameter as a host describes it: `chains.process.messages.ParameterFacts`."""

    @property
    def name(self) -> str:
        """Its display name."""

    @property
    def unit(self) -> str:
        """Its unit; empty where it has none."""

    @property
    def low(self) -> float | None:
        """The lowest value in its unit; None where its texts are no numbers."""

    @property
    def high(self) -> float | None:
        """The highest."""

    @property
    def steps(self) -> int:
        """Steps of its range; 0 where it is continuous."""

    @property
    def is_automatable(self) -> bool:
        """Whether it may be set."""


def compute_fingerprint(parameters: Iterable[DescribedParameter]) -> str:
    """The fingerprint of a plugin's parameters, 64 hexadecimal figures; empty where it has none to set."""
    found = sorted(
        # one host gives units and names with spaces around them, the other without
        (one.name.strip(), one.unit.strip(), _round(one.low), _round(one.high), one.steps)
        for one in parameters
        if one.is_automatable
    )
    return hashlib.sha256(json.dumps(found, ensure_ascii=False).encode()).hexdigest() if found else ""


def _round(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value + 0.0:.{FIGURES}g}"  # adding 0 makes -0 the same as 0
