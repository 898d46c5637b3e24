"""Ardour without a window: ``ardour7-lua`` as a process that runs one line of Lua after another."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import pytest

from bridge.drivers.dummy_server import DummyServer
from tests.waiting import HANG_S, POLL_S, until

PROGRAM = "ardour7-lua"
LUA_SERVER = Path(__file__).with_name("lua_server.lua")
MARK = "\1"
UI = "ARDOUR.TransportRequestSource.TRS_UI"
ATTEMPTS = 5
LOCATE_S = 10.0
"""An Ardour that is on its server goes to a place within a second, beside other programs too."""


def skip_without_ardour() -> None:
    """The test is skipped where Ardour is not installed."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed (Debian 12: apt-get install --no-install-recommends ardour)")


def ardour_environment(server: DummyServer | None, home: Path) -> dict[str, str]:
    """The environment of an Ardour with settings of its own, in ``home``, on ``server``, if it is to use one."""
    home.mkdir(exist_ok=True)
    own = {"HOME": home, "XDG_CONFIG_HOME": home / "config", "XDG_CACHE_HOME": home / "cache"}
    return (server.env if server else dict(os.environ)) | {name: str(folder) for name, folder in own.items()}


@contextmanager
def open_ardour(server: DummyServer, home: Path, folder: Path, name: str) -> Iterator[Ardour]:
    """Ardour on ``server`` with the session ``name`` in ``folder``, called ``s`` in Lua.

    jackd gives up a client that does nothing for a while, as Ardour does while it loads a session beside other
    programs: "JACK HALTED", and its transport stands for ever. Then it is started again.
    """
    for _ in range(ATTEMPTS):
        with Ardour(server, home) as ardour:
            ardour.run(f's = assert(load_session("{folder}", "{name}"), "no session")')
            if ardour.has_located(1) and ardour.has_located(0):
                yield ardour
                return
    pytest.fail(f"jackd has given up Ardour {ATTEMPTS} times")


class Ardour:
    """A context manager: Ardour runs inside, as a JACK client called ``ardour``. `run` evaluates Lua in it.

    Without a ``server`` it runs on a clock of its own. One process opens one session: where a second one is loaded,
    the ports of the first are still being removed, and new ones fail (seen in half of the runs). Globals of the Lua
    code last: ``s`` is the session. All waiting is done here, since Lua's own ``sleep`` hangs.
    """

    def __init__(self, server: DummyServer | None, home: Path) -> None:
        self._backend = "JACK" if server else "None (Dummy)"
        self._env = ardour_environment(server, home)
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.log: list[str] = []
        """What it printed besides answers."""

    def __enter__(self) -> Ardour:
        self._process = subprocess.Popen(
            [PROGRAM, str(LUA_SERVER)], env=self._env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, bufsize=1, errors="replace",
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self.run(f'AudioEngine:set_backend("{self._backend}", "ardour", "")')
        self.run(f'assert(AudioEngine:start(false) == 0, "{self._backend}")')
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.close()
            process.wait(HANG_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put("")

    def run(self, code: str) -> str:
        """Run a line of Lua; returns what it returns, as text. The test fails where the code or Ardour does."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(code.replace("\n", " ") + "\n")
        process.stdin.flush()
        while True:
            line = self._lines.get(timeout=HANG_S)
            if not line:
                pytest.fail(f"Ardour ended with {process.wait()} at {code}:\n{''.join(self.log[-30:])}")
            before, mark, answer = line.rstrip("\n").partition(MARK)
            self.log.append(before if mark else line)
            if mark:
                state, _, value = answer.partition(" ")
                if state != "ok":
                    pytest.fail(f"Ardour: {value} at {code}:\n{''.join(self.log[-30:])}")
                return value

    def has_located(self, frame: int) -> bool:
        """Stop its transport at ``frame``; False where it is not there within LOCATE_S."""
        self.run(f"s:request_locate({frame}, false, ARDOUR.LocateTransportDisposition.MustStop, {UI})")
        deadline = time.monotonic() + LOCATE_S
        while not self.is_true(f"s:transport_stopped() and s:transport_sample() == {frame}"):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True

    def is_true(self, expression: str) -> bool:
        return self.run(f"return {expression}") == "true"

    def number(self, expression: str) -> int:
        return int(float(self.run(f"return {expression}")))

    def wait_until(self, expression: str) -> None:
        """Wait until a Lua expression is true."""
        until(expression, lambda: self.is_true(expression))
