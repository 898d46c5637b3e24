"""Ctrl-C, SIGTERM and SIGHUP end a process that starts, whatever it is doing, and are only noted once it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.signals import ENDING, Signals
from tests.waiting import HANG_S, until

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

STARTS = """
import sys, time
from bridge.signals import Signals
with Signals() as signals:
    signals.on_end = lambda: print("cleaned", flush=True)
    print("starts", flush=True)
    {act}
"""
BUSY = {
    "in a library": "import ctypes\n    while True: ctypes.CDLL(None).sleep(3600)",
    "in Python": "while True: pass",
    "where an interrupt would be swallowed": (
        "class Greedy:\n        def __del__(self):\n            time.sleep(3600)\n    Greedy()"
    ),
}


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
@pytest.mark.parametrize("act", BUSY.values(), ids=BUSY)
def test_a_process_that_starts_ends_at_once(act: str, number: signal.Signals) -> None:
    command = [sys.executable, "-c", STARTS.format(act=act)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "starts\n"
        child.send_signal(number)
        output, complaints = child.communicate(timeout=HANG_S)
    assert child.returncode == 128 + number
    assert output == "cleaned\n"
    assert complaints == "stopped\n"


@pytest.mark.parametrize("number", ENDING)
def test_once_it_runs_a_signal_is_noted_and_nothing_else(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Signals() as signals:
        signals.mark_started()
        assert not signals.asked
        os.kill(os.getpid(), number)
        until("the note", lambda: signals.asked)
    assert signal.getsignal(number) is before


def test_a_signal_that_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals() as signals:
            signals.mark_started()
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert not signals.asked
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_failure_leaves_the_handlers_as_they_were() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="it failed"), Signals():
        raise ValueError("it failed")
    assert signal.getsignal(signal.SIGTERM) is before


def test_ctrl_c_while_the_commands_are_loaded_leaves_no_traceback(tmp_path: Path) -> None:
    """Loading takes seconds on a slow machine; here it takes for ever."""
    (tmp_path / "cyclopts.py").write_text("import sys, time\nprint('loads', flush=True)\ntime.sleep(3600)\n")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-m", "bridge", "run"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "loads\n"
        child.send_signal(signal.SIGINT)
        _, complaints = child.communicate(timeout=HANG_S)
    assert child.returncode == -signal.SIGINT  # which a shell shows as 130
    assert complaints == ""
