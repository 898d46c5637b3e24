"""PipeWire in place of jackd: rate and quantum change while it plays, a server hangs or dies, and all stays true."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bridge.drivers.pipewire_server import PipeWireServer
from bridge.runtime.priority import may_use_realtime
from tests.live_pipewire.conftest import PERIOD, RATE
from tests.live_pipewire.rig import PipeWireSidecar, open_sidecar
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

TRIES = 8
"""Measurements of which one must agree."""


@pytest.fixture(scope="module")
def sidecar(pipewire: PipeWireServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipeWireSidecar]:
    with open_sidecar(pipewire, tmp_path_factory.mktemp("sidecar")) as opened:
        yield opened


def assert_declared_is_measured(sidecar: PipeWireSidecar) -> None:
    """To the frame, on every path; and other clients see on the ports what is declared.

    In real time a cycle that the machine misses shifts a recording; a wrong delay is wrong each time.
    """
    for _ in range(TRIES):
        running = sidecar.measure()
        if not running.find_disagreements():
            break
    assert running.find_disagreements() == []
    declared = {port: (path.declared,) * 2 for path in running.ledger for port in path.ports}
    assert len(set(declared.values())) > 1 or len(declared) > 2
    until("the ports' latencies", lambda: declared.items() <= sidecar.read_port_latencies().items())


def change(sidecar: PipeWireSidecar, rate: int, period: int) -> None:
    """Change PipeWire's rate and quantum, and wait until the sidecar runs at them."""
    sidecar.server.set_rate(rate)
    sidecar.server.set_period(period)
    sidecar.wait_for(rate, period)


@pytest.mark.parametrize("period", [64, 1024])
def test_a_new_quantum_is_declared_and_true(sidecar: PipeWireSidecar, period: int) -> None:
    change(sidecar, RATE, period)
    assert_declared_is_measured(sidecar)


@pytest.mark.skipif(not may_use_realtime(), reason="no right to real-time scheduling (ulimit -r)")
def test_the_separation_has_real_time_priority_although_pipewire_says_none(sidecar: PipeWireSidecar) -> None:
    (worker,) = sidecar.find_workers()
    assert os.sched_getscheduler(worker) == os.SCHED_FIFO
    assert 0 < os.sched_getparam(worker).sched_priority < 20


def test_no_jackd_is_started_where_no_client_could_reach_it(pipewire: PipeWireServer) -> None:
    code = "from bridge.drivers.dummy_server import DummyServer\nwith DummyServer(): pass"
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, env=pipewire.env, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert "the libjack of this process is PipeWire's; give --server default" in done.stderr


def test_it_goes_on_after_twenty_quantum_changes(sidecar: PipeWireSidecar) -> None:
    for turn in range(20):
        sidecar.server.set_period((64, 1024, 128, 512)[turn % 4])
    change(sidecar, RATE, PERIOD)
    assert_declared_is_measured(sidecar)


def test_a_rate_change_makes_a_new_signal_path_with_a_message(sidecar: PipeWireSidecar) -> None:
    change(sidecar, RATE, PERIOD)
    change(sidecar, 48000, PERIOD)
    assert re.search(r"changed its rate from 44100 to 48000 Hz", sidecar.output)
    assert_declared_is_measured(sidecar)
    change(sidecar, RATE, PERIOD)
    assert re.search(r"changed its rate from 48000 to 44100 Hz", sidecar.output)
    assert "Traceback" not in sidecar.output


def test_it_comes_back_with_a_server_that_was_killed(sidecar: PipeWireSidecar) -> None:
    sidecar.server.kill()
    until("the loss", lambda: "is gone" in sidecar.output)
    sidecar.server.start()
    until("the return", lambda: "is back" in sidecar.output)
    change(sidecar, RATE, PERIOD)
    assert "Traceback" not in sidecar.output


def test_a_server_that_hangs_is_given_up_with_a_sentence_and_an_exit_status(sidecar: PipeWireSidecar) -> None:
    os.kill(sidecar.server.process.pid, signal.SIGSTOP)
    try:
        assert sidecar.end() == 1
    finally:
        os.kill(sidecar.server.process.pid, signal.SIGCONT)
    assert "did not let the client 'sideman' go within 5 s" in sidecar.output
    assert "Traceback" not in sidecar.output
