"""Chain lookup: shipped chains and the user's by name, any file by its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.errors import ConfigError
from chains.document.chain_lookup import find_chain, get_user_path, list_chains, load_chain

GAIN = 'schema = 1\n[[member]]\neffect = "Gain"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of chains."""
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    (tmp_path / "chains").mkdir()
    return tmp_path / "chains"


def test_a_users_chain_takes_the_place_of_a_shipped_one(home: Path) -> None:
    assert {one.origin for one in list_chains()} == {"shipped"}
    (home / "vocal-bus.toml").write_text(GAIN)
    entry = next(one for one in list_chains() if one.name == "vocal-bus")
    assert (entry.origin, entry.path) == ("user", home / "vocal-bus.toml")
    path, chain = load_chain("vocal-bus")
    assert path == entry.path
    assert chain.members[0].effect == "Gain"


def test_a_broken_chain_is_listed_with_its_problem(home: Path) -> None:
    (home / "broken.toml").write_text("schema = 1\n[[member]]\neffect = 1")
    (home / "no name!.toml").write_text(GAIN)
    problems = {one.name: one.problem for one in list_chains() if one.problem}
    assert "member[0].effect: Expected" in problems["broken"]
    assert "cannot be a chain's name" in problems["no name!"]


def test_a_file_is_given_by_its_path(tmp_path: Path, home: Path) -> None:
    (tmp_path / "x.toml").write_text(GAIN)
    assert find_chain(str(tmp_path / "x.toml")) == tmp_path / "x.toml"
    assert load_chain(str(tmp_path / "x.toml"))[1].members[0].effect == "Gain"
    with pytest.raises(ConfigError, match="no such file"):
        load_chain("./none.toml")


def test_an_unknown_name_gets_the_nearest(home: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean vocal-bus"):
        find_chain("vocal-buss")
    with pytest.raises(ConfigError, match="sideman chain list"):
        find_chain("xyz")


def test_a_new_chain_needs_a_name_that_works_everywhere(home: Path) -> None:
    assert get_user_path("mine") == home / "mine.toml"
    for name in ("aux", "../x", "a b", "Vocal-Bus"):
        with pytest.raises(ConfigError):
            get_user_path(name)
