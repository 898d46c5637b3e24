"""Terminal of the app beside a sidecar: the app has it, and what the sidecar prints goes to a file."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from bridge.config import state_dir
from bridge.errors import ConfigError

LOG_FILE = "run.log"
"""In the folder for state; of the last ``sideman run --tui``."""
END_S = 5.0
"""Longest time for the app to end in order."""
APP = ("-P", "-m", "bridge", "tui", "--attach")


class AppTerminal:
    """The terminal of this process while the context is open. Streams 1 and 2, also of workers, go to `log_path`.

    Raises:
        ConfigError: There is no terminal, or the log file cannot be written.
    """

    screen: TextIO
    """Writes to the terminal."""

    def __init__(self) -> None:
        self.log_path = state_dir() / LOG_FILE
        self._app: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> AppTerminal:
        if not (os.isatty(0) and os.isatty(1)):
            raise ConfigError("--tui needs a terminal", "leave it out, and run sideman tui in a terminal")
        log = _open_log(self.log_path)
        sys.stdout.flush()
        sys.stderr.flush()
        self._kept = (os.dup(1), os.dup(2))
        self.screen = os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors="replace", buffering=1)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.close(log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_app()
        sys.stdout.flush()
        sys.stderr.flush()
        for stream, kept in zip((1, 2), self._kept, strict=True):
            os.dup2(kept, stream)
            os.close(kept)
        self.screen.close()

    def start_app(self, port: int) -> None:
        """Start the app, attached to the sidecar's OSC ``port`` on this machine."""
        command = [sys.executable, *APP, f"127.0.0.1:{port}"]
        self._app = subprocess.Popen(command, stdout=self._kept[0], stderr=self._kept[1])

    @property
    def has_app(self) -> bool:
        """Whether the app runs."""
        return self._app is not None and self._app.poll() is None

    def end_app(self) -> None:
        """End the app in order, so that the terminal is restored."""
        if self._app is None:
            return
        if self._app.poll() is None:
            self._app.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._app.wait(END_S)
        if self._app.poll() is None:
            self._app.kill()
        self._app.wait()


def _open_log(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})", "check permissions and space") from error
