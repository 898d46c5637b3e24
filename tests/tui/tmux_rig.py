"""tmux server of a test: Python in a pane of it, keys that are sent to it, and what the pane shows."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from tests.waiting import until
from tui.keys.key_names import SIGNS

ROOT = Path(__file__).parent.parent.parent
TMUX = {
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "BTab",
    "space": "Space",
    "backspace": "BSpace",
    "delete": "DC",
    "escape": "Escape",
    "pageup": "PPage",
    "pagedown": "NPage",
    "home": "Home",
    "end": "End",
    **{way: way.title() for way in ("left", "right", "up", "down")},
    **{f"shift+{way}": f"S-{way.title()}" for way in ("left", "right", "up", "down")},
}
"""Their names in tmux."""


class OpenTmux(Protocol):
    """Opens a server in which Python runs with ``arguments``, and with more variables in its environment."""

    def __call__(self, *arguments: str, **environment: str) -> TmuxRig:
        """Open it; it is closed behind the test."""


class TmuxRig:
    """A tmux server of its own, with extended keys off; its pane has 120 columns and 60 rows."""

    def __init__(self, name: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        self._base = ["tmux", "-L", name, "-f", os.devnull]
        command = shlex.join([sys.executable, *arguments])
        variables = [word for key, value in environment.items() for word in ("-e", f"{key}={value}")]
        self.run("new-session", "-d", "-x", "120", "-y", "60", *variables, f"{command}; echo ended; read answer")
        self.run("set-option", "-s", "extended-keys", "off")

    def run(self, *words: str) -> str:
        """Run a command of tmux."""
        done = subprocess.run([*self._base, *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(self) -> str:
        """What the pane shows."""
        return self.run("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Send keys, by Textual's names."""
        for key in keys:
            self.run("send-keys", "--", to_tmux(key))

    def type_text(self, text: str) -> None:
        """Type ``text``, all of it at once."""
        self.run("send-keys", "-l", "--", text)

    def wait_for(self, start: str) -> None:
        """Wait until a line of the pane starts with ``start``."""
        until(repr(start), lambda: any(line.startswith(start) for line in self.read().splitlines()))

    def wait_for_words(self, words: str) -> None:
        """Wait until the pane has ``words``."""
        until(repr(words), lambda: words in self.read())

    def close(self) -> None:
        """End the server and what runs in it."""
        subprocess.run([*self._base, "kill-server"], capture_output=True, check=False)


def to_tmux(key: str) -> str:
    """The name of a key in tmux."""
    if key in TMUX:
        return TMUX[key]
    if key.startswith("ctrl+"):
        return f"C-{key[-1]}"
    return key.upper() if key[0] == "f" and key[1:].isdigit() else SIGNS.get(key, key)
