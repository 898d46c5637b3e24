"""Effects of the postprocessors, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from bridge.errors import EngineError
from engines.separation.postprocess.misi import Misi
from engines.separation.postprocess.time_domain import (
    Averaging,
    Blending,
    Cascade,
    Consistency,
    EnergyConsistency,
    Observation,
    SwapAveraging,
)
from engines.separation.postprocess.wiener import Wiener
from engines.separation.spectrogram import analyse
from research.separation.evaluation.metrics import compute_sdr_db
from tests.engines.separation.postprocess.toys import RATE, Bands, Masks, Shares, stems_in_bands, two_noises

MIX = np.random.default_rng(2).normal(0, 0.1, (2, 4000)).astype(np.float32)
SHARES = (0.4, 0.3, 0.2, 0.1)


def parts(stems: Audio) -> Audio:
    """Each stem as a multiple of MIX, (stems, 2)."""
    return np.asarray((stems * MIX).sum(axis=2) / (MIX * MIX).sum(axis=1))


def test_blending_with_nothing_but_the_mix_is_the_identity() -> None:
    np.testing.assert_array_equal(
        Blending(Shares(SHARES), ratio=1.0).separate(MIX, RATE), Shares(SHARES).separate(MIX, RATE)
    )


def test_blending_separates_the_stem_mixed_with_the_original() -> None:
    stems = Blending(Shares(SHARES), ratio=0.25).separate(MIX, RATE)
    expected = [share * (0.25 + 0.75 * share) for share in SHARES]
    np.testing.assert_allclose(parts(stems), np.outer(expected, [1, 1]), rtol=1e-5)


def test_a_second_round_of_blending_starts_from_the_first() -> None:
    stems = Blending(Shares(SHARES), ratio=0.5, rounds=2).separate(MIX, RATE)
    expected = [s * (0.5 + 0.5 * s * (0.5 + 0.5 * s)) for s in SHARES]
    np.testing.assert_allclose(parts(stems), np.outer(expected, [1, 1]), rtol=1e-5)


@pytest.mark.parametrize("ratio", [-0.1, 1.1])
def test_a_blending_ratio_outside_its_range_is_refused(ratio: float) -> None:
    with pytest.raises(EngineError, match=r"0\.\.1"):
        Blending(Bands(), ratio)


def test_a_cascade_takes_the_rest_from_what_the_first_stem_leaves() -> None:
    stems = Cascade(Shares(SHARES), first="bass").separate(MIX, RATE)
    expected = [0.7 * 0.4, 0.3 + 0.7 * 0.3, 0.7 * 0.2, 0.7 * 0.1]
    np.testing.assert_allclose(parts(stems), np.outer(expected, [1, 1]), rtol=1e-5)


def test_a_cascade_needs_a_stem_that_the_separator_has() -> None:
    with pytest.raises(EngineError, match="no stem 'vocal'; did you mean vocals"):
        Cascade(Bands(), first="vocal").separate(MIX, RATE)


def test_consistency_spreads_what_lacks_equally() -> None:
    stems = Consistency(Shares((0.4, 0.2, 0.1, 0.1))).separate(MIX, RATE)
    np.testing.assert_allclose(parts(stems), np.outer([0.45, 0.25, 0.15, 0.15], [1, 1]), rtol=1e-5)


def test_consistency_by_energy_leaves_a_silent_stem_silent() -> None:
    stems = EnergyConsistency(Shares((0.4, 0.2, 0.2, 0.0))).separate(MIX, RATE)
    expected = [0.4 + 0.2 * 16 / 24, 0.2 + 0.2 * 4 / 24, 0.2 + 0.2 * 4 / 24, 0.0]
    np.testing.assert_allclose(parts(stems), np.outer(expected, [1, 1]), rtol=1e-5, atol=1e-8)


def inconsistency(magnitudes: Audio, stems: Audio) -> float:
    """How far the stems' spectrograms are from what was asked."""
    return float(((np.abs(analyse(stems)) - magnitudes) ** 2).sum())


