"""Exit status and error text of research commands."""

from __future__ import annotations

import pytest

from bridge.errors import ConfigError
from research.common.cli_main import WRONG_USE, run_main


def raise_error(error: Exception) -> None:
    raise error


def test_a_command_that_works_exits_with_zero() -> None:
    done: list[bool] = []
    assert run_main(lambda: done.append(True)) == 0
    assert done == [True]


def test_a_wrong_use_is_a_sentence_and_an_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(lambda: raise_error(ConfigError("no folder", "name one"))) == WRONG_USE
    assert capsys.readouterr().err == "no folder; name one\n"


def test_what_only_training_needs_is_named_with_its_extra(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(lambda: raise_error(ModuleNotFoundError("none", name="torch"))) == WRONG_USE
    assert "sideman[train]" in capsys.readouterr().err
    with pytest.raises(ModuleNotFoundError):
        run_main(lambda: raise_error(ModuleNotFoundError("none", name="bridge")))
