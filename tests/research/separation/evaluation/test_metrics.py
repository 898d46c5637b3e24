"""Figures against values that are known beforehand, or worked out by another formula."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import Audio
from research.separation.evaluation import metrics

RATE = 8000


def noise(seed: int, seconds: float = 3.0, level: float = 0.1) -> Audio:
    return np.random.default_rng(seed).normal(0, level, (2, int(seconds * RATE))).astype(np.float32)


def tone(hz: float, seconds: float = 3.0) -> Audio:
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    return np.tile(wave, (2, 1)).astype(np.float32)


def test_noise_20_db_below_the_truth_gives_20_db() -> None:
    truth, added = noise(1), noise(2)
    added *= np.sqrt(metrics.compute_energy(truth) / metrics.compute_energy(added) / 100.0)
    assert metrics.compute_sdr_db(truth, truth + added) == pytest.approx(20.0, abs=1e-3)


def test_half_the_truth_has_an_sdr_of_6_db() -> None:
    truth = noise(1)
    assert metrics.compute_sdr_db(truth, np.float32(0.5) * truth) == pytest.approx(20 * np.log10(2), abs=1e-6)


def test_a_silent_truth_has_no_sdr() -> None:
    assert np.isnan(metrics.compute_sdr_db(np.zeros((2, 100), np.float32), noise(1)[:, :100]))


def test_a_perfect_estimate_has_an_infinite_sdr() -> None:
    assert metrics.compute_sdr_db(noise(1), noise(1)) == np.inf


def test_si_sdr_does_not_hear_the_gain() -> None:
    truth, estimate = noise(1), noise(1) + noise(2)
    louder = metrics.compute_si_sdr_db(truth, 3.0 * estimate)
    assert louder == pytest.approx(metrics.compute_si_sdr_db(truth, estimate), abs=1e-4)


def test_si_sdr_is_the_tangent_of_the_angle_to_the_truth() -> None:
    truth, estimate = noise(1), noise(1) + 0.3 * noise(2)
    a, b = truth.ravel().astype(float), estimate.ravel().astype(float)
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert metrics.compute_si_sdr_db(truth, estimate) == pytest.approx(
        -20 * np.log10(np.tan(np.arccos(cosine))), abs=1e-4
    )


def test_the_mix_gains_nothing_over_itself() -> None:
    truth, mix = noise(1), noise(1) + noise(2)
    assert metrics.compute_si_sdr_gain_db(truth, mix, mix) == 0.0
    assert metrics.compute_si_sdr_gain_db(truth, truth + 0.1 * noise(2), mix) == pytest.approx(20.0, abs=0.5)


def test_leakage_is_no_artefact() -> None:
    truths = np.stack([noise(1), noise(2)])
    estimates = np.stack([truths[0] + 0.5 * truths[1], truths[1] - 0.2 * truths[0]])
    assert (metrics.compute_si_sar_db(truths, estimates) > 90).all()


def test_what_no_stem_holds_is_an_artefact() -> None:
    truths = np.stack([noise(1), noise(2)])
    strange = noise(3)
    flat = truths.reshape(2, -1).astype(float)
    foreign = strange.ravel() - flat.T @ np.linalg.lstsq(flat.T, strange.ravel().astype(float), rcond=None)[0]
    foreign *= np.linalg.norm(flat[0]) / np.linalg.norm(foreign) / 10
    estimates = truths.copy()
    estimates[0] += foreign.reshape(2, -1).astype(np.float32)
    # the own part is measured along the truth alone, of which the other stem holds a little too: hence 0.1 dB
    assert metrics.compute_si_sar_db(truths, estimates)[0] == pytest.approx(20.0, abs=0.1)


def test_the_sar_of_a_silent_truth_is_none_and_the_others_have_theirs() -> None:
    truths = np.stack([noise(1), np.zeros_like(noise(1))])
    found = metrics.compute_si_sar_db(truths, np.stack([truths[0] + noise(3), noise(4)]))
    assert np.isnan(found[1])
    assert found[0] == pytest.approx(0.0, abs=0.3)


def test_the_low_sdr_counts_what_lies_below_250_hz_only() -> None:
    truth = tone(100) + tone(600)
    assert metrics.compute_low_sdr_db(truth, tone(100) + 0.5 * tone(600), RATE) > 60
    assert metrics.compute_low_sdr_db(truth, 0.9 * tone(100) + tone(600), RATE) == pytest.approx(20.0, abs=0.01)


def test_the_low_share_is_what_arrives_of_each_stem_below_250_hz() -> None:
    truths = np.stack([tone(60) + tone(900), noise(1), tone(600)])
    shares = metrics.compute_low_shares(truths, 0.3 * tone(60) + 0.7 * noise(1) + tone(900), RATE)
    assert shares[:2] == pytest.approx([0.3, 0.7], abs=0.01)
    silent = metrics.compute_low_shares(np.stack([tone(60), 0 * tone(60)]), tone(60), RATE)
    assert np.isnan(silent[1])


def test_the_leakage_is_what_sounds_where_the_stem_pauses() -> None:
    truth, mix = noise(1), noise(2)
    truth[:, RATE:] = 0
    estimate = truth.copy()
    estimate[:, RATE:] = 0.01 * mix[:, RATE:]
    assert metrics.compute_leakage_db(truth, estimate, mix, RATE) == pytest.approx(-40.0, abs=1e-3)


def test_a_stem_that_never_pauses_leaks_nowhere() -> None:
    assert np.isnan(metrics.compute_leakage_db(noise(1), noise(2), noise(3), RATE))


def test_a_stem_60_db_below_the_mix_counts_as_absent() -> None:
    mix, estimate = noise(1), 0.1 * noise(1)
    assert metrics.compute_leakage_db(0.9e-3 * noise(2), estimate, mix, RATE) == pytest.approx(-20.0, abs=1e-3)
    assert np.isnan(metrics.compute_leakage_db(1.2e-3 * noise(2), estimate, mix, RATE))


def test_each_second_has_its_own_sdr() -> None:
    truth = noise(1)
    gains = np.repeat([0.5, 0.9, 0.99], RATE).astype(np.float32)
    found = metrics.compute_framewise_sdr_db(truth[None], (truth * gains)[None], RATE)
    np.testing.assert_allclose(found, -20 * np.log10([[0.5, 0.1, 0.01]]), atol=1e-3)


def test_a_second_in_which_any_stem_is_silent_counts_for_none() -> None:
    truths = np.stack([noise(1), noise(2)])
    truths[1, :, RATE : 2 * RATE] = 0
    found = metrics.compute_framewise_sdr_db(truths, truths + 0.1, RATE)
    assert np.isnan(found).tolist() == [[False, True, False]] * 2


def test_the_chunk_sdr_is_the_median_of_the_seconds_in_which_the_stem_sounds() -> None:
    truth, mix = noise(1, 5.0), noise(2, 5.0)
    estimate = truth * np.repeat([1, 1, 0.5, 0.9, 0.99], RATE).astype(np.float32)
    truth[:, : 2 * RATE] = 0
    assert metrics.compute_chunk_sdr_db(truth, estimate, mix, RATE) == pytest.approx(20.0, abs=1e-3)
