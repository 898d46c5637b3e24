"""Parameter fingerprints: the same for the same parameters, another where a chain would no longer fit."""

from __future__ import annotations

import msgspec
import pytest

from chains.document.parameter_fingerprint import compute_fingerprint
from chains.process.messages import ParameterFacts

THRESHOLD = ParameterFacts("Threshold", 0.5, "-30 dB", "dB", -60.0, 0.0)
MODE = ParameterFacts("Mode", 0.0, "Slow", steps=3, index=1)
METER = ParameterFacts("Output level", 0.1, "-3 dB", "dB", -60.0, 0.0, is_automatable=False, index=2)
FINGERPRINT = compute_fingerprint((THRESHOLD, MODE, METER))


def test_values_order_and_meters_do_not_count() -> None:
    assert len(FINGERPRINT) == 64
    moved = msgspec.structs.replace(THRESHOLD, unit=" dB ", raw=0.25, text="-45 dB", index=1, high=-0.0)
    assert compute_fingerprint((MODE, moved)) == FINGERPRINT


@pytest.mark.parametrize(
    "changed",
    [{"name": "Treshold"}, {"unit": ""}, {"low": -80.0}, {"high": None}, {"steps": 2}, {"is_automatable": False}],
    ids=str,
)
def test_what_no_longer_fits_has_another(changed: dict[str, object]) -> None:
    assert compute_fingerprint((msgspec.structs.replace(THRESHOLD, **changed), MODE)) != FINGERPRINT


def test_a_range_that_differs_by_a_float32_step_is_the_same() -> None:
    assert compute_fingerprint((msgspec.structs.replace(THRESHOLD, low=-60.000001), MODE)) == FINGERPRINT


def test_a_plugin_without_parameters_has_none() -> None:
    assert compute_fingerprint((METER,)) == ""
