"""Playing for tests: a sheet with every kind of chord, all styles, parts from their start to their end."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from engines.accompaniment.arranger import arrange
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.style import Style, load_style
from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style

STYLES = SHIPPED_STYLES
BOTH = [(style, part) for style in STYLES for part in PARTS]
CHORDS = tuple(part for part in PARTS if part not in ("drums", "bass"))
SONG = """
[intro]
| Am7 | D7 | Gmaj7 | N.C. Gsus4 |
[verse x2]
| C | Am/C F | Bb F#m | Ebaug Abm7 |
| Bm7b5 E7 | Am C/E | D7 / / Db | % |
[chorus]
| F | G | Em7 A7 | Dm G7 C C#dim |
"""
STRAIGHT = PerformanceControls(humanise=0.0, swing=0.0)
LOOSE = PerformanceControls(humanise=1.0, swing=1.0, density=1.0, complexity=1.0, temperature=1.0)


@cache
def style(name: str) -> Style:
    return load_style(find_style(name))


@cache
def song(text: str = SONG) -> tuple[Bar, ...]:
    return arrange(read_sheet(text))


def make_song_at(intensity: float, text: str = SONG) -> tuple[Bar, ...]:
    """The song, all of it at one intensity."""
    return tuple(replace(bar, intensity=intensity) for bar in song(text))


def play(
    name: str,
    part: str,
    controls: PerformanceControls = STRAIGHT,
    bars: tuple[Bar, ...] = (),
    memory: PartState | None = None,
) -> list[list[ScoreNote]]:
    """For each bar its notes."""
    played, here = [], memory or PartState()
    for bar in bars or song():
        notes, here = PARTS[part](bar, style(name), controls, here)
        played.append(notes)
    return played


def set_seed(controls: PerformanceControls, seed: int) -> PerformanceControls:
    return replace(controls, seed=seed)


def join_bars(played: list[list[ScoreNote]], bars: tuple[Bar, ...] = ()) -> list[ScoreNote]:
    """All notes, ticks from the song's start."""
    start, found = 0, []
    for bar, notes in zip(bars or song(), played, strict=True):
        found += [replace(note, tick=note.tick + start) for note in notes]
        start += bar.ticks
    return found
