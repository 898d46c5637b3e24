"""Insert library: which chains can be chosen, without a plugin being loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bridge.config import user_dir
from bridge.core.insert import InsertLibrary, InsertProcessor
from bridge.core.insert_registry import list_inserts, load_insert_library
from bridge.errors import ConfigError
from chains.live.insert_library import ChainLibrary


def write_user_chain(name: str, text: str) -> None:
    folder = user_dir("chains")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(f"schema = 1\n{text}", encoding="utf-8")


def test_shipped_chains_and_the_users_can_be_chosen_but_none_with_an_error(caplog: pytest.LogCaptureFixture) -> None:
    write_user_chain("mine", '[[member]]\neffect = "Gain"\n')
    write_user_chain("broken", '[[member]]\neffect = "Gian"\n')
    names = list_inserts()
    assert "mine" in names
    assert "vocal-bus" in names
    assert "broken" not in names
    assert "broken" in caplog.text
    assert list(names) == sorted(names)
    [broken] = [one for one in ChainLibrary().list_choices() if one.problem]
    assert broken.word == "broken"
    assert broken.place == str(user_dir("chains") / "broken.toml")
    assert "Gain" in broken.problem, "the nearest name"


def test_a_choice_says_what_the_chain_does_and_why_it_cannot_run_live() -> None:
    choices = {one.word: one for one in ChainLibrary().list_choices()}
    assert choices["vocal-bus"].obstacle == ""
    assert choices["vocal-bus"].doc
    assert "DawDreamer does not run live" in choices["bass-duck"].obstacle
    for name, choice in choices.items():
        if choice.obstacle:
            with pytest.raises(ConfigError, match="cannot run live") as caught:
                ChainLibrary().load(name)
            assert choice.obstacle in str(caught.value)


def test_the_stamp_of_the_files_is_another_one_whenever_a_chain_or_its_state_changes() -> None:
    library, stamps = ChainLibrary(), []
    for name in ("mine.toml", "mine.toml", "other.toml", "other.comp.vstpreset"):
        stamps.append(library.stamp_files())
        folder = user_dir("chains")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x" * len(stamps), encoding="utf-8")
    stamps.append(library.stamp_files())
    (folder / "mine.toml").unlink()
    stamps.append(library.stamp_files())
    assert len({*stamps}) == len(stamps)
    assert library.stamp_files() == stamps[-1]


def test_the_library_is_what_the_bridge_finds_by_its_entry_point() -> None:
    library = load_insert_library()
    assert isinstance(library, ChainLibrary)
    checked: InsertLibrary = library
    assert tuple(one.word for one in checked.list_choices()) == list_inserts()
    assert isinstance(library.load("vocal-bus"), InsertProcessor)


def test_an_unknown_chain_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"no chain is named 'vocal-bos'; did you mean vocal-bus\?"):
        ChainLibrary().load("vocal-bos")


def test_listing_imports_no_plugin_host() -> None:
    code = (
        "import sys; from bridge.core.insert_registry import list_inserts; assert list_inserts();"
        "sys.exit(any(name in sys.modules for name in ('pedalboard', 'dawdreamer', 'chains.hosts')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
