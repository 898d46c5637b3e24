"""The players: each makes one part's notes of one bar, from the bar, the style, the dials and what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engines.accompaniment.parts import bass, drums, guitar, keys, pad
from engines.accompaniment.score import Bar, Dials, Memory, Note
from engines.accompaniment.style import Style

Play = Callable[[Bar, Style, Dials, Memory], tuple[list[Note], Memory]]

PARTS: Mapping[str, Play] = {part.NAME: part.play for part in (drums, bass, keys, pad, guitar)}
"""By name, in the order in which they are written."""
