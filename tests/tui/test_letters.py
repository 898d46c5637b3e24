"""Block letters: the largest that fit, and every chord that Sideman names can be drawn."""

from __future__ import annotations

import pytest

from bridge.core.chords import QUALITIES
from tui.drawing.letters import LARGE_ROWS, draw_chord, draw_large, draw_number, draw_small, is_drawable, split_chord

ROOTS = ("C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B")


def test_every_chord_has_letters() -> None:
    assert [r + q.suffix for r in ROOTS for q in QUALITIES if not is_drawable(r + q.suffix)] == []


@pytest.mark.parametrize("width", range(60))
def test_a_chord_fits_its_columns(width: int) -> None:
    for label in ("C", "Am7", "F#maj7", "N", "x/y unknown", ""):
        lines = draw_chord(label, width)
        assert len(lines) == LARGE_ROWS
        assert all(len(line) <= width for line in lines)
        assert len({len(line) for line in lines}) == 1


def test_letters_shrink_as_the_columns_do() -> None:
    filled = ["".join(draw_chord("F#maj7", width)).count("█") for width in (60, 34, 24)]
    assert filled == sorted(filled, reverse=True) and len(set(filled)) == 3
    assert "maj7" in draw_chord("F#maj7", 12)[0]
    assert draw_chord("F#maj7", 8)[2] == "F#maj7"


def test_without_half_blocks_small_letters_are_text() -> None:
    assert draw_chord("F#maj7", 24, plain=True)[2].strip() == "F#maj7"
    assert draw_number("33.1", 14, plain=True)[2].strip() == "33.1"


def test_letters_differ() -> None:
    signs = "0123456789ABCDEFGN"
    assert len({tuple(draw_large(one)) for one in signs}) == len(signs)
    assert len({tuple(draw_small(one)) for one in signs}) == len(signs)


@pytest.mark.parametrize(
    ("label", "parts"),
    [("Am7", ("A", "m7")), ("F#maj7", ("F#", "maj7")), ("Bb", ("Bb", "")), ("N", ("", "N")), ("", ("", ""))],
)
def test_a_chord_has_a_root_and_a_rest(label: str, parts: tuple[str, str]) -> None:
    assert split_chord(label) == parts
