"""Mapping files by name: shipped ones, the user's in their place, broken ones with their problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.controllers.mappings.mapping_lookup import find_mapping, get_user_path, list_mappings
from bridge.errors import ConfigError

GOOD = 'schema = 1\nname = "My device"\ndoc = "Faders."\n[device]\ninput.linux = ["x"]\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of mappings that has one, `one`."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "one.toml").write_text(GOOD)
    (folder / "__init__.py").write_text("")
    monkeypatch.setattr("importlib.resources.files", lambda _: folder)
    return folder


def write_user_file(home: Path, name: str, text: str = GOOD) -> Path:
    path = home / "mappings" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_and_users_files_are_listed_by_name(home: Path, shipped: Path) -> None:
    write_user_file(home, "another")
    assert [(one.name, one.origin, one.title, one.doc, one.problem) for one in list_mappings()] == [
        ("another", "user", "My device", "Faders.", ""),
        ("one", "shipped", "My device", "Faders.", ""),
    ]


def test_a_users_file_takes_the_place_of_the_shipped_one(home: Path, shipped: Path) -> None:
    path = write_user_file(home, "one", GOOD.replace("My device", "Mine"))
    (entry,) = list_mappings()
    assert (entry.origin, entry.title, entry.path) == ("user", "Mine", path)
    assert find_mapping("one") == entry
    path.unlink()
    assert find_mapping("one").origin == "shipped"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("broken", "schema = 1\nname =", "Invalid value"),
        ("keys", GOOD + "[[input]]\nfoo = 1\n", "input 1: foo: unknown key"),
        ("con", GOOD, "cannot be a mapping's name: Windows keeps"),
        ("a b", GOOD, "cannot be a mapping's name: it takes letters"),
    ],
)
def test_a_broken_file_is_listed_with_its_problem(
    home: Path, shipped: Path, name: str, text: str, problem: str
) -> None:
    write_user_file(home, name, text)
    found = {one.name: one for one in list_mappings()}
    assert problem in found[name].problem
    assert found["one"].problem == ""


def test_other_and_hidden_files_are_no_mappings(home: Path, shipped: Path) -> None:
    for name in (".hidden", "x.toml.bak"):
        write_user_file(home, name).rename(home / "mappings" / name.removesuffix(".toml").replace("hidden", "h.toml"))
    assert [one.name for one in list_mappings()] == ["one"]


def test_an_unknown_name_gets_the_nearest(home: Path, shipped: Path) -> None:
    with pytest.raises(ConfigError, match="no mapping is named 'on'; did you mean one"):
        find_mapping("on")


def test_a_new_file_needs_a_name_that_every_system_takes(home: Path, shipped: Path) -> None:
    assert get_user_path("one") == home / "mappings" / "one.toml"
    for name in ("con", "a/b", "", "One"):
        with pytest.raises(ConfigError) as caught:
            get_user_path(name)
        assert caught.value.hint


def test_what_ships_can_be_read() -> None:
    assert [one.problem for one in list_mappings() if one.problem] == []
