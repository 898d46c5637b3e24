"""Failure report: any exception gives one helpful line; an unexpected one leaves its traceback in a file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.failures import LOG_BYTES, explain, log_file
from bridge.printing import exit_after
from engines.offline.songs import escape_name


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        fail(error)
    return caught.value


def fail(error: Exception) -> str:
    raise error


def test_an_error_that_is_said_well_already_is_left_alone() -> None:
    error = ConfigError("song.wav: is empty", "give another")
    assert explain(error, "x") is error


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "check free space"),
        (errno.EDQUOT, "check free space"),
        (errno.EACCES, "permissions"),
        (errno.EROFS, "permissions"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.ENOENT, "went away"),
        (errno.EIO, "check the disk"),
        (errno.ELOOP, "a link"),
        (errno.EMFILE, "ulimit"),
        (errno.ENOTTY, "free space and permissions"),
    ],
)
def test_an_error_of_the_disk_names_the_file_and_what_to_do(home: Path, number: int, fix: str) -> None:
    found = explain(OSError(number, os.strerror(number), "a.part"), "song.wav")
    assert found.message == f"a.part: {os.strerror(number)}"
    assert fix in found.hint
    assert explain(OSError(number, os.strerror(number)), "song.wav").message.startswith("song.wav: ")
    assert not home.exists()


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("Failed to allocate memory for requested buffer of size 1")]
)
def test_too_little_memory_is_said(error: Exception) -> None:
    found = explain(error, "song.wav")
    assert str(found) == "song.wav: not enough memory; close other programs, or give it in shorter parts"


@pytest.mark.parametrize(
    "error",
    [ValueError("two\nlines"), KeyError("drums_1"), RuntimeError(), RecursionError("deep"), UnicodeError("\udce9")],
)
def test_what_nobody_expected_names_its_place_and_keeps_its_traceback(home: Path, error: Exception) -> None:
    found = explain(raised(error), "song.wav")
    assert found.message.startswith(f"song.wav: a fault in Sideman ({type(error).__name__}")
    assert "test_failures.py:" in found.message
    assert "\n" not in found.message
    assert found.hint == f"please report it with what {log_file()} says"
    kept = (home / "errors.log").read_text()
    assert "song.wav\nTraceback" in kept
    assert "in fail" in kept


def test_the_place_is_where_our_own_code_was_last() -> None:
    try:
        escape_name(object.__new__(Breaks))
    except ZeroDivisionError as error:
        assert "(ZeroDivisionError: division by zero, engines/offline/songs.py:" in explain(error, "x").message


class Breaks(Path):
    """Fails where its name is taken."""

    def __str__(self) -> str:
        exec("1 / 0")
        return ""


def test_the_log_does_not_grow_without_end(home: Path) -> None:
    home.mkdir()
    (home / "errors.log").write_text("x" * LOG_BYTES)
    explain(raised(ValueError("odd")), "song.wav")
    assert len((home / "errors.log").read_text()) < LOG_BYTES
    explain(raised(ValueError("odd")), "other.wav")
    assert (home / "errors.log").read_text().count("Traceback") == 2


def test_a_log_that_cannot_be_written_costs_nothing(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    home.write_text("a file in the place of the folder")
    found = explain(raised(ValueError("odd")), "song.wav")
    assert found.hint == "please report it"
    assert "in fail" in caplog.text


def test_a_command_that_fails_unexpectedly_says_so_in_a_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        exit_after(lambda: fail(KeyError("drums_1")), "sideman", explain)
    assert ended.value.code == 1
    stderr = capsys.readouterr().err
    assert stderr.startswith("sideman: a fault in Sideman (KeyError: 'drums_1', ")
    assert stderr.count("\n") == 1
