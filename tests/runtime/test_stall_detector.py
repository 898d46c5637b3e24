"""Stall detector: a stall against a busy machine, by heartbeats, processor time and idle time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from bridge.cpu_usage import Usage, read_usage
from bridge.runtime.stall_detector import MAX_CHECK_S, NORMAL_HEARTBEAT_S, StallDetector, StallLimits
from tests.waiting import until

LIMITS = StallLimits(cpu_s=2.0, idle_s=2.0)
LOOK_EVERY_S = 0.02


def stalls_after(
    usage: Callable[[float], Usage | None],
    look_every_s: float = LOOK_EVERY_S,
    looks: int = 2000,
    beat_every_s: float = 0.0,
) -> float | None:
    """Seconds from the last beat to the stall where looks come so often; None where ``looks`` find none."""
    detector = StallDetector()
    for look in range(looks):
        now_s = look * look_every_s
        heartbeats = int(now_s / beat_every_s) if beat_every_s else 0
        if detector.has_stalled(now_s, heartbeats, lambda at=now_s: usage(at), LIMITS):  # type: ignore[misc]
            return now_s
    return None


def asleep(_now_s: float) -> Usage:
    return Usage(cpu_s=5.0, waits=False)


def starved(_now_s: float) -> Usage:
    return Usage(cpu_s=5.0, waits=True)


def spinning(now_s: float) -> Usage:
    return Usage(cpu_s=5.0 + now_s, waits=True)


def starved_and_slow(now_s: float) -> Usage:
    """Runs for 2 % of the time, as at the lowest priority beside others."""
    return Usage(cpu_s=5.0 + 0.02 * now_s, waits=True)


def test_one_that_sleeps_has_stalled_after_the_limit() -> None:
    assert stalls_after(asleep) == pytest.approx(NORMAL_HEARTBEAT_S + LIMITS.idle_s, abs=0.1)


def test_one_that_spins_has_stalled_after_the_limit_of_processor_time() -> None:
    assert stalls_after(spinning) == pytest.approx(NORMAL_HEARTBEAT_S + LIMITS.cpu_s, abs=0.1)


def test_one_that_waits_for_the_processor_has_not() -> None:
    assert stalls_after(starved) is None


def test_one_that_gets_little_of_it_has_as_much_time_as_it_needs() -> None:
    found = stalls_after(starved_and_slow, looks=10_000)
    assert found == pytest.approx(NORMAL_HEARTBEAT_S + LIMITS.cpu_s / 0.02, abs=0.5)


@pytest.mark.parametrize("usage", [asleep, spinning, lambda _: None])
def test_a_worker_with_a_heartbeat_now_and_then_has_not_stalled(usage: Callable[[float], Usage | None]) -> None:
    assert stalls_after(usage, beat_every_s=1.5) is None


def test_without_a_report_of_processor_use_all_time_counts() -> None:
    assert stalls_after(lambda _: None) == pytest.approx(LIMITS.idle_s, abs=0.1)


def test_time_for_which_the_watcher_did_not_run_counts_as_one_look() -> None:
    found = stalls_after(asleep, look_every_s=10.0)
    assert found is not None
    assert found / 10.0 >= (LIMITS.idle_s + NORMAL_HEARTBEAT_S) / MAX_CHECK_S - 1


def test_after_a_start_all_counts_anew() -> None:
    detector = StallDetector()
    for look in range(100):
        assert not detector.has_stalled(0.02 * look, 0, lambda: asleep(0.0), LIMITS)
    detector.restart()
    for look in range(100, 200):
        assert not detector.has_stalled(0.02 * look, 0, lambda: asleep(0.0), LIMITS)


linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")


@linux
def test_the_use_of_a_process_that_spins_grows() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        try:
            until("a second of processor time", lambda: (read_usage(child.pid) or asleep(0)).cpu_s > 1.0)
            assert (read_usage(child.pid) or asleep(0)).waits
        finally:
            child.kill()


@linux
@pytest.mark.parametrize(
    "script", ["import time; time.sleep(3600)", "import threading as t; t.Lock().acquire(); t.Event().wait()"]
)
def test_one_that_sleeps_or_is_deadlocked_does_not_wait_for_the_processor(script: str) -> None:
    with subprocess.Popen([sys.executable, "-c", script]) as child:
        try:
            until("sleep", lambda: (read_usage(child.pid) or starved(0)).waits is False)
        finally:
            child.kill()


@linux
def test_one_that_is_stopped_does_not_either() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        try:
            os.kill(child.pid, signal.SIGSTOP)
            until("the stop", lambda: (read_usage(child.pid) or starved(0)).waits is False)
        finally:
            child.kill()


@linux
def test_a_process_that_ended_has_no_usage() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    assert read_usage(child.pid) is None
