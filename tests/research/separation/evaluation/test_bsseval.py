"""museval, where it is installed, and our quick way to its SDR."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from research.separation.evaluation import metrics
from research.separation.evaluation.bsseval import compute_bss_eval

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("museval") is None, reason="museval (extra bench) is not installed"
)

RATE = 4000


def test_the_framewise_sdr_is_that_of_museval() -> None:
    rng = np.random.default_rng(1)
    truths = rng.normal(0, 0.1, (2, 1, 5 * RATE)).astype(np.float32)
    truths[1, :, RATE : 2 * RATE] = 0  # a second that does not count
    levels = np.repeat([0.01, 3.0, 0.02, 0.05, 0.1], RATE)
    estimates = 0.8 * truths[::-1] + truths + levels * rng.normal(0, 0.1, truths.shape)
    found = compute_bss_eval(truths, estimates.astype(np.float32), RATE)
    ours = metrics.compute_framewise_sdr_db(truths, estimates.astype(np.float32), RATE)
    assert [one.sdr for one in found] == pytest.approx([metrics.compute_median_db(stem) for stem in ours], abs=1e-5)


def test_what_a_filter_explains_is_interference_and_not_artefact() -> None:
    rng = np.random.default_rng(2)
    truths = rng.normal(0, 0.1, (2, 1, 2 * RATE)).astype(np.float32)
    estimates = truths + 0.1 * np.roll(truths[::-1], 3, axis=2)
    first = compute_bss_eval(truths, estimates, RATE)[0]
    assert first.sir == pytest.approx(20.0, abs=0.5)
    assert first.sar > 35
