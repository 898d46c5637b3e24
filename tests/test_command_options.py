"""Command options: files and folders by position."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from bridge.errors import ConfigError
from chains.commands.render_command import render
from demo.demo_command import demo
from engines.backing.accompany_command import accompany
from engines.mir.offline.analyze_command import analyze
from engines.separation.offline.separate_command import separate


@pytest.mark.parametrize("command", [separate, analyze, render], ids=lambda command: command.__name__)
@pytest.mark.parametrize("names", [[""], ["song.wav", ""]])
def test_an_empty_name_is_an_error_and_not_the_current_folder(command: Callable[..., Any], names: list[str]) -> None:
    app = App()
    app.default(command)
    with pytest.raises(ConfigError, match=r"^the name is empty") as error:
        app.parse_args([*names, "--out", "out"])
    assert "or . for the current folder" in error.value.hint
    parsed = app.parse_args(["song.wav", "--out", "out"])[1]
    assert parsed.args == ([Path("song.wav")],)


def test_an_empty_name_of_the_demos_song_is_an_error() -> None:
    app = App()
    app.default(demo)
    with pytest.raises(ConfigError, match=r"^the name is empty"):
        app.parse_args([""])
    assert app.parse_args([])[1].args == ()


@pytest.mark.parametrize("command", [separate, analyze, render, accompany, demo], ids=lambda command: command.__name__)
def test_an_empty_name_is_no_folder_for_results(command: Callable[..., Any]) -> None:
    app = App()
    app.default(command)
    with pytest.raises(ConfigError, match=r"^--out: the name is empty"):
        app.parse_args(["song.wav", "--out", ""])
