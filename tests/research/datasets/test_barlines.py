"""Bar lines of a tune, whatever its file counts."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest

from research.datasets.barlines import DOWNBEATS, MIN_AGREEMENT, find_bar_offset, read_downbeats


def test_bars_begin_where_the_chords_do() -> None:
    chords = [(4.0 * bar + 3.0, 4.0) for bar in range(16)]
    assert find_bar_offset(chords, (), 4.0) == (3.0, 1.0)


def test_of_two_halves_of_a_bar_that_all_have_chords_the_downbeats_choose() -> None:
    chords = [(2.0 * half, 2.0) for half in range(32)]
    begin, sure = find_bar_offset(chords, [4.0 * bar + 2.02 for bar in range(16)], 4.0)
    assert begin == 2.0
    assert sure == pytest.approx(0.75)


def test_a_chord_counts_by_how_long_it_lasts() -> None:
    """A bar's last beat often leads to the next with a chord of its own."""
    chords = [(4.0 * bar, 3.0) for bar in range(8)] + [(4.0 * bar + 3.0, 1.0) for bar in range(8)]
    assert find_bar_offset([*chords, (7.5, 0.5), (63.0, 1.0)], (), 4.0)[0] == 0.0


def test_a_bar_of_two_in_the_middle_leaves_doubt() -> None:
    chords = [(4.0 * bar, 4.0) for bar in range(8)] + [(34.0 + 4.0 * bar, 4.0) for bar in range(8)]
    assert find_bar_offset(chords, [beat for beat, _ in chords], 4.0)[1] < MIN_AGREEMENT


def test_a_waltz_has_bars_of_three_and_beats_may_fall_between_those_of_the_file() -> None:
    assert find_bar_offset([(3.0 * bar + 1.5, 3.0) for bar in range(8)], (), 3.0)[0] == 1.5


def test_downbeats_are_given_in_beats_through_changes_of_tempo(tmp_path: Path) -> None:
    """Eight beats at 150, then less than half as fast: the seconds of a bar's start are those of its tempo."""
    head = mido.MidiTrack(
        [mido.MetaMessage("set_tempo", tempo=400000), mido.MetaMessage("set_tempo", tempo=1000000, time=8 * 480)]
    )
    midi = mido.MidiFile(ticks_per_beat=480, tracks=[head])
    seconds = [0.0, 1.6, 3.2, 7.2, 11.2]
    rows = [f"{second} 1.0 1.0\n{second + 0.4} 0.0 0.0" for second in seconds]
    (tmp_path / DOWNBEATS).write_text("\n".join(rows), encoding="utf-8")
    assert read_downbeats(tmp_path, midi) == pytest.approx([0.0, 4.0, 8.0, 12.0, 16.0])
    assert read_downbeats(tmp_path / "nowhere", midi) == []
