"""Supervisor: workers as real processes, their starts, restarts and ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bridge.core.audio import CHANNELS
from bridge.errors import EngineError
from bridge.runtime.callback.cycle import cycle
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from bridge.runtime.shared.wake import has_semaphores
from bridge.runtime.supervisor import Supervisor
from bridge.runtime.warmup import WARM_HOPS, warm_up
from bridge.runtime.wiring import Node, Wiring, wire
from tests.runtime.callback_driver import RATE
from tests.runtime.running_path import RESERVES, alive, run_path, toy_wiring
from tests.runtime.toys import FAILS, SEPARATION_SPEC, Toy, split_evenly
from tests.waiting import HANG_S, until

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals"),
    pytest.mark.usefixtures("toy_engine"),
]

ROOT = Path(__file__).parents[2]
TWO_RESERVES = RESERVES | {"mir": 1024}


def two_workers() -> Wiring:
    return wire({"separation": "toy.separation", "mir": "mir.chroma"}, RATE, TWO_RESERVES)


@pytest.mark.parametrize("by_semaphore", [True, False], ids=["semaphore", "polling"])
def test_a_worker_starts_processes_hops_and_is_gone_after_the_exit(by_semaphore: bool) -> None:
    with run_path(by_semaphore=by_semaphore) as running:
        pid = running.pid
        assert alive(pid)
        assert bool(running.graph.context.wake[0]) == (by_semaphore and has_semaphores())
        assert running.states == ["starting", "running"]
        assert running.graph.arrays.worker_bins[0].sum() > 0
        assert running.callback.worst < 1e-6
    assert not alive(pid)
    assert running.workers.restarts == 0


def test_with_the_stems_first_nobody_waits_for_the_other_workers_and_they_follow() -> None:
    states: list[tuple[str, str]] = []
    with (
        Graph(two_workers(), 128, TWO_RESERVES, {}) as graph,
        Supervisor(graph, lambda role, state: states.append((role, state)), stems_first=True) as workers,
    ):
        workers.wait_until_ready(HANG_S)
        assert states[:2] == [("separation", "starting"), ("separation", "running")]
        until("the other worker", lambda: ("mir", "running") in states)
        assert states[2:] == [("mir", "starting"), ("mir", "running")]
        assert workers.restarts == 0


def test_a_separation_that_does_not_start_keeps_nobody_else_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    wiring = two_workers()
    monkeypatch.setenv(FAILS, "prepare")
    with Graph(wiring, 128, TWO_RESERVES, {}) as graph, Supervisor(graph, stems_first=True) as workers:
        until("the other worker", lambda: workers.states["mir"] == "running")
        assert workers.restarts > 0


def test_what_lies_in_the_working_folder_is_not_taken_for_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = tmp_path / "songs"
    for name in ("bridge", "numpy"):
        (songs / name).mkdir(parents=True)
        (songs / name / "__init__.py").write_text("raise RuntimeError('a folder of songs')")
    monkeypatch.chdir(songs)
    with run_path() as running:
        assert running.workers.restarts == 0


def test_a_ready_worker_has_processed_warm_up_hops_and_was_reset() -> None:
    """What an engine compiles or loads with its first hops is there before the stream is."""
    engine = Toy(SEPARATION_SPEC, split_evenly)
    warm_up(engine, RATE)
    frames = [entry for entry in engine.log if isinstance(entry, int)]
    assert len(frames) >= WARM_HOPS
    assert engine.log[-1] == "reset"
    assert {time.rolling for time in engine.times} == {False, True}


def test_an_engine_that_hangs_before_it_is_ready_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAILS, "hang early")
    with (
        Graph(toy_wiring(), 128, RESERVES, {}) as graph,
        Supervisor(graph, start_s=2.0) as workers,
        pytest.raises(EngineError, match="the worker for separation does not start"),
    ):
        workers.wait_until_ready()


@pytest.mark.parametrize("period", [100, 128, 1000])
def test_in_freewheel_the_callback_waits_so_that_no_frame_is_late(period: int) -> None:
    wiring = toy_wiring()
    with Graph(wiring, period, RESERVES, {}) as graph, Supervisor(graph) as workers:
        workers.wait_until_ready(HANG_S)
        publish(graph.arrays.state, w.FREEWHEEL, 1)
        audio = np.random.default_rng(2).uniform(-1, 1, (CHANNELS, 100 * period)).astype(np.float32)
        parts = []
        for start in range(0, audio.shape[1], period):  # as fast as it goes
            graph.context.work_in[:, :period] = audio[:, start : start + period]
            cycle(graph.context, graph.control_context, graph.insert_context, period, start)
            parts.append(graph.context.work_out[0:2, :period].copy())
        delay = graph.ledger["drums"].declared
        drums = np.concatenate(parts, axis=1)[:, delay:]
        assert graph.arrays.state[w.LATE_FRAMES] == 0
        assert np.array_equal(drums[:, w.FADE_FRAMES :], audio[:, w.FADE_FRAMES : -delay] * np.float32(0.25))


def test_an_engine_that_cannot_be_prepared_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    wiring = toy_wiring()
    monkeypatch.setenv(FAILS, "prepare")
    states: list[str] = []
    with (
        Graph(wiring, 128, RESERVES, {}) as graph,
        Supervisor(graph, lambda _role, state: states.append(state)) as workers,
        pytest.raises(EngineError, match="the worker for separation does not start"),
    ):
        workers.wait_until_ready(HANG_S)
    assert states[:2] == ["starting", "died (exit status 1)"]


def test_an_engine_that_is_not_there_is_an_engine_error() -> None:
    wiring = toy_wiring()
    worker = msgspec.structs.replace(wiring.plan.workers[0], engine="toy.gone")
    plan = msgspec.structs.replace(wiring.plan, workers=(worker,))
    node = Node("separation", "toy.gone", SEPARATION_SPEC, dict.fromkeys(("drums", "bass", "vocals"), 0), 0)
    with (
        Graph(Wiring(plan, (node,)), 128, RESERVES, {}) as graph,
        Supervisor(graph) as workers,
        pytest.raises(EngineError, match="does not start"),
    ):
        workers.wait_until_ready(HANG_S)
    assert workers.pids == {} or not any(alive(pid) for pid in workers.pids.values())


PARENT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
from bridge.runtime.graph import Graph
from bridge.runtime.supervisor import Supervisor
from bridge.runtime.wiring import wire
reserves = {"separation": 512}
with Graph(wire({"separation": "toy.separation"}, 44100, reserves), 128, reserves, {}) as graph:
    with Supervisor(graph) as workers:
        workers.wait_until_ready()
        print(workers.pids["separation"], flush=True)
        time.sleep(3600)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_leave_when_their_parent_is_gone(how: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert alive(worker)
        os.kill(parent.pid, how)
        parent.wait(HANG_S)
    until("the end of the worker", lambda: not alive(worker))


def test_a_graph_without_engines_needs_no_worker() -> None:
    with Graph(wire({}, RATE, RESERVES), 128, RESERVES, {}) as graph, Supervisor(graph) as workers:
        workers.wait_until_ready(HANG_S)
        assert workers.states == {}


@pytest.mark.parametrize(("plan", "status"), [(b"", 0), (b'{"rate": 441', 1)], ids=["nothing", "half of it"])
def test_a_worker_whose_parent_ended_while_it_wrote_the_plan_ends_without_a_word(plan: bytes, status: int) -> None:
    command = [sys.executable, "-P", "-m", "bridge.runtime.worker", str(os.getpid())]
    ours, theirs = socket.socketpair()
    with subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        theirs.close()
        ours.sendall(plan)
        ours.close()
        assert worker.communicate(timeout=HANG_S) == (b"", b"")
    assert worker.returncode == status
