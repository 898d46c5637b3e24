"""Separation profiles: the separator of each name."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.core.audio import STEMS
from bridge.errors import ConfigError, EngineError
from engines.separation import engine_profiles
from engines.separation.dsp import DspSeparation
from engines.separation.models.store import open_user_store
from engines.separation.offline.profiles import choose_profile
from engines.separation.separator import EngineSeparator
from tests.engines.separation.models import graphs
from tests.engines.separation.offline.separators import RATE, noise


def test_the_dsp_profile_is_the_dsp_engine_without_a_seam() -> None:
    mix = noise(RATE // 4)
    chosen = choose_profile("dsp")
    assert chosen.separator.name == "separation.dsp"
    assert np.array_equal(chosen.separator.separate(mix, RATE), EngineSeparator(DspSeparation()).separate(mix, RATE))


def test_steps_are_put_around_it_in_their_order() -> None:
    assert choose_profile("dsp", steps=("consistency", "wiener")).separator.name == "separation.dsp+consistency+wiener"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    return tmp_path


def add(home: Path, name: str, gains: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4)) -> None:
    """A model whose stems are the mix times ``gains``."""
    path = graphs.write_stacked_graph(home / "tiny.onnx", "mix", (1, 2, 4410), gains)
    with open_user_store().open_draft(name) as draft:
        (draft.folder / "tiny.onnx").write_bytes(path.read_bytes())
        draft.publish(graphs.manifest_for(path, "htdemucs", ("drums", "bass", "other", "vocals"), name=name))


def test_studio_is_the_model_that_was_added(home: Path) -> None:
    add(home, "mine")
    chosen = choose_profile("studio")
    assert (chosen.separator.name, chosen.separator.stems) == ("mine", STEMS)
    mix = noise(50_000)
    drums, bass, vocals, other = chosen.separator.separate(mix, RATE)
    for stem, gain in ((drums, 0.1), (bass, 0.2), (other, 0.3), (vocals, 0.4)):
        assert np.max(np.abs(stem - gain * mix)) < 1e-6


def test_of_several_models_one_is_named(home: Path) -> None:
    add(home, "one")
    add(home, "two")
    assert choose_profile("studio", "two").separator.name == "two"
    with pytest.raises(ConfigError, match="which model\\?; add --model with one of: one, two"):
        choose_profile("studio")


def test_a_model_of_the_same_name_and_other_weights_is_another(home: Path) -> None:
    add(home, "mine")
    before = choose_profile("studio").model
    assert choose_profile("studio").model == before
    open_user_store().remove("mine")
    add(home, "mine", gains=(0.4, 0.2, 0.3, 0.1))
    assert choose_profile("studio").model != before


def test_studio_without_a_model_says_how_to_add_one(home: Path) -> None:
    with pytest.raises(ConfigError, match="no model has been added; `sideman models get`"):
        choose_profile("studio")


def test_an_engine_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> object:
        raise ImportError("no module named weights")

    entry = SimpleNamespace(load=load, value="a.b:C", dist=None)
    monkeypatch.setattr(engine_profiles, "find_engine", lambda _name: entry)
    with pytest.raises(EngineError, match=r"'separation.low' \(a.b:C\) cannot be loaded: no module named weights"):
        choose_profile("low")


def test_the_weights_decide_what_counts_as_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = SimpleNamespace(load=lambda: DspSeparation, value="a.b:C", dist=None)
    monkeypatch.setattr(engine_profiles, "find_engine", lambda _name: entry)
    models = []
    for weights in ("one", "two"):
        monkeypatch.setattr(engine_profiles, "_hash_weights", lambda weights=weights: weights)
        models.append(choose_profile("low").model)
    assert models[0] != models[1]
