"""The weights that ship: they are what they say, and every profile runs on them."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS
from engines.onnx import read_shipped
from engines.separation.engine_profiles import OFFLINE, open_profile
from engines.separation.learned_separation import FILE, LearnedSeparation, low, standard, ultra
from engines.weights import WEIGHTS
from tests.contracts.material import Material
from tests.engines.driving import separate

pytestmark = pytest.mark.skipif(not (WEIGHTS / FILE).is_file(), reason=f"{WEIGHTS}/{FILE} is not there yet")
SECONDS = 2.0


def test_they_are_ten_megabytes_at_most() -> None:
    assert len(read_shipped(WEIGHTS, FILE)) <= 10e6


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("make", [standard, low, ultra])
def test_the_stems_sum_to_the_mix_an_overlap_later(make: type[LearnedSeparation], rate: int) -> None:
    engine = make()
    mix = Material(rate).audio(2, 0, int(SECONDS * rate))
    stems = separate(engine, mix, rate)
    late = engine.latency_frames("drums")
    total = np.sum([stems[name] for name in STEMS], axis=0)
    np.testing.assert_allclose(total[:, late:], mix[:, : total.shape[1] - late], atol=1e-6)
    assert all(wave.any() for wave in stems.values())


def test_the_offline_profile_separates_and_its_stems_sum_to_the_mix() -> None:
    mix = Material(48000).audio(2, 0, int(SECONDS * 48000))
    separator, identity = open_profile(OFFLINE)
    stems = separator.separate(mix, 48000)
    np.testing.assert_allclose(stems.sum(0), mix, atol=1e-6)
    assert all(wave.any() for wave in stems)
    assert identity != open_profile("standard")[1]
