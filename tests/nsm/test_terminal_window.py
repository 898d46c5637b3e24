"""Terminal window: found only where there is a display, and closed by us or by the user."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from bridge.nsm import terminal_window
from bridge.nsm.terminal_window import TerminalWindow, find_terminal
from tests.nsm.terminal_program import write_terminal
from tests.processes import alive, children, read_command
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")


def test_a_terminal_is_found_only_where_there_is_a_display(tmp_path: Path) -> None:
    path = write_terminal(tmp_path)
    assert find_terminal({"PATH": str(tmp_path)}) is None
    assert find_terminal({"PATH": str(tmp_path / "none"), "DISPLAY": ":0"}) is None
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        assert find_terminal({"PATH": str(tmp_path), display: "x"}) == (str(path), "-e")


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TerminalWindow:
    """A window whose app waits; its process is in the file ``app``."""
    text = (
        "import os, pathlib, time; "
        f"pathlib.Path({str(tmp_path / 'draft')!r}).write_text(str(os.getpid())); "
        f"os.replace({str(tmp_path / 'draft')!r}, {str(tmp_path / 'app')!r}); time.sleep(3600)"
    )
    monkeypatch.setattr(terminal_window, "APP", ("-c", text))
    made = TerminalWindow((str(write_terminal(tmp_path)), "-e"))
    made.show(9123)
    until("the app", (tmp_path / "app").exists)
    return made


def find_windows(folder: Path) -> set[int]:
    """Processes of the terminal program in ``folder``: this test's process may have children of others."""
    return {pid for pid in children(os.getpid()) if str(folder / "xterm") in read_command(pid)}


def test_it_is_hidden_with_all_that_ran_in_it(window: TerminalWindow, tmp_path: Path) -> None:
    running, app = find_windows(tmp_path), int((tmp_path / "app").read_text())
    assert len(running) == 1
    assert alive(app)
    window.show(9123)  # a second request opens no second window
    assert find_windows(tmp_path) == running
    window.hide()
    assert not find_windows(tmp_path)
    until("the app's end", lambda: not alive(app))
    window.hide()
    assert not window.is_shown


def test_a_window_that_the_user_closes_is_no_longer_shown_and_opens_again(
    window: TerminalWindow, tmp_path: Path
) -> None:
    (terminal,) = find_windows(tmp_path)
    os.kill(terminal, signal.SIGHUP)
    until("the end of the window", lambda: not window.is_shown)
    window.show(9123)
    assert window.is_shown
    window.hide()


def test_a_terminal_that_cannot_be_started_leaves_no_window(tmp_path: Path) -> None:
    window = TerminalWindow((str(tmp_path / "none"), "-e"))
    with pytest.raises(OSError, match="none"):
        window.show(9123)
    assert not window.is_shown
