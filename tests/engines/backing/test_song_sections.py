from __future__ import annotations

import numpy as np
import pytest

from engines.backing.onset_strength import BANDS
from engines.backing.song_sections import (
    MAX_INTENSITY,
    MEAN_INTENSITY,
    MIN_INTENSITY,
    find_sections,
    measure_bar_levels,
)
from tests.engines.backing.songs import measure_strength


def find_sections_of(*stretches: tuple[int, float], loose_db: float = 0.7) -> list[tuple[str, int, float]]:
    """Of stretches of so many bars at so many dB."""
    random = np.random.default_rng(5)
    loud_db = np.concatenate([np.full(bars, level) for bars, level in stretches])
    loud_db = loud_db + random.normal(0, loose_db, len(loud_db))
    levels = loud_db[:, None] + random.normal(0, loose_db, (len(loud_db), BANDS))
    found = find_sections(levels, (10 ** (loud_db / 10)).tolist())
    return [(one.name, one.bars, one.intensity) for one in found]


def test_stretches_begin_and_end_where_the_loudness_changes() -> None:
    found = find_sections_of((8, -26), (16, -18), (8, -12), (16, -18), (8, -12), (4, -27))
    assert [bars for _, bars, _ in found] == [8, 16, 8, 16, 8, 4]
    assert [name for name, _, _ in found] == ["intro", "verse", "chorus", "verse", "chorus", "outro"]
    intensities = [intensity for _, _, intensity in found]
    assert intensities[0] < intensities[1] < intensities[2]
    assert all(MIN_INTENSITY <= intensity <= MAX_INTENSITY for intensity in intensities)


def test_a_change_within_a_phrase_is_found_where_it_is() -> None:
    assert [bars for _, bars, _ in find_sections_of((6, -24), (13, -12))] == [6, 13]


def test_an_even_song_is_one_stretch_at_a_middling_intensity() -> None:
    ((name, bars, intensity),) = find_sections_of((40, -14), loose_db=0.5)
    assert (name, bars) == ("verse", 40)
    assert intensity == pytest.approx(MEAN_INTENSITY, abs=0.05)


def test_one_loud_bar_is_no_section() -> None:
    assert len(find_sections_of((8, -16), (1, -11), (11, -16))) == 1


@pytest.mark.parametrize("bars", [1, 2, 5])
def test_short_songs_are_one_stretch(bars: int) -> None:
    assert sum(found[1] for found in find_sections_of((bars, -14))) == bars


def test_levels_are_the_bars_own_and_a_bar_of_silence_has_a_floor() -> None:
    at = np.arange(4 * 44_100) / 44_100
    loud = np.where(at < 1, 0.5, np.where(at < 2, 0.05, 0.0))
    audio = np.repeat((loud * np.sin(2 * np.pi * 300 * at))[None], 2, axis=0).astype(np.float32)
    levels = measure_bar_levels(measure_strength(audio), [0.0, 1.0, 2.0, 3.9])
    assert levels[0, 1] - levels[1, 1] == pytest.approx(20, abs=1.5)  # a window reaches over the bar line
    assert levels[0, 1] - levels[2, 1] == pytest.approx(40, abs=0.5)
