"""Presets of the user's are renamed, deleted and described; shipped ones stay as they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.config import read_toml
from bridge.control.preset import LONGEST_DOC, PresetFile
from bridge.control.preset_lookup import (
    delete_preset,
    describe_preset,
    find_preset,
    list_presets,
    rename_preset,
)
from bridge.control.sidecar import make_sidecar_registry
from bridge.errors import ConfigError

MINE = '# mine\nschema = 1\nname = "late"\ndoc = "slow"\n[controls] # all\nstems.vocals.mute = true # hush\n'
BARE = 'schema = 1\nname = "late"\n[controls]\nstems.vocals.mute = true\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "presets"
    folder.mkdir()
    return folder


def write_preset(folder: Path, text: str = MINE, name: str = "late") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_renamed_preset_has_the_new_name_in_its_file_and_keeps_its_comments(folder: Path) -> None:
    write_preset(folder)
    rename_preset("late", "later")
    assert list_names(folder) == ["later.toml"]
    assert (folder / "later.toml").read_text() == MINE.replace('name = "late"', 'name = "later"')


def test_a_preset_may_change_the_case_of_its_name(folder: Path) -> None:
    write_preset(folder)
    rename_preset("late", "Late")
    assert list_names(folder) == ["Late.toml"]


def test_a_preset_that_keeps_its_name_is_left_alone(folder: Path) -> None:
    path = write_preset(folder)
    rename_preset("late", "late")
    assert path.read_text() == MINE


def test_a_broken_file_is_renamed_as_it_is(folder: Path) -> None:
    write_preset(folder, "notes of mine", "broken")
    rename_preset("broken", "notes")
    assert (folder / "notes.toml").read_text() == "notes of mine"


def test_no_preset_takes_the_name_of_another(folder: Path) -> None:
    write_preset(folder)
    other = write_preset(folder, BARE, "early")
    with pytest.raises(ConfigError, match="there is a preset early already"):
        rename_preset("late", "early")
    with pytest.raises(ConfigError, match="there is a preset early already"):
        rename_preset("late", "EARLY")
    assert other.read_text() == BARE
    assert (folder / "late.toml").read_text() == MINE


@pytest.mark.parametrize("new", ["../late", "a/b", "", ".late", "CON", "a b", "x" * 65, "♫"])
def test_a_new_name_that_no_file_can_have_is_refused(folder: Path, new: str) -> None:
    write_preset(folder)
    with pytest.raises(ConfigError, match="cannot be a preset's name"):
        rename_preset("late", new)
    assert list_names(folder) == ["late.toml"]


def test_a_shipped_preset_cannot_be_changed(folder: Path) -> None:
    changes: tuple[Callable[[], None], ...] = (
        lambda: rename_preset("karaoke", "mine"),
        lambda: delete_preset("karaoke"),
        lambda: describe_preset("karaoke", "x"),
    )
    for change in changes:
        with pytest.raises(ConfigError, match="karaoke is shipped and cannot be") as caught:
            change()
        assert caught.value.hint == "save it under another name"
    assert list_names(folder) == []


def test_a_preset_that_is_not_there_cannot_be_changed() -> None:
    changes: tuple[Callable[[], None], ...] = (
        lambda: rename_preset("no", "x"),
        lambda: delete_preset("no"),
        lambda: describe_preset("no", "x"),
    )
    for change in changes:
        with pytest.raises(ConfigError, match="no preset is named no"):
            change()


def test_a_deleted_preset_shows_the_shipped_one_that_it_hid(folder: Path) -> None:
    path = write_preset(folder, MINE, "karaoke")
    assert find_preset("karaoke") == path
    delete_preset("karaoke")
    assert not path.exists()
    assert {one.name: one.origin for one in list_presets()}["karaoke"] == "shipped"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    write_preset(folder)
    folder.chmod(0o500)
    try:
        changes: tuple[Callable[[], None], ...] = (lambda: rename_preset("late", "x"), lambda: delete_preset("late"))
        for change in changes:
            with pytest.raises(ConfigError, match="permissions"):
                change()
    finally:
        folder.chmod(0o700)


def test_a_description_is_set_and_removed_with_comments_kept(folder: Path) -> None:
    path = write_preset(folder)
    describe_preset("late", 'fast, "loud" ♫')
    assert read_toml(path, PresetFile).doc == 'fast, "loud" ♫'
    assert path.read_text().startswith("# mine\n")
    assert "# hush" in path.read_text()
    describe_preset("late", "")
    assert read_toml(path, PresetFile).doc == ""
    assert "doc" not in path.read_text()


def test_a_description_is_added_before_the_controls(folder: Path) -> None:
    path = write_preset(folder, BARE)
    describe_preset("late", "slow")
    file = read_toml(path, PresetFile)
    assert (file.doc, file.controls) == ("slow", {"stems": {"vocals": {"mute": True}}})


@pytest.mark.parametrize("doc", ["two\nlines", "a\x1b[2J", "x" * (LONGEST_DOC + 1)])
def test_a_description_that_is_no_line_is_refused(folder: Path, doc: str) -> None:
    path = write_preset(folder)
    with pytest.raises(ConfigError, match="the description"):
        describe_preset("late", doc)
    assert path.read_text() == MINE


def test_a_broken_preset_is_not_described(folder: Path) -> None:
    path = write_preset(folder, "notes of mine")
    with pytest.raises(ConfigError, match=r"late\.toml"):
        describe_preset("late", "x")
    assert path.read_text() == "notes of mine"


def test_a_list_checked_against_a_registry_names_what_cannot_be_loaded(folder: Path) -> None:
    write_preset(folder)
    write_preset(folder, BARE.replace("vocals", "vocal"), "wrong")
    listed = {one.name: one for one in list_presets(make_sidecar_registry({}))}
    assert "nearest: stems.vocals" in listed["wrong"].problem
    assert (listed["late"].problem, listed["late"].controls, listed["late"].doc) == ("", 1, "slow")
    assert {one.name: one.problem for one in list_presets()}["wrong"] == ""
