"""Strict TOML, atomic writes, the user's folder, the log."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from bridge import log
from bridge.config import Table, read_toml, user_dir, write_atomic
from bridge.errors import ConfigError


class Inner(Table, frozen=True):
    size: int = 1
    shape: Literal["", "round", "square"] | None = None


class Nested(Table, frozen=True, rename={"levels": "level"}):
    levels: tuple[Nested, ...] = ()
    shape: Literal["round", "square"] = "round"
    gains: dict[str, float] = msgspec.field(default_factory=dict)


class Outer(Table, frozen=True):
    schema: int
    inner: Inner = Inner()
    more: tuple[Inner, ...] = ()
    maybe: Inner | None = None
    gains: dict[str, float] = msgspec.field(default_factory=dict)
    points: dict[str, tuple[tuple[float, float], ...]] = msgspec.field(default_factory=dict)
    nested: tuple[Nested, ...] = ()


def write_file(folder: Path, text: str) -> Path:
    path = folder / "file.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    assert read_toml(write_file(tmp_path, "schema = 1\n[inner]\nsize = 3\n"), Outer).inner.size == 3


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("", "schema: missing", "write schema = 1"),
        ("schema = 2", "schema: 2", "write schema = 1"),
        ("schema = true", "schema: True", "write schema = 1"),
        ("schema = 1\nouter = 3", "outer: unknown key", "keys here: schema, inner, more, maybe, gains"),
        ("schema = 1\n[inner]\nsise = 3", "inner.sise: unknown key", "keys here: size, shape"),
        ("schema = 1\n[[more]]\n[[more]]\nsise = 3", "more[1].sise: unknown key", "keys here: size, shape"),
        ("schema = 1\n[maybe]\nsise = 3", "maybe.sise: unknown key", "keys here: size, shape"),
        ("schema = 1\n[[more]]\nshape = 'x'", "more[0].shape: no such shape 'x'", "give one of '', round, square"),
        ("schema = 1\n[[more]]\nsize = 'x'", "more[0].size: Expected `int`", "correct the value"),
        ("schema = 1\n[inner]\nsize = 'x'", "inner.size: Expected `int`", "correct"),
        ("schema = 1\n[gains]\na = 1\nb = 'x'", "gains.b: Expected `float`", "correct"),
        ("schema = 1\n[points]\na = [[0, 1]]\nb = [[0, 1], [2, 'x']]", "points.b[1][1]: Expected `float`", "correct"),
        ("schema = 1\n[[nested]]\n[[nested.level]]\nx = 1", "nested[0].level[0].x: unknown", "keys here: level, shape"),
        (
            "schema = 1\n[[nested]]\n[[nested.level]]\nshape = 'x'",
            "nested[0].level[0].shape: no such shape 'x'",
            "give one of round, square",
        ),
        (
            "schema = 1\n[[nested]]\n[[nested.level]]\ngains = {a = 1, b = true}",
            "nested[0].level[0].gains.b: Expected `float`",
            "correct",
        ),
        ("schema = 1\nschema = 1", "Cannot overwrite", "correct the TOML"),
        ("schema = = 1", "line 1, column 10", "correct the TOML"),
    ],
)
def test_an_error_names_file_place_and_fix(tmp_path: Path, text: str, place: str, fix: str) -> None:
    path = write_file(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_toml(path, Outer)
    assert caught.value.message.startswith(str(path))
    assert place in caught.value.message
    assert fix in caught.value.hint


def test_a_missing_file_and_a_wrong_encoding_are_config_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_toml(tmp_path / "none.toml", Outer)
    path = tmp_path / "latin.toml"
    path.write_bytes(b"schema = 1 # caf\xe9")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 16"):
        read_toml(path, Outer)


def test_a_write_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.toml"
    write_atomic(path, "one")
    write_atomic(path, b"two")
    assert path.read_text() == "two"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.toml"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    path = tmp_path / "file.toml"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[broken], fail)
    with pytest.raises(ConfigError, match="No space left"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.toml"]


def test_a_write_keeps_the_mode_and_follows_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("old")
    real.chmod(0o600)
    link = tmp_path / "link.toml"
    link.symlink_to(real)
    write_atomic(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_write_where_a_file_stands_for_the_folder_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_atomic(tmp_path / "file" / "x.toml", "new")


def test_the_user_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    assert user_dir("presets") == tmp_path / "presets"
    assert user_dir() == tmp_path
    monkeypatch.delenv("SIDEMAN_CONFIG_HOME")
    monkeypatch.setitem(os.environ, "XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert user_dir("presets").parent.name == "sideman"


def test_the_log_goes_to_stderr_once_however_often_it_is_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        log.setup(verbose=True)
        log.setup()
        logging.getLogger("bridge.test").info("logged once")
        logging.getLogger("bridge.test").debug("not logged")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("logged once") == 1
    assert "not logged" not in err
