"""Estimates assigned to true stems, and their figures."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS
from research.separation.evaluation.figures import compute_figures, group_estimates
from research.separation.evaluation.songs import JOINED, MultitrackSong
from tests.research.separation.evaluation.made_up import RATE, made_up_song


def levels(song: MultitrackSong, stems: tuple[str, ...]) -> dict[str, float]:
    """The estimates' first sample where output i of the separator is 10^i throughout."""
    waves = np.stack([np.full((2, 4), 10.0**i, np.float32) for i in range(len(stems))])
    return {stem: float(wave[0, 0]) for stem, wave in group_estimates(song, stems, waves).items()}


def test_estimates_are_matched_by_name_and_not_by_position() -> None:
    found = levels(made_up_song(), ("vocals", "drums", "other", "bass"))
    assert found == {"drums": 10.0, "bass": 1000.0, "vocals": 1.0, "other": 100.0}


def test_guitar_and_piano_count_as_other() -> None:
    found = levels(made_up_song(), (*STEMS, "guitar", "piano"))
    assert found["other"] == 111000.0


def test_bass_and_other_in_one_is_the_sum_of_both_estimates() -> None:
    song = MultitrackSong("", RATE, JOINED, np.zeros((3, 2, 4), np.float32))
    assert levels(song, STEMS) == {"drums": 1.0, "vocals": 100.0, "bassother": 1010.0}


def test_a_separator_of_vocals_and_the_rest_is_measured_on_the_vocals_alone() -> None:
    assert levels(made_up_song(), ("vocals", "other")) == {"vocals": 1.0}


def test_a_perfect_separator_has_perfect_figures() -> None:
    song = made_up_song()
    for row in compute_figures("oracle", song, song.mix, dict(zip(STEMS, song.truth, strict=True))):
        assert row.sdr == row.museval_sdr == row.global_sdr == row.low_sdr == np.inf
        assert row.si_sdr_gain > 60


@pytest.mark.parametrize("rest", [0.0, 1e-4])
def test_of_a_stem_that_the_song_lacks_only_the_leakage_is_known(rest: float) -> None:
    song = made_up_song()
    truth = song.truth.copy()
    truth[2] *= rest
    song = MultitrackSong("", RATE, STEMS, truth)
    estimates = dict(zip(STEMS, song.truth + 0.1 * song.mix, strict=True))
    row = next(row for row in compute_figures("x", song, song.mix, estimates) if row.stem == "vocals")
    assert np.isnan([row.sdr, row.museval_sdr, row.global_sdr, row.low_sdr, row.si_sdr_gain, row.si_sar]).all()
    assert row.leakage == pytest.approx(-20.0, abs=1e-3)
