"""Chord strip: bars in a row with their numbers, chords and beats, and the sections of the song."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import Row, cut, fit_row, measure
from tui.models.chord_bars import SURE, BarChord, ChordBar

STRIP_ROWS = 3
FEWEST_COLUMNS = 8
"""A bar narrower than this has no room for a chord such as F#maj7~."""
MOST_BEATS = 12
"""Beats of a bar that are drawn as dots."""
LEGEND = "sure  likely~  guessed?"


def count_bars(width: int, most: int = 8) -> int:
    """How many bars fit beside each other."""
    return max(min(width // FEWEST_COLUMNS, most), 1)


def draw_strip_rows(bars: Sequence[ChordBar], now: tuple[int, float, int], width: int, count: int) -> list[Row]:
    """Three rows: numbers, chords, beats. ``now``: bar, beat and beats of a bar; ``count``: bars that would fit."""
    room = max(width // max(count, 1), 1)
    numbers: Row = []
    chords: Row = []
    beats: Row = []
    for bar in bars[:count]:
        here = bar.number == now[0]
        role = "title" if here else "dim" if bar.number < now[0] else "text"
        numbers += fit_row([("│", "dim"), (f"{bar.number}", "title" if here else "dim")], room)
        chords += _draw_chords(bar, now[2], room, role)
        beats += fit_row(
            [("│", "dim"), (draw_bar_beats(now[1] if here else 0.0, now[2]), role if here else "off")], room
        )
    return [numbers, chords, beats]


def draw_bar_beats(beat: float, bar_beats: int) -> str:
    """The beats of a bar as dots, the present one filled; ``beat``: from 1, 0 in another bar."""
    return "".join("●" if number == int(beat) else "·" for number in range(1, min(bar_beats, MOST_BEATS) + 1))


def _draw_chords(bar: ChordBar, bar_beats: int, room: int, role: str) -> Row:
    """The chords of a bar in ``room`` columns, each where its beat lies, as many as there is room for."""
    row: Row = [(" ", "text")]
    used = 1
    for chord in bar.chords:
        at = max(1 + round((chord.beat - 1.0) / max(bar_beats, 1) * room), used)
        text = cut(to_word(chord), room - at - 1 if used > 1 else room - 1)
        if not text or (used > 1 and text.endswith("…")):
            break
        row.append((" " * (at - used), "text"))
        row.append((text, _find_role(chord, role)))
        used = at + measure(text) + 1
        row.append((" ", "text"))
    return fit_row(row, room)


def _find_role(chord: BarChord, role: str) -> str:
    if chord.is_held:
        return "off" if role != "title" else "dim"
    return role if chord.certainty == SURE else "dim"


def to_word(chord: BarChord) -> str:
    """A chord with the sign of its certainty; ``–`` where there is none."""
    return ("N.C." if chord.label == "N" else chord.label) + chord.certainty


def draw_sections(sections: Sequence[tuple[str, int]], width: int) -> Row:
    """The sections of the song, each with its first bar; the present one in capitals."""
    parts: list[Row] = []
    for index, (name, bar) in enumerate(sections):
        present = index == len(sections) - 1
        until = "" if present else f"-{max(sections[index + 1][1] - 1, bar)}"
        word = cut(name.upper() if present else name, 20)
        parts.append([(word, "title" if present else "text"), (f" {bar}{until}", "dim")])
    chosen: list[Row] = []
    left = width
    for part in reversed(parts):
        size = sum(measure(text) for text, _ in part) + 3
        if size > left and chosen:
            break
        chosen.insert(0, [*part, ("   ", "text")])
        left -= size
    return fit_row([run for part in chosen for run in part], width)
