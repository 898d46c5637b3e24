"""Guard process: however the app ends, the terminal is as it was before."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
from pathlib import Path

import pytest

from bridge.control.bus import Bus
from bridge.osc.server import OscServer
from tests.tui import raw_app
from tests.tui.rig import sidecar_registry
from tests.tui.terminal_rig import SHOWN_AT_REST, TerminalProcess
from tests.waiting import until
from tui.core.options import Options
from tui.terminal import guard

KILLS = 20
LARGEST_GUARD_KB = 12_000


def start_guarded(command: list[str], environment: dict[str, str] | None = None) -> TerminalProcess:
    """A command under the guard."""
    return TerminalProcess([sys.executable, "-S", "-E", "-s", guard.__file__, *command], environment)


def start_raw_app(status: int = 0) -> tuple[TerminalProcess, int]:
    """The raw application under the guard, and its process."""
    terminal = start_guarded([sys.executable, raw_app.__file__, str(status)])
    found = terminal.read_until(rb"READY (\d+)\.")
    return terminal, int(found.group(1))


def test_an_app_that_is_killed_leaves_the_terminal_as_it_was() -> None:
    for _ in range(KILLS):
        terminal, app = start_raw_app()
        raw = termios.tcgetattr(terminal.descriptor)
        assert raw != terminal.before and terminal.modes != SHOWN_AT_REST
        os.kill(app, signal.SIGKILL)
        restored = terminal.read_until(rb"the sound goes on[^\n]*\n")
        assert b"signal 9" in restored.string
        after = termios.tcgetattr(terminal.descriptor)
        assert terminal.end() == 128 + signal.SIGKILL
        assert after == terminal.before
        assert terminal.modes == SHOWN_AT_REST
        assert b"\x1b[<u" in terminal.shown.rpartition(b"READY")[2]  # the keyboard protocol too
        terminal.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_guard_reach_the_app_and_its_status_is_passed_on(number: signal.Signals) -> None:
    terminal, app = start_raw_app(status=7)
    if number == signal.SIGHUP:  # the app has no handler of it
        os.kill(terminal.pid, number)
        assert terminal.end() == 128 + number
    else:
        os.kill(terminal.pid, number)
        assert terminal.end() == 7
    with pytest.raises(ProcessLookupError):
        os.kill(app, 0)
    terminal.close()


def test_interrupts_are_left_to_the_app() -> None:
    terminal, app = start_raw_app()
    os.kill(terminal.pid, signal.SIGINT)
    os.kill(app, 0)
    os.kill(app, signal.SIGKILL)
    assert terminal.end() == 128 + signal.SIGKILL
    terminal.close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
def test_the_guard_is_small() -> None:
    terminal, app = start_raw_app()
    status = Path(f"/proc/{terminal.pid}/status").read_text()
    found = re.search(r"VmRSS:\s*(\d+)", status)
    os.kill(app, signal.SIGKILL)
    terminal.end()
    terminal.close()
    assert found is not None and int(found.group(1)) <= LARGEST_GUARD_KB


def start_app(port: int, folder: Path) -> tuple[TerminalProcess, int]:
    """The real app under the guard, attached to the sidecar at ``port``, and its process."""
    options = Options(attach=f":{port}", screen="stems")
    command = [sys.executable, "-m", guard.ENTRY, options.to_text()]
    terminal = start_guarded(command, {"SIDEMAN_CONFIG_HOME": str(folder)})
    terminal.read_until(rb"attached")
    children = Path(f"/proc/{terminal.pid}/task/{terminal.pid}/children")
    return terminal, int(children.read_text().split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="the children of a process are read from /proc")
def test_the_real_app_is_killed_left_and_loses_its_guard(tmp_path: Path) -> None:
    with OscServer(Bus(sidecar_registry()), port=0) as server:
        terminal, app = start_app(server.port, tmp_path)
        assert 1049 in terminal.modes
        os.kill(app, signal.SIGKILL)
        assert terminal.end() == 128 + signal.SIGKILL
        assert terminal.modes == SHOWN_AT_REST
        terminal.close()

        terminal, app = start_app(server.port, tmp_path)
        os.write(terminal.descriptor, b"q")
        assert terminal.end() == 0
        assert terminal.modes == SHOWN_AT_REST
        terminal.close()

        terminal, app = start_app(server.port, tmp_path)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.read_until(rb"\x1b\[\?1049l")  # the app follows in order
        until("the app ends", lambda: not is_alive(app))
        terminal.end()
        terminal.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
