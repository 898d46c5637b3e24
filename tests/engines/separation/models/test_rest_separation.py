"""A model that separates some stems, and a second separator for what it leaves."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.separation.models.rest_separation import RestSeparator

MIX = np.random.default_rng(2).standard_normal((2, 400)).astype(np.float32)


class GainSeparator:
    """A separator whose stems are the mix with these gains."""

    def __init__(self, gains: dict[str, float], rates: tuple[int, ...]) -> None:
        self.name, self.rates, self._gains = "gains", rates, gains
        self.stems = tuple(gains)

    def separate(self, mix: Audio, rate: int) -> Audio:
        assert rate in self.rates or not self.rates
        return np.stack([np.float32(gain) * mix for gain in self._gains.values()])


def test_the_second_separates_what_the_first_leaves_and_its_share_of_a_stem_of_the_first_stays_in_the_rest() -> None:
    first = GainSeparator({"vocals": 0.25, "other": 0.75}, (44100,))
    second = GainSeparator({"drums": 0.5, "bass": 0.25, "vocals": 0.125, "other": 0.125}, (44100, 48000))
    both = RestSeparator(first, "other", second)
    assert both.stems == ("drums", "bass", "vocals", "other")
    assert both.rates == (44100,)
    stems = dict(zip(both.stems, both.separate(MIX, 44100), strict=True))
    for stem, gain in {"drums": 0.375, "bass": 0.1875, "vocals": 0.25, "other": 0.1875}.items():
        np.testing.assert_allclose(stems[stem], gain * MIX, rtol=1e-6)
    np.testing.assert_allclose(sum(stems.values()), MIX, atol=1e-6)


def test_further_stems_of_the_first_are_kept_and_any_rate_of_the_second_is_none_of_its_own() -> None:
    first = GainSeparator({"vocals": 0.5, "guitar": 0.25, "other": 0.25}, (48000,))
    both = RestSeparator(first, "other", GainSeparator({"drums": 0.5, "other": 0.5}, ()))
    assert both.stems == ("drums", "vocals", "other", "guitar")
    assert both.rates == (48000,)
    stems = dict(zip(both.stems, both.separate(MIX, 48000), strict=True))
    np.testing.assert_allclose(stems["guitar"], 0.25 * MIX, rtol=1e-6)
    np.testing.assert_allclose(stems["drums"], 0.125 * MIX, rtol=1e-6)
