"""Sections by how hard the music plays."""

from __future__ import annotations

from itertools import pairwise

from engines.accompaniment.energy import BREAK, CHORUS, LEAST_BARS, VERSE, Energy
from engines.accompaniment.form import AUTO


def detect_sections(levels: list[float], energy: Energy | None = None, first: int = 0) -> list[int]:
    """What it says in the bar after each of ``levels``, the strengths of a bar's onsets together."""
    energy = energy or Energy()
    results = []
    for bar, level in enumerate(levels, first):
        energy.advance(bar)
        for _ in range(8):
            energy.push_onset(level / 8)
        energy.advance(bar + 1)
        results.append(energy.kind)
    return results


def test_nothing_is_said_of_music_that_goes_on_as_it_was() -> None:
    assert set(detect_sections([4.0] * 40)) == {AUTO}
    assert set(detect_sections([0.0] * 40)) == {AUTO}


def test_a_bar_much_harder_than_usual_is_a_chorus_and_one_much_softer_a_break() -> None:
    results = detect_sections([4.0] * 8 + [7.0] * 6 + [4.0] * 8 + [1.0] * 4 + [4.0] * 4)
    assert results[7] == AUTO
    assert results[8] == CHORUS
    assert results[16] == VERSE
    assert results[22] == BREAK
    assert results[-1] == VERSE


def test_a_section_lasts_four_bars_at_least() -> None:
    results = detect_sections([4.0] * 8 + [8.0, 4.0] * 8)
    changes = [bar for bar in range(1, len(results)) if results[bar] != results[bar - 1]]
    assert changes
    assert all(b - a >= LEAST_BARS for a, b in pairwise(changes))


def test_a_bar_that_was_analysed_in_part_does_not_count() -> None:
    energy = Energy()
    detect_sections([4.0] * 8, energy)
    energy.push_onset(50.0)
    energy.advance(30)  # the song jumps
    assert energy.kind == AUTO
    assert detect_sections([4.0] * 3, energy, 30) == [AUTO] * 3
