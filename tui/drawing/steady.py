"""Steady texts: numbers that move with the music are rewritten four times a second at most, all at the same moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

REWRITES_PER_S = 4
"""A number that changes faster cannot be read."""


@dataclass(slots=True)
class SteadyTexts:
    """Texts by name, each as it was when it was asked for first in the present quarter of a second."""

    _kept: dict[str, tuple[int, str]] = field(default_factory=dict)

    def hold(self, name: str, text: str, now_s: float) -> str:
        """The text to show for ``name`` where the newest is ``text``."""
        quarter = floor(now_s * REWRITES_PER_S)
        kept = self._kept.get(name)
        if kept is None or kept[0] != quarter:
            self._kept[name] = (quarter, text)
            return text
        return kept[1]
