"""File hash: a plugin is known by its program code, not by its date or place."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from chains.document.plugin_locations import get_system, get_vst3_folder
from chains.render import file_hash
from chains.render.file_hash import hash_plugin

OWN = f"Contents/{get_vst3_folder(get_system())}"


def write_files(bundle: Path, files: dict[str, str]) -> Path:
    """Write a bundle of files with these texts."""
    for name, text in files.items():
        path = bundle / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return bundle


@pytest.mark.parametrize(
    ("bundle", "changed", "is_other"),
    [
        ("x.vst3", f"{OWN}/x.so", True),
        ("x.vst3", "Contents/other-system/x.so", False),
        ("x.vst3", "Contents/Resources/sound.wav", False),
        ("x.component", "Contents/MacOS/x", True),
        ("x.lv2", "x.so", True),
        ("x.lv2", "x.ttl", True),
        ("x.lv2", "sounds/x.wav", False),
    ],
)
def test_a_plugin_is_another_one_where_its_program_code_is(
    tmp_path: Path, bundle: str, changed: str, is_other: bool
) -> None:
    here = {".vst3": f"{OWN}/x.so", ".component": "Contents/MacOS/x", ".lv2": "x.so"}[Path(bundle).suffix]
    path = write_files(tmp_path / bundle, {here: "code", changed: "old"})
    before = hash_plugin(path)
    write_files(path, {changed: "other and longer"})
    assert (hash_plugin(path) != before) == is_other


def test_a_copy_of_a_plugin_is_the_same_one_whatever_its_date_and_name(tmp_path: Path) -> None:
    path = write_files(tmp_path / "a.vst3", {f"{OWN}/a.so": "code", f"{OWN}/b.so": "more code"})
    copy = shutil.copytree(path, tmp_path / "elsewhere" / "b.vst3")
    for file in copy.rglob("*.so"):
        os.utime(file, (1, 1))
    assert hash_plugin(copy) == hash_plugin(path)


def test_a_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_files(tmp_path, {"x-vst.so": "code"}) / "x-vst.so"
    read: list[Path] = []
    real = file_hash.hash_file

    def count(file: Path) -> str:
        read.append(file)
        return real(file)

    monkeypatch.setattr(file_hash, "hash_file", count)
    first = hash_plugin(path)
    assert (hash_plugin(path), read) == (first, [path])
    path.write_text("other code")
    assert hash_plugin(path) != first
    assert read == [path, path]


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone-vst\.so: cannot be read"):
        hash_plugin(tmp_path / "gone-vst.so")
