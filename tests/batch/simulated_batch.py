"""Simulated batch: files whose names say what happens to them, and runs of a batch in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batch.batch_journal import BatchJournal, lock_results
from batch.batch_request import BatchListener, BatchRequest
from batch.batch_run import BatchRun
from batch.file_pool import FilePool
from batch.local_pool import LocalPool


def write_files(folder: Path, *names: str) -> Path:
    """Write files, each with a content of its own."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"sound of {name}".encode())
    return folder


@contextmanager
def open_run(request: BatchRequest, pool: FilePool | None = None) -> Iterator[BatchRun]:
    """A run of a batch with its journal open."""
    with lock_results(request.out), BatchJournal(request.out, request.kind.name) as journal:
        journal.begin_run(request.recipe, "")
        with pool or LocalPool(2) as opened:
            yield BatchRun(request, journal, opened, BatchListener())


def list_results(out: Path) -> list[str]:
    """The names of all results, below the results' folder."""
    files = (path.relative_to(out) for path in out.rglob("*") if path.is_file())
    return sorted(str(path) for path in files if path.parts[0] != ".batch" and not path.name.startswith("batch.sqlite"))
