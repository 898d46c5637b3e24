"""Which separator a profile's name stands for."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from bridge.core.audio import STEMS
from bridge.errors import EngineError
from engines.separation.dsp import DspSeparation
from engines.separation.offline import profiles
from engines.separation.offline.profiles import choose
from engines.separation.offline.separator import EngineSeparator
from tests.engines.separation.offline.separators import RATE, Filters, noise


def test_the_dsp_profile_is_the_dsp_engine_without_a_seam() -> None:
    mix = noise(RATE // 4)
    chosen = choose("dsp")
    assert chosen.separator.name == "separation.dsp"
    assert np.array_equal(chosen.separator.separate(mix, RATE), EngineSeparator(DspSeparation()).separate(mix, RATE))


def test_steps_are_put_around_it_in_their_order() -> None:
    assert choose("dsp", steps=("consistency", "wiener")).separator.name == "separation.dsp+consistency+wiener"


def test_studio_is_the_added_model_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load(name: str) -> Filters:
        asked.append(name)
        return Filters()

    monkeypatch.setattr(profiles, "import_module", lambda name: SimpleNamespace(load_separator=load))
    chosen = choose("studio", "mine")
    assert asked == ["mine"]
    assert (chosen.separator.name, chosen.separator.stems) == ("filters", STEMS)
    assert chosen.separator.separate(noise(5000), RATE).shape == (len(STEMS), 2, 5000)


def test_an_engine_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> object:
        raise ImportError("no module named weights")

    entry = SimpleNamespace(load=load, value="a.b:C", dist=None)
    monkeypatch.setattr(profiles, "entry_points", lambda **_: [entry])
    with pytest.raises(EngineError, match=r"'separation.low' \(a.b:C\) cannot be loaded: no module named weights"):
        choose("low")


def test_the_weights_decide_what_counts_as_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = SimpleNamespace(load=lambda: DspSeparation, value="a.b:C", dist=None)
    monkeypatch.setattr(profiles, "entry_points", lambda **_: [entry])
    told = []
    for weights in ("one", "two"):
        monkeypatch.setattr(profiles, "_weights", lambda weights=weights: weights)
        told.append(choose("low").model)
    assert told[0] != told[1]
