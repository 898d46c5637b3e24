"""The floor and the ceiling of the tables."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS
from bridge.errors import EngineError
from engines.separation.postprocess import wrap_separator
from research.separation.evaluation.baselines import GridOracleSeparator, OracleSeparator, QuarterMixSeparator
from research.separation.evaluation.metrics import compute_sdr_db
from research.separation.evaluation.songs import JOINED, MultitrackSong
from tests.research.separation.evaluation.made_up import RATE, made_up_song

ORACLES = [OracleSeparator, GridOracleSeparator]


def test_a_quarter_of_the_mix_is_its_stems_floor() -> None:
    song = made_up_song(0.5)
    stems = QuarterMixSeparator().separate(song.mix, RATE)
    np.testing.assert_allclose(stems, np.tile(song.mix / 4, (4, 1, 1)))


@pytest.mark.parametrize("oracle", ORACLES)
def test_an_oracle_is_far_above_the_mix_on_every_stem(oracle: type[OracleSeparator]) -> None:
    song = made_up_song(0.5)
    stems = oracle(song).separate(song.mix, RATE)
    quarter = QuarterMixSeparator().separate(song.mix, RATE)
    for i in range(len(STEMS)):
        assert compute_sdr_db(song.truth[i], stems[i]) > compute_sdr_db(song.truth[i], quarter[i]) + 8


@pytest.mark.parametrize("oracle", ORACLES)
def test_an_oracles_stems_sum_to_the_mix(oracle: type[OracleSeparator]) -> None:
    song = made_up_song(0.5)
    np.testing.assert_allclose(oracle(song).separate(song.mix, RATE).sum(axis=0), song.mix, atol=1e-6)


@pytest.mark.parametrize("oracle", ORACLES)
def test_an_oracle_gives_nothing_to_a_stem_that_is_absent(oracle: type[OracleSeparator]) -> None:
    song = made_up_song(0.5)
    truth = song.truth.copy()
    truth[STEMS.index("bass")] = 0
    without = MultitrackSong("", RATE, STEMS, truth)
    stems = oracle(without).separate(without.mix, RATE)
    assert np.abs(stems[STEMS.index("bass")]).max() < 1e-4


def test_an_oracle_takes_bass_and_other_in_one_for_the_other() -> None:
    song = made_up_song(0.5)
    joined = MultitrackSong("", RATE, JOINED, np.stack([song.truth[0], song.truth[2], song.truth[1] + song.truth[3]]))
    stems = OracleSeparator(joined).separate(joined.mix, RATE)
    assert np.abs(stems[STEMS.index("bass")]).max() < 1e-4
    assert compute_sdr_db(joined.truth[2], stems[STEMS.index("other")]) > 10


def test_an_oracle_refuses_another_song() -> None:
    song = made_up_song(0.5)
    with pytest.raises(EngineError, match="the song that it was made for"):
        OracleSeparator(song).separate(song.mix[:, 1:], RATE)


def test_an_oracle_can_be_put_in_steps() -> None:
    song = made_up_song(0.5)
    stems = wrap_separator(OracleSeparator(song), ["blending"]).separate(song.mix, RATE)
    assert compute_sdr_db(song.truth[1], stems[1]) > 8
