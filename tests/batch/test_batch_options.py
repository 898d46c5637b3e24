"""Batch options: refused before a file is begun; other options, or other files among them, are other work."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.batch_kind import KINDS
from batch.batch_options import check_options, make_absolute, make_recipe, split_words
from bridge.errors import ConfigError


def test_options_of_the_command_come_behind_the_folders() -> None:
    words = ("a", "b", "--profile", "dsp", "c")
    assert split_words(words) == (["a", "b"], ["--profile", "dsp", "c"])


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("separate", ["--profil", "dsp"], "Unknown option: --profil"),
        ("accompany", ["--seed", "many"], "--seed"),
        ("separate", ["--out", "x"], "--out is no option for each file"),
        ("render", ["--force"], "--force is no option for each file"),
    ],
)
def test_what_the_command_does_not_know_is_refused(kind: str, options: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        check_options(KINDS[kind], options)


def test_good_options_pass() -> None:
    check_options(KINDS["separate"], ["--profile", "dsp", "--without", "vocals", "--without", "drums"])
    check_options(KINDS["analyze"], ["--set", "a=-1"])


def test_the_recipe_is_of_the_options_and_of_the_files_among_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chain = tmp_path / "chain.toml"
    chain.write_text("one", encoding="ascii")
    options = make_absolute(["--chain", "vocals=chain.toml", "--tail", "2"])
    assert options == ("--chain", f"vocals={chain}", "--tail", "2")
    first = make_recipe(KINDS["render"], options)
    assert make_recipe(KINDS["render"], options) == first
    assert make_recipe(KINDS["render"], ["--tail", "2"]) != first
    assert make_recipe(KINDS["separate"], options) != first
    chain.write_text("two", encoding="ascii")
    assert make_recipe(KINDS["render"], options) != first


@pytest.mark.parametrize(("folder", "option"), [("chains", "--chain"), ("styles", "--style")])
def test_a_chain_or_style_of_the_user_counts_with_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, option: str
) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    shipped = make_recipe(KINDS["render"], [option, "mine"])
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "mine.toml").write_text("one", encoding="ascii")
    first = make_recipe(KINDS["render"], [option, "mine"])
    (tmp_path / folder / "mine.toml").write_text("two", encoding="ascii")
    assert len({shipped, first, make_recipe(KINDS["render"], [option, "mine"])}) == 3
