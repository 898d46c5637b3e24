"""Supervisor: workers as real processes, their starts, restarts and ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bridge.core.audio import CHANNELS
from bridge.cpu_usage import Usage
from bridge.errors import EngineError
from bridge.runtime import supervisor
from bridge.runtime.callback.cycle import cycle
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.wake import PollSleep, SemaphoreSleep, has_semaphores, make_semaphore
from bridge.runtime.supervisor import Supervisor
from bridge.runtime.warmup import WARM_HOPS, warm_up
from bridge.runtime.wiring import Node, Wiring, wire
from tests.runtime.callback_driver import HOP, RATE
from tests.runtime.toys import FAILS, SEPARATION_SPEC, Toy, split_evenly
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

ROOT = Path(__file__).parents[2]
RESERVES = {"separation": 512}
TWO_RESERVES = RESERVES | {"mir": 1024}


@pytest.fixture(autouse=True)
def toy_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers "toy.separation" for this process and those that it starts."""
    metadata = tmp_path / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[sideman.engines]\ntoy.separation = tests.runtime.toys:InWorker\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    monkeypatch.delenv(FAILS, raising=False)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def toy_wiring(by_semaphore: bool = True) -> Wiring:
    wiring = wire({"separation": "toy.separation"}, RATE, RESERVES)
    plan = msgspec.structs.replace(wiring.plan, wake_by_semaphore=by_semaphore)
    return Wiring(plan, wiring.nodes)


def two_workers() -> Wiring:
    return wire({"separation": "toy.separation", "mir": "mir.chroma"}, RATE, TWO_RESERVES)


class Callback:
    """Calls the cycle at about its pace, as a driver without a clock of its own, and keeps what came out."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.worst = 0.0
        """How far the sum of the stems was ever from the delayed input."""

    def __enter__(self) -> Callback:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        graph, context, period, raw = self._graph, self._graph.context, 128, 0
        delay = graph.ledger["mix"].declared
        delayed = np.zeros((CHANNELS, delay), np.float32)
        rng = np.random.default_rng(1)
        while not self._stopping.wait(period / RATE):
            fresh = rng.uniform(-0.5, 0.5, (CHANNELS, period)).astype(np.float32)
            delayed = np.concatenate([delayed, fresh], axis=1)[:, -delay - period :]
            context.work_in[:, :period] = fresh
            cycle(context, graph.control_context, graph.insert_context, period, raw)
            raw += period
            out = context.work_out[:8, :period].reshape(4, CHANNELS, period).sum(axis=0, dtype=np.float64)
            self.worst = max(self.worst, float(np.abs(out - delayed[:, :period]).max()))


class RunningPath:
    """A graph with its workers and a callback."""

    def __init__(self, graph: Graph, workers: Supervisor, callback: Callback, states: list[str]) -> None:
        self.graph, self.workers, self.callback, self.states = graph, workers, callback, states

    @property
    def pid(self) -> int:
        return self.workers.pids["separation"]

    def word(self, word: int) -> int:
        return int(observe(self.graph.arrays.workers[0], word))

    def until_stems_flow(self) -> None:
        """Wait until hops are processed in the present epoch."""
        hops = self.word(w.HOPS)
        until("answers", lambda: self.word(w.HOPS) > hops + 20 and self.word(w.DONE_EPOCH) == self.word(w.EPOCH))


@contextmanager
def run_path(stall_s: float = 30.0, by_semaphore: bool = True) -> Iterator[RunningPath]:
    states: list[str] = []
    with (
        Graph(toy_wiring(by_semaphore), 128, RESERVES, {}) as graph,
        Supervisor(graph, lambda _role, state: states.append(state), stall_s) as workers,
    ):
        workers.wait_until_ready(HANG_S)
        with Callback(graph) as callback:
            opened = RunningPath(graph, workers, callback, states)
            opened.until_stems_flow()
            yield opened


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


def test_a_worker_can_be_restarted_on_request() -> None:
    with run_path() as running:
        pid = running.pid
        running.workers.restart("separation")
        until("a restart", lambda: running.workers.restarts == 1 and running.workers.states["separation"] == "running")
        running.until_stems_flow()
        assert running.pid != pid


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


# waking


@pytest.mark.skipif(not has_semaphores(), reason="no process-shared semaphores here")
def test_posts_of_several_cycles_wake_once() -> None:
    with Graph(toy_wiring(), 128, RESERVES, {}) as graph:
        word = graph.arrays.semaphores[0]
        graph.context.wake[0] = make_semaphore(word)
        sleep = SemaphoreSleep(word)
        for raw in range(0, 3 * HOP, HOP):
            cycle(graph.context, graph.control_context, graph.insert_context, HOP, raw)
        began = time.monotonic()
        sleep(600.0)
        assert time.monotonic() - began < 300.0  # posted: it did not sleep to the end
        began = time.monotonic()
        sleep(0.05)
        assert time.monotonic() - began > 0.04  # what had piled up counted once


def test_polling_sleeps_shortly_however_long_it_may() -> None:
    PollSleep()(3600.0)


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
