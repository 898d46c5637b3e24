"""The pad or strings: chords that lie under the rest."""

from __future__ import annotations

from engines.accompaniment.parts.chords import play_chords
from engines.accompaniment.score import Bar, Dials, Memory, Note
from engines.accompaniment.style import Style

NAME = "pad"


def play(bar: Bar, style: Style, dials: Dials, before: Memory) -> tuple[list[Note], Memory]:
    """The pad of ``bar``."""
    return play_chords(NAME, bar, style, dials, before)
