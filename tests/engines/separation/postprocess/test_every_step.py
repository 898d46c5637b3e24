"""Properties that every postprocessor has."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import EngineError
from engines.separation.postprocess import NAMES, wrap_separator
from engines.separation.separator import Separator
from research.separation.evaluation.metrics import compute_sdr_db
from tests.engines.separation.postprocess.toys import RATE, Bands, Shares, stems_in_bands

LEAST_DB = {"wiener": 30.0}
"""Wiener's places are those of its windows, which see a little of the neighbouring bands."""
COSTS = {"blending": 5, "cascade": 2, "averaging": 4, "averaging.swap": 2}
"""Separations; the others take one."""
SUMMING = ("cascade", "consistency", "consistency.energy", "misi", "wiener", "averaging", "averaging.swap")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "observation"])
def test_a_perfect_separator_stays_perfect(name: str) -> None:
    truth = stems_in_bands()
    found = wrap_separator(Bands(), [name]).separate(truth.sum(axis=0), RATE)
    for i in range(len(truth)):
        assert compute_sdr_db(truth[i], found[i]) > LEAST_DB.get(name, 80.0)


@pytest.mark.parametrize("name", SUMMING)
def test_the_stems_sum_to_the_mix(name: str) -> None:
    mix = np.random.default_rng(1).normal(0, 0.1, (2, 5000)).astype(np.float32)
    found = wrap_separator(Bands(), [name]).separate(mix, RATE)
    np.testing.assert_allclose(found.sum(axis=0), mix, atol=2e-6)


@pytest.mark.parametrize("name", ["consistency", "consistency.energy", "misi", "wiener"])
def test_stems_that_lack_something_are_made_to_sum_to_the_mix(name: str) -> None:
    mix = np.random.default_rng(1).normal(0, 0.1, (2, 5000)).astype(np.float32)
    found = wrap_separator(Shares((0.4, 0.1, 0.1, 0.1)), [name]).separate(mix, RATE)
    np.testing.assert_allclose(found.sum(axis=0), mix, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_the_stems_and_rates_of_the_separator_and_says_what_it_is(name: str) -> None:
    step = wrap_separator(Bands(), [name])
    assert isinstance(step, Separator)
    assert (step.name, step.stems, step.rates) == (f"bands+{name}", Bands.stems, Bands.rates)
    assert NAMES[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_mix_is_left_as_it_was_and_stems_are_float32(name: str) -> None:
    mix = stems_in_bands().sum(axis=0)
    before = mix.copy()
    assert wrap_separator(Bands(), [name]).separate(mix, RATE).dtype == np.float32
    np.testing.assert_array_equal(mix, before)


@pytest.mark.parametrize("name", NAMES)
def test_silence_stays_silence(name: str) -> None:
    assert not wrap_separator(Bands(), [name]).separate(np.zeros((2, 3000), np.float32), RATE).any()


@pytest.mark.parametrize("name", NAMES)
def test_it_asks_the_separator_as_often_as_it_says(name: str) -> None:
    separator = Bands()
    wrap_separator(separator, [name]).separate(stems_in_bands().sum(axis=0), RATE)
    assert separator.asked == COSTS.get(name, 1)


def test_steps_are_put_around_each_other_the_first_innermost() -> None:
    assert wrap_separator(Bands(), ["cascade", "wiener"]).name == "bands+cascade+wiener"
    assert isinstance(wrap_separator(Bands(), []), Bands)


def test_an_unknown_step_is_reported_with_the_nearest() -> None:
    with pytest.raises(EngineError, match="no step 'weiner'; did you mean wiener"):
        wrap_separator(Bands(), ["weiner"])
