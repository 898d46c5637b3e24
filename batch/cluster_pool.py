"""Cluster pool: files are worked on by workers of Dask, each in a process of its own with our limits.

Dask carries a small task there and a small report back; it tries nothing again, and keeps nothing. Where scheduler or
workers are lost, the pool waits for them, and then goes on with processes of this machine.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from batch.file_process import run_file
from batch.file_task import FileProgress, FileReport, FileTask
from batch.local_pool import END_S, LocalPool
from batch.scheduler_address import LOCAL, check_address
from bridge.errors import ConfigError, DriverError

if TYPE_CHECKING:
    from distributed import Client, Future

WINDOW = 3
"""Tasks at a worker: one that runs, and some that it can begin without asking."""
CONNECT_S = 10.0
WAIT_FOR_WORKERS_S = 60.0
"""Time without a worker, or without the scheduler, after which this machine does the work."""
LOOK_S = 1.0
IGNORE_SIGINT = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
"""Code that workers of this machine run first: Ctrl-C reaches them, too, and the batch ends them in order."""
NO_DASK = "install it: pip install 'sideman[cluster]', also on the workers; or leave out --scheduler"


class ClusterPool:
    """Workers of Dask. ``scheduler``: an address, or ``local`` for a cluster of ``workers`` on this machine.

    ``say``: takes sentences for the user. ``workers``: also the number of processes where the cluster is lost.
    """

    def __init__(
        self, scheduler: str, workers: int, say: Callable[[str], None], allows_insecure: bool = False,
        wait_s: float = WAIT_FOR_WORKERS_S,
    ) -> None:  # fmt: skip
        if scheduler != LOCAL:
            check_address(scheduler, allows_insecure)
        self._scheduler, self._say, self._wait_s = scheduler, say, wait_s
        self._local = LocalPool(workers)
        self._is_lost = False
        """Whether the work is done by processes of this machine."""
        self._stack = ExitStack()
        self._client: Client | None = None
        self._threads = 0
        self._look_s = 0.0
        self._missing_s: float | None = None
        self._tasks: dict[str, tuple[FileTask, Future]] = {}
        self._ended: queue.SimpleQueue[tuple[str, Future]] = queue.SimpleQueue()
        self._reports: list[FileReport] = []
        self._attempt = time.time_ns()

    @property
    def workers(self) -> int:
        """How many files are worked on at a time."""
        return self._local.workers if self._is_lost else self._threads

    @property
    def free(self) -> int:
        """How many tasks it takes now."""
        return self._local.free if self._is_lost else max(0, WINDOW * self._threads - len(self._tasks))

    def __enter__(self) -> ClusterPool:
        """Start or reach the cluster.

        Raises:
            ConfigError: Dask is not installed, or TLS is not set up.
            DriverError: No scheduler answers.
        """
        try:
            import dask
            import distributed
        except ImportError as error:
            raise ConfigError(f"--scheduler {self._scheduler}: Dask is not installed", NO_DASK) from error
        silence_logs()
        self._stack.enter_context(self._local)
        address: Any = self._scheduler
        if self._scheduler == LOCAL:
            self._stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
            address = self._stack.enter_context(
                distributed.LocalCluster(
                    n_workers=self._local.workers, threads_per_worker=1, host="127.0.0.1",
                    dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL, preload=[IGNORE_SIGINT],
                )
            )  # fmt: skip
        try:
            self._client = self._connect(address)
        except BaseException:
            self._stack.close()
            raise
        self._look(time.monotonic())
        if self._threads:
            where = f"dashboard: {self._client.dashboard_link}" if self._scheduler == LOCAL else self._scheduler
            self._say(f"{self._threads} workers of Dask; {where}")
        return self

    def _connect(self, address: Any) -> Client:
        import distributed

        security = None
        if isinstance(address, str) and address.startswith("tls:"):
            security = distributed.Security()
            if not security.tls_ca_file:
                raise ConfigError(
                    f"--scheduler {address}: no certificates are set up",
                    "set distributed.comm.tls.ca-file, client.cert and client.key in ~/.config/dask/distributed.yaml",
                )
        try:
            return distributed.Client(address, timeout=CONNECT_S, set_as_default=False, security=security)
        except (OSError, ValueError, TimeoutError) as error:
            said = " ".join(str(error).split())[:200]
            raise DriverError(
                f"--scheduler {address}: no scheduler answers ({said})", "start it, or leave it out"
            ) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop_tasks()
        if self._client is not None:
            with suppress(Exception):
                self._client.close(timeout=CONNECT_S)
        self._stack.close()

    def submit(self, task: FileTask) -> None:
        """Send a task to a worker."""
        client = self._client
        if self._is_lost or client is None:
            self._local.submit(task)
            return
        self._attempt += 1
        task = replace(task, attempt=self._attempt)
        name = f"sideman-{task.key}-{task.attempt}"
        try:
            future = client.submit(run_file, task, key=name, pure=False, retries=0)
        except Exception as error:  # noqa: BLE001 - of Dask, of any kind: the scheduler is gone
            self._threads = 0
            self._reports.append(FileReport(task.key, "returned", f"the cluster does not take it ({error})"))
            return
        self._tasks[task.key] = task, future
        key = task.key
        future.add_done_callback(lambda ended: self._ended.put((key, ended)))

    def wait(self, limit_s: float) -> Sequence[FileReport]:
        """Wait for reports, at most so long, and return those that came; look at the cluster now and then."""
        now_s = time.monotonic()
        reports, self._reports = self._reports, []
        if now_s - self._look_s >= LOOK_S:
            reports += self._look(now_s)
        if self._is_lost:
            return reports or self._local.wait(limit_s)
        with suppress(queue.Empty):
            reports += self._take(*self._ended.get(timeout=0.0 if reports else limit_s))
            while True:
                reports += self._take(*self._ended.get_nowait())
        return reports

    def list_progress(self) -> Sequence[FileProgress]:
        """The present tasks; how far those of a cluster are is not known."""
        if self._is_lost:
            return self._local.list_progress()
        return [FileProgress(task.key, task.name) for task, _ in list(self._tasks.values())[: self._threads]]

    def end(self) -> Sequence[FileReport]:
        """Ask all work to end, and wait for it; the reports of what ended."""
        if self._is_lost:
            return self._local.end()
        self._touch_stop_files()
        end_s = time.monotonic() + END_S
        reports: list[FileReport] = []
        while self._tasks and time.monotonic() < end_s and self._client is not None:
            reports += self.wait(LOOK_S / 4)
        return reports

    def _take(self, key: str, future: Future) -> list[FileReport]:
        """The report of a future that has ended."""
        if key not in self._tasks or self._tasks[key][1] is not future:
            return []
        del self._tasks[key]
        try:
            if future.status == "finished":
                report = future.result(timeout=CONNECT_S)
                return [report] if isinstance(report, FileReport) else []
            error = future.exception(timeout=CONNECT_S) if future.status == "error" else None
        except Exception as failure:  # noqa: BLE001 - of Dask, of any kind; the file is not at fault
            return [FileReport(key, "returned", f"its report was lost ({failure})")]
        if error is None:
            return [FileReport(key, "returned", f"the cluster gave it back ({future.status})")]
        if isinstance(error, ImportError):
            hint = "install the same version of Sideman on all workers"
            return [FileReport(key, "refused", f"the workers cannot run it ({error}); {hint}")]
        return [FileReport(key, "lost", f"{type(error).__name__} of Dask")]

    def _look(self, now_s: float) -> list[FileReport]:
        """Count the workers; the tasks of a cluster that is lost are returned."""
        self._look_s = now_s
        if self._is_lost or self._client is None:
            return []
        self._threads = self._count_threads(self._client)
        if self._threads:
            if self._missing_s is not None:
                self._say(f"the cluster is there again: {self._threads} workers")
            self._missing_s = None
            return []
        if self._missing_s is None:
            self._missing_s = now_s
            self._say(f"--scheduler {self._scheduler}: no worker is there; waiting for {self._wait_s:g} s")
        elif now_s - self._missing_s >= self._wait_s:
            return self._fall_back()
        return self._return_tasks() if self._client.status != "running" and self._reconnect() else []

    def _count_threads(self, client: Client) -> int:
        if client.status != "running":
            return 0
        try:
            return sum(client.nthreads().values())
        except Exception:  # noqa: BLE001 - of Dask, of any kind: the scheduler does not answer
            return 0

    def _reconnect(self) -> bool:
        """Reach the scheduler anew, at the same address; whether it answers."""
        if self._scheduler == LOCAL:
            return False
        try:
            client = self._connect(self._scheduler)
        except DriverError:
            return False
        self._client = client
        return True

    def _fall_back(self) -> list[FileReport]:
        self._say(f"--scheduler {self._scheduler}: is lost; {self._local.workers} processes of this machine go on")
        self._is_lost = True
        return self._return_tasks()

    def _return_tasks(self) -> list[FileReport]:
        """Take all tasks back; where one still runs, it is asked to stop."""
        self._stop_tasks()
        returned = [FileReport(key, "returned", "the cluster was lost") for key in self._tasks]
        self._tasks.clear()
        return returned

    def _stop_tasks(self) -> None:
        self._touch_stop_files()
        for _, future in self._tasks.values():
            with suppress(Exception):
                future.cancel()

    def _touch_stop_files(self) -> None:
        for task, _ in self._tasks.values():
            with suppress(OSError):
                task.stop_file.parent.mkdir(exist_ok=True)  # it may not have begun
                task.stop_file.touch()


def silence_logs() -> None:
    """Keep what Dask logs about lost connections from the screen: the pool says it, once."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