def test_misi_brings_stems_that_sum_to_the_mix_nearer_to_their_magnitudes_each_round() -> None:
    truth = two_noises()
    mix = truth.sum(axis=0)
    wrong = truth[:, :, ::-1].copy()  # played backwards: magnitudes that no stems which sum to the mix have
    magnitudes = np.abs(analyse(wrong))

    class Wrong(Masks):
        def separate(self, mix: Audio, rate: int) -> Audio:
            return wrong.copy()

    first, later = (Misi(Wrong(truth), rounds).separate(mix, RATE) for rounds in (1, 8))
    summing = wrong + (mix - wrong.sum(axis=0)) / 2
    found = [inconsistency(magnitudes, stems) for stems in (summing, first, later)]
    assert found[0] > 1.2 * found[1] > 1.2 * 1.2 * found[2]


def test_misi_leaves_stems_that_sum_to_the_mix_as_they_are() -> None:
    truth = stems_in_bands()
    found = Misi(Bands()).separate(truth.sum(axis=0), RATE)
    np.testing.assert_allclose(found, Bands().separate(truth.sum(axis=0), RATE), atol=1e-5)


def test_wiener_hears_where_the_stems_stand_and_improves_on_masks_that_do_not() -> None:
    truth = two_noises()
    mix = truth.sum(axis=0)
    masks, wiener = Masks(truth), Wiener(Masks(truth))
    before, after = masks.separate(mix, RATE), wiener.separate(mix, RATE)
    for i in range(2):
        assert compute_sdr_db(truth[i], after[i]) > compute_sdr_db(truth[i], before[i]) + 2


def test_wiener_gives_a_stem_that_is_silent_next_to_nothing() -> None:
    stems = Wiener(Shares((0.5, 0.5, 0.0, 0.0))).separate(MIX, RATE)
    assert np.abs(stems[2:]).max() < 1e-4 * np.abs(MIX).max()


def test_wiener_bears_a_mix_with_one_silent_channel() -> None:
    mix = MIX.copy()
    mix[1] = 0
    stems = Wiener(Shares(SHARES)).separate(mix, RATE)
    assert np.isfinite(stems).all()
    np.testing.assert_allclose(stems.sum(axis=0), mix, atol=1e-6)


def test_observation_adds_a_share_of_the_mix_and_keeps_the_level() -> None:
    stems = Observation(Shares(SHARES), share=0.1).separate(MIX, RATE)
    expected = [0.9 * share + 0.1 for share in SHARES]
    np.testing.assert_allclose(parts(stems), np.outer(expected, [1, 1]), rtol=1e-5)


def test_averaging_changes_nothing_where_polarity_and_sides_are_alike() -> None:
    found = Averaging(Bands()).separate(MIX, RATE)
    np.testing.assert_allclose(found, Bands().separate(MIX, RATE), atol=1e-7)


@pytest.mark.parametrize("averaging", [Averaging, SwapAveraging])
def test_averaging_evens_out_a_lean_to_one_side(averaging: type[Averaging]) -> None:
    stems = averaging(Shares(SHARES, lean=0.1)).separate(MIX, RATE)
    np.testing.assert_allclose(parts(stems), np.outer(np.array(SHARES) + 0.05, [1, 1]), rtol=1e-5)


def test_averaging_over_polarity_takes_away_what_does_not_turn_with_it() -> None:
    stems = Averaging(Shares(SHARES, bias=0.05)).separate(MIX, RATE)
    np.testing.assert_allclose(stems, Shares(SHARES).separate(MIX, RATE), atol=1e-7)


def test_the_stems_of_a_separator_are_found_by_name_whatever_their_number() -> None:
    assert Cascade(Masks(two_noises())).stems == ("drums", "vocals")
    assert Cascade(Bands()).stems == STEMS
