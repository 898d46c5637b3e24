"""Simulated batch: the batch of simulated work that tests and measurements run, in this process or by ``python -m``.

``python -m bench.simulated.batch_client FOLDER OUT [OPTION VALUE] …`` runs it as `sideman batch` would.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from batch.batch_command import do_batch
from batch.batch_kind import BatchKind
from batch.batch_options import make_recipe
from batch.batch_request import BatchRequest
from batch.file_pool import FilePool
from batch.local_pool import LocalPool
from batch.scheduler_address import NONE
from bridge.printing import Printer

GROWTH = "memory growth in bytes: "
"""Begin of the last line on standard error: the peak of the resident set, less what it was before the batch."""
SIMULATED = BatchKind("simulated", (".wav",), (".txt", ".sum"), module="bench.simulated.file_command")


def make_request(
    folder: Path, out: Path, options: Sequence[str] = (), retry_failed: bool = False, still_s: float = 60.0,
    memory_bytes: int = 0, kind: BatchKind = SIMULATED,
) -> BatchRequest:  # fmt: skip
    """A request for simulated work on all files of a folder. What a ledger contains is no part of the recipe."""
    recipe = make_recipe(kind, [word.replace("/", "|") for word in options])
    return BatchRequest(kind, (folder.absolute(),), out, tuple(options), recipe, retry_failed, still_s, memory_bytes)


def main(arguments: Sequence[str]) -> int:
    """Run the batch; the exit status of `sideman batch`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ledger", default="")
    parser.add_argument("--retry-failed", action="store_true")
    parser.add_argument("--still", type=float, default=60.0)
    parser.add_argument("--scheduler", default=NONE)
    parser.add_argument("--wait", type=float, default=2.0)
    options = parser.parse_args(arguments)
    words = ("--ledger", options.ledger) if options.ledger else ()
    request = make_request(options.folder, options.out, words, options.retry_failed, options.still)
    pool: FilePool = LocalPool(options.workers)
    if options.scheduler != NONE:
        from batch.cluster_pool import ClusterPool

        pool = ClusterPool(options.scheduler, options.workers, Printer(stderr=True).say, False, options.wait)
    began_bytes = psutil.Process().memory_info().rss
    status = do_batch(request, pool, "", True)
    Printer(stderr=True).say(f"{GROWTH}{read_peak_bytes() - began_bytes}")
    return status


def read_peak_bytes() -> int:
    """The largest resident set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
