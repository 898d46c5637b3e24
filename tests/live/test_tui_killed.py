"""Terminal app that is killed during playback: the terminal is as before, and the sidecar keeps nothing of it."""

from __future__ import annotations

import os
import signal
import sys
import termios
from pathlib import Path

import numpy as np
import psutil
import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from tests.live.test_controllers import LONG_S, RATE
from tests.live.test_leaving import end_of, read_to, sideman_run
from tests.offline_sidecar import NO_ENGINES
from tests.ports import free_port
from tests.processes import children
from tests.tui.terminal_rig import SHOWN_AT_REST, TerminalProcess
from tests.waiting import until

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see threads and files"),
]

KILLS = 20


def count_resources(pid: int) -> tuple[int, int]:
    """Threads and open files of a process."""
    process = psutil.Process(pid)
    return process.num_threads(), process.num_fds()


def kill_an_app(port: int, config: Path) -> None:
    """Open the app, kill it while it draws meters, and look at the terminal."""
    command = [sys.executable, "-m", "tui", "--attach", f"127.0.0.1:{port}", "--screen", "stems"]
    terminal = TerminalProcess(command, {CONFIG_HOME_VARIABLE: str(config)})
    terminal.read_until("● attached".encode())
    assert terminal.modes != SHOWN_AT_REST and termios.tcgetattr(terminal.descriptor) != terminal.before
    (app,) = children(terminal.pid)
    os.kill(app, signal.SIGKILL)
    terminal.read_until(rb"the sound goes on[^\n]*\n")
    after = termios.tcgetattr(terminal.descriptor)
    assert terminal.end() == 128 + signal.SIGKILL
    assert after == terminal.before and terminal.modes == SHOWN_AT_REST
    terminal.close()


def test_twenty_kills_during_playback_leave_nothing_behind(module_server: DummyServer, tmp_path: Path) -> None:
    (tmp_path / "sideman.toml").write_text(f"schema = 1\n{NO_ENGINES}[controllers]\nmidi = false\n")
    port = free_port()
    ports = Ports(play=("out",), record=("in",))
    with (
        sideman_run(module_server, tmp_path, port) as child,
        JackRecorder("daw", module_server.name, LONG_S * RATE, ports) as daw,
    ):
        read_to(child, "Ctrl-C ends it")
        daw.load(np.ones((1, LONG_S * RATE), np.float32))
        daw.connect({"out": "sideman:in_1", "in": "sideman:mix_1"})
        start_together(daw)
        until("the sound", lambda: bool(daw.recorded[0, max(daw.position - 1, 0)] == 1))
        kill_an_app(port, tmp_path)
        before = count_resources(child.pid)
        for _ in range(KILLS - 1):
            kill_an_app(port, tmp_path)
        until(f"threads and files as before, {before}", lambda: count_resources(child.pid) <= before)
        end = max(daw.position - 1, 0)
        until("the sound to go on", lambda: daw.position > end + RATE // 8)
        assert daw.recorded[0, end : daw.position].all()
        child.send_signal(signal.SIGINT)
        assert end_of(child) == 0
