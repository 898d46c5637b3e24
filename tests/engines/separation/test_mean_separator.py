"""The mean of separators: of what they agree on and of what they do not."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from bridge.errors import EngineError
from engines.separation.engine_profiles import open_profile
from engines.separation.mean_separator import MeanSeparator
from tests.engines.separation.offline.separators import RATE, Filters, Loudness, noise


class Shares:
    """Each stem is a fixed share of the mix."""

    def __init__(self, shares: tuple[float, ...], stems: tuple[str, ...] = STEMS) -> None:
        self.name, self.stems, self.rates = "shares", stems, ()
        self._shares = np.asarray(shares, np.float32)

    def separate(self, mix: Audio, rate: int) -> Audio:
        shares: Audio = self._shares[:, None, None] * mix
        return shares


def test_it_is_the_mean_and_its_stems_sum_to_the_mix() -> None:
    mix = noise(5000)
    mean = MeanSeparator("mean", (Shares((0.5, 0.1, 0.1, 0.3)), Shares((0.1, 0.3, 0.5, 0.1))))
    stems = mean.separate(mix, RATE)
    assert stems.dtype == np.float32
    np.testing.assert_allclose(stems, np.array([0.3, 0.2, 0.3, 0.2])[:, None, None] * mix, atol=1e-7)
    np.testing.assert_allclose(stems.sum(0), mix, atol=1e-7)


def test_separators_that_agree_are_left_as_they_are() -> None:
    mix, one = noise(20_000), Filters()
    np.testing.assert_allclose(
        MeanSeparator("same", (one, Filters())).separate(mix, RATE), one.separate(mix, RATE), atol=1e-6
    )


def test_it_runs_at_the_rates_that_all_have() -> None:
    assert MeanSeparator("any", (Filters(), Filters())).rates == ()
    assert MeanSeparator("one", (Filters(rates=(44100, 48000)), Loudness())).rates == (RATE,)
    with pytest.raises(EngineError, match="no rate in common"):
        MeanSeparator("none", (Filters(rates=(48000,)), Loudness()))


def test_separators_of_other_stems_are_refused() -> None:
    with pytest.raises(EngineError, match="different stems"):
        MeanSeparator("two", (Filters(), Shares((0.5, 0.5), ("vocals", "other"))))


def test_samples_that_are_no_number_count_as_silence_in_the_offline_profile() -> None:
    mix = noise(RATE // 8)
    mix[0, 1000], mix[1, 2000] = np.nan, np.inf
    stems = open_profile("offline")[0].separate(mix, RATE)
    assert np.isfinite(stems).all()
    sane = np.where(np.isfinite(mix), mix, np.float32(0.0))
    np.testing.assert_allclose(stems.sum(0), sane, atol=1e-5)


def test_the_offline_profile_lies_between_its_two_networks() -> None:
    from engines.separation.lookahead_separator import LookaheadSeparator

    mix = noise(RATE // 4)
    separator, identity = open_profile("offline")
    assert separator.name == "separation.offline"
    assert "offline" in identity
    live = open_profile("standard")[0].separate(mix, RATE)
    ahead = LookaheadSeparator().separate(mix, RATE)
    np.testing.assert_allclose(separator.separate(mix, RATE), 0.5 * (live + ahead), atol=1e-6)
    assert np.abs(live - ahead).max() > 1e-3  # else the mean proves nothing
