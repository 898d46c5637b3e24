"""The keyboard player: chords struck, held or broken up."""

from __future__ import annotations

from engines.accompaniment.parts.chords import play_chords
from engines.accompaniment.score import Bar, Dials, Memory, Note
from engines.accompaniment.style import Style

NAME = "keys"


def play(bar: Bar, style: Style, dials: Dials, before: Memory) -> tuple[list[Note], Memory]:
    """The keys of ``bar``."""
    return play_chords(NAME, bar, style, dials, before)
