"""Terminal window: the terminal app in a window of its own, which a session manager shows and hides."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PROGRAMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("konsole", ("-e",)),
    ("gnome-terminal", ("--wait", "--")),
    ("xfce4-terminal", ("--disable-server", "-x")),
    ("foot", ()),
    ("kitty", ()),
    ("alacritty", ("-e",)),
    ("xterm", ("-e",)),
    ("x-terminal-emulator", ("-e",)),
)
"""Terminal programs, and what comes before the command; each ends when its window is closed. The last may be any."""
DISPLAYS = ("WAYLAND_DISPLAY", "DISPLAY")
APP = ("-P", "-m", "bridge", "tui", "--attach")
END_S = 5.0
"""Longest time for the app to end in order."""
_NOTE_PROCESS = 'echo $$ >"$0"; exec "$@"'
"""Shell text: the app's process, since some terminals show all their windows from one process of their own."""


def find_terminal(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The terminal program with its arguments; None where there is none, or no display."""
    if not any(environment.get(name) for name in DISPLAYS):
        return None
    for name, arguments in PROGRAMS:
        if path := shutil.which(name, path=environment.get("PATH")):
            return path, *arguments
    return None


class TerminalWindow:
    """The window. ``terminal``: the program that shows it, from `find_terminal`. For one thread."""

    def __init__(self, terminal: tuple[str, ...]) -> None:
        self._terminal = terminal
        self._window: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the window is there: the user may close it."""
        if self._window is not None and self._window.poll() is not None:
            self._forget()
        return self._window is not None

    def show(self, port: int) -> None:
        """Open the window where it is not shown: the app of the sidecar with this OSC ``port``. Raises: OSError."""
        if self.is_shown:
            return
        self._folder = tempfile.TemporaryDirectory(prefix="sideman-")
        app = (sys.executable, *APP, f"127.0.0.1:{port}")
        command = (*self._terminal, "/bin/sh", "-c", _NOTE_PROCESS, str(self._process_file), *app)
        try:
            self._window = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError:
            self._forget()
            raise

    def hide(self) -> None:
        """End the app, with which the window closes. Waits at most `END_S`."""
        window = self._window
        if window is None or not self.is_shown:
            return
        with suppress(OSError, ValueError):  # not started yet, or ended by the user
            os.kill(int(self._process_file.read_text()), signal.SIGTERM)
        try:
            window.wait(END_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(window.pid, signal.SIGKILL)
            window.wait()
        self._forget()

    @property
    def _process_file(self) -> Path:
        return Path(self._folder.name if self._folder is not None else "", "process")

    def _forget(self) -> None:
        self._window = None
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = None
