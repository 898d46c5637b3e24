"""Restarts of workers: a worker that was killed, stands still or never answers is replaced, one that waits is not."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from bridge.cpu_usage import Usage
from bridge.runtime import supervisor
from bridge.runtime.shared import slots as w
from bridge.runtime.supervisor import Supervisor
from tests.runtime.running_path import alive, run_path
from tests.runtime.toys import FAILS
from tests.waiting import until

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals"),
    pytest.mark.usefixtures("toy_engine"),
]


def test_a_killed_worker_is_started_anew_while_the_sum_of_the_stems_holds() -> None:
    with run_path() as running:
        for restarts in (1, 2):
            pid = running.pid
            os.kill(pid, signal.SIGKILL)
            until("a restart", lambda n=restarts: running.workers.restarts == n)  # type: ignore[misc]
            until("a worker", lambda: running.workers.states["separation"] == "running")
            assert running.pid != pid
            running.until_stems_flow()
        assert running.callback.worst < 1e-6
        assert running.states == ["starting", "running"] + ["died (SIGKILL)", "starting", "running"] * 2


def test_a_stopped_worker_is_killed_and_started_anew() -> None:
    with run_path(stall_s=1.0) as running:
        pid = running.pid
        os.kill(pid, signal.SIGSTOP)
        until("a restart", lambda: running.workers.restarts == 1 and running.workers.states["separation"] == "running")
        running.until_stems_flow()
        assert not alive(pid)
        assert "stalled" in running.states
        assert running.callback.worst < 1e-6


@pytest.mark.parametrize("how", ["hang", "spin"])
def test_a_worker_whose_engine_never_answers_is_killed_and_started_anew(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with run_path(stall_s=1.0) as running:
        monkeypatch.setenv(FAILS, how)
        pid = running.pid
        os.kill(pid, signal.SIGKILL)
        until("the stall", lambda: running.states[-1] == "stalled")
        monkeypatch.delenv(FAILS)
        running.until_stems_flow()
        assert running.callback.worst < 1e-6


def test_a_worker_that_gets_no_processor_is_not_taken_for_stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its heart stands still for as long as a busy machine likes: it is ready to run, and that is all it can be."""
    with run_path(stall_s=0.5) as running:
        monkeypatch.setattr(supervisor, "read_usage", lambda _pid: Usage(cpu_s=1.0, waits=True))
        os.kill(running.pid, signal.SIGSTOP)  # what stands still here is for the watcher one that waits
        beats, looks = running.word(w.HEARTBEAT), list[float]()
        original = supervisor.Supervisor._check

        def check(self: Supervisor, worker: supervisor._WorkerRecord, now: float) -> None:
            looks.append(now)
            original(self, worker, now)

        monkeypatch.setattr(supervisor.Supervisor, "_check", check)
        until("looks for five times the limit", lambda: len(looks) > 1 and looks[-1] - looks[0] > 2.5)
        assert running.word(w.HEARTBEAT) == beats
        assert running.workers.restarts == 0
        os.kill(running.pid, signal.SIGCONT)
        running.until_stems_flow()
        assert running.workers.restarts == 0


def test_a_worker_can_be_restarted_on_request() -> None:
    with run_path() as running:
        pid = running.pid
        running.workers.restart("separation")
        until("a restart", lambda: running.workers.restarts == 1 and running.workers.states["separation"] == "running")
        running.until_stems_flow()
        assert running.pid != pid
