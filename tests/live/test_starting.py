"""A sidecar that starts: its ports show when they work, and a signal at any moment ends it and all that it began."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.drivers.dummy_server import DummyServer
from tests.ports import free_port
from tests.processes import alive, children
from tests.waiting import HANG_S, until

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see child processes"),
]


@contextmanager
def starting(server: DummyServer, home: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """``sideman run``, its messages apart from its output."""
    command = [sys.executable, "-m", "bridge", "run", "--server", server.name, "--port", str(free_port())]
    env = server.env | {"SIDEMAN_CONFIG_HOME": str(home)} | more
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def read_to(child: subprocess.Popen[str], words: str) -> str:
    """Its messages up to a line with ``words``."""
    said = ""
    for line in child.stderr or ():
        said += line
        if words in line:
            return said
    pytest.fail(f"it ended before it said {words!r}:\n{said}")


def assert_ends(child: subprocess.Popen[str], number: signal.Signals, said: str) -> None:
    workers = children(child.pid)
    child.send_signal(number)
    out, complaints = child.communicate(timeout=HANG_S)
    assert child.returncode == 128 + number, said + complaints
    assert "Traceback" not in said + complaints
    assert "stopped" in complaints
    assert "Ctrl-C ends it" not in out
    until("the end of the workers", lambda: not any(alive(pid) for pid in workers))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
@pytest.mark.parametrize("moment", ["preparing the engines", "starting the engines"])
def test_a_signal_ends_it(module_server: DummyServer, tmp_path: Path, moment: str, number: signal.Signals) -> None:
    with starting(module_server, tmp_path) as child:
        assert_ends(child, number, read_to(child, moment))
        assert list((tmp_path / "state" / "running").iterdir()) == []


def test_a_signal_ends_it_while_it_compiles(module_server: DummyServer, tmp_path: Path) -> None:
    with starting(module_server, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "empty")) as child:
        said = read_to(child, "compiling for JACK, once for this version")
        assert_ends(child, signal.SIGTERM, said)


def test_a_signal_ends_it_while_the_server_does_not_answer(module_server: DummyServer, tmp_path: Path) -> None:
    """libjack then waits in its own code, for ever."""
    jackd = module_server.process.pid
    os.kill(jackd, signal.SIGSTOP)
    try:
        with starting(module_server, tmp_path) as child:
            until("a connection to the server", lambda: _has_library(child.pid, "libjack"))
            assert_ends(child, signal.SIGTERM, "")
    finally:
        os.kill(jackd, signal.SIGCONT)


def _has_library(pid: int, name: str) -> bool:
    try:
        return name in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False
