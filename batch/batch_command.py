"""The command ``sideman batch``: one command on all files of a folder, with a journal; ``sideman batch status``."""

from __future__ import annotations

import shlex
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from batch.batch_display import BatchDisplay
from batch.batch_journal import BatchJournal, lock_results
from batch.batch_kind import KINDS
from batch.batch_options import check_options, make_absolute, make_recipe, split_words
from batch.batch_report import make_run_dict, make_run_table, make_status_dict, make_status_table
from batch.batch_request import BatchRequest, BatchStop
from batch.batch_run import BatchRun
from batch.file_pool import FilePool
from batch.local_pool import BYTES_A_WORKER, LocalPool, count_workers
from batch.scheduler_address import NONE
from batch.source_tree import check_roots
from bridge.command_options import AsJson, make_path_parameter
from bridge.errors import ConfigError, did_you_mean
from bridge.printing import Printer
from bridge.progress_channel import open_channel
from bridge.streams import write_json
from engines.offline.song_batch import FAILED, raise_on_sigterm, to_exit_status

batch = App(
    name="batch",
    help="Run separate, analyze, accompany or render on every song of a folder.\n\n"
    "Each song has a process of its own. One that fails, crashes or hangs is named; the others are done. To continue a "
    "batch that was stopped or killed, give the same command again: finished songs are left out, changed ones are done "
    "again. Options of the command come behind the folders. The exit status is 1 if a song failed.",
)

LEAST_LIMIT_S = 1.0
STILL_S = 120.0
"""A disk that wakes up, or a share of a network that comes back, takes less."""


@batch.default
def run_batch(
    kind: Annotated[str, Parameter(help=f"The command: {', '.join(KINDS)}.")],
    /,
    *words: Annotated[
        str, Parameter(name="FOLDER", allow_leading_hyphen=True, help="Folders or files; then options of the command.")
    ],
    out: Annotated[Path, make_path_parameter("Folder for the results, with the same folders in it.")],
    workers: Annotated[int, Parameter(help="Files at a time; 0: one for each core, as far as memory goes.")] = 0,
    retry_failed: Annotated[bool, Parameter(negative="", help="Also try files that failed in an earlier run.")] = False,
    time_limit: Annotated[
        float,
        Parameter(help="Seconds without progress, after which a file is given up; computing ones after ten times."),
    ] = STILL_S,
    memory_limit: Annotated[
        float | None,
        Parameter(help="GB of memory that a file may take; 0: no limit; by default a share of what is there."),
    ] = None,
    scheduler: Annotated[
        str, Parameter(help="Dask that does the work: its address, or local: a cluster on this machine.")
    ] = NONE,
    insecure: Annotated[bool, Parameter(negative="", help="Also use a scheduler elsewhere without TLS.")] = False,
    json_: AsJson = False,
) -> int:
    """Run a command on every song of folders; the exit status."""
    if kind not in KINDS:
        raise ConfigError(f"batch: {kind}: no such command", did_you_mean(kind, KINDS))
    names, given = split_words(words)
    if not names or not all(names):
        raise ConfigError(f"batch {kind}: no folder is given", f"sideman batch {kind} FOLDER --out FOLDER")
    check_options(KINDS[kind], given)
    workers = check_workers(workers)
    memory_bytes = check_memory(memory_limit, workers)
    if not time_limit >= LEAST_LIMIT_S:
        raise ConfigError(f"--time-limit {time_limit:g}", f"give seconds, {LEAST_LIMIT_S:g} or more")
    options = make_absolute(given)
    roots = tuple(Path(name).absolute() for name in names)
    check_roots(roots)
    recipe = make_recipe(KINDS[kind], options)
    request = BatchRequest(KINDS[kind], roots, out, options, recipe, retry_failed, time_limit, memory_bytes)
    return do_batch(request, make_pool(scheduler, workers, insecure), shlex.join(given), json_)


def make_pool(scheduler: str, workers: int, allows_insecure: bool) -> FilePool:
    """The workers that ``--scheduler`` names. Raises: ConfigError."""
    if scheduler == NONE:
        return LocalPool(workers)
    from batch.cluster_pool import ClusterPool

    return ClusterPool(scheduler, workers, Printer(stderr=True).say, allows_insecure)


def do_batch(request: BatchRequest, pool: FilePool, typed: str, as_json: bool) -> int:
    """Run a batch, and print what came of it; the exit status. ``typed``: its options, for people."""
    channel = open_channel()
    began_s = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(raise_on_sigterm())
        stack.enter_context(lock_results(request.out))
        journal = stack.enter_context(BatchJournal(request.out, request.kind.name))
        journal.begin_run(request.recipe, typed)
        display = BatchDisplay(Printer(stderr=True), channel)
        run = BatchRun(request, journal, pool, display)
        status, stop = 0, None
        try:
            with display, pool:
                run.run()
        except KeyboardInterrupt as interruption:
            status = to_exit_status(interruption)
            display.say("stopped; give the same command again to continue")
        except BatchStop as error:
            stop = error
        display.close(run.counts)
        took_s, failures = time.monotonic() - began_s, journal.list_failures(request.recipe)
        if as_json:
            write_json(make_run_dict(request.kind.name, request.out, run.counts, took_s, failures))
        elif run.counts.seen or not stop:
            Printer().print(make_run_table(run.counts, took_s, failures, request.out, request.roots))
        if stop is not None:
            raise stop
    return status or (FAILED if run.counts.failed + run.counts.failed_before else 0)


@batch.command
def status(
    out: Annotated[Path, make_path_parameter("The --out of a batch.")],
    /,
    *,
    json_: AsJson = False,
) -> int:
    """Show how far a batch is, and every file that failed, with the cause. Also while it runs.

    The exit status is 1 if a file failed.
    """
    with BatchJournal(out, is_read_only=True) as journal:
        if json_:
            write_json(make_status_dict(journal))
        else:
            Printer().print(make_status_table(journal))
        return FAILED if journal.count(journal.recipe).get("failed") else 0


def check_workers(workers: int) -> int:
    """The number of workers. Raises: ConfigError."""
    if workers < 0:
        raise ConfigError(f"--workers {workers}", "give 1 or more, or 0 for one a core")
    return workers or count_workers()


def check_memory(memory_gb: float | None, workers: int) -> int:
    """The limit of memory of a file in bytes. Raises: ConfigError."""
    if memory_gb is None:
        from chains.process.limits import compute_memory_limit

        return max(compute_memory_limit() // workers, LEAST_ADDRESS_BYTES)
    if not memory_gb >= 0:
        raise ConfigError(f"--memory-limit {memory_gb:g}", "give GB, or 0 for no limit")
    return round(memory_gb * 1e9)


LEAST_ADDRESS_BYTES = 2 * BYTES_A_WORKER
"""Least default limit: libraries reserve address space that they never use."""
