"""Memory of a batch of many files: ``python -m bench.batch_memory [--files 100000] [--flat]``.

A tree of small files, of which 3 % fail, goes through a batch whose work is done at once, in this process. Shown is how
far the resident set grows from the begin of the batch, the time for each file, the size of the journal, and both for a
second run that finds all done. With ``--flat`` all files are in one folder. Takes four minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from batch.batch_display import BatchDisplay
from batch.batch_journal import BatchJournal, lock_results
from batch.batch_request import BatchCounts
from batch.batch_run import BatchRun
from batch.file_pool import FilePool
from bench.simulated.batch_client import make_request
from bench.simulated.instant_pool import InstantPool
from bridge.printing import Printer
from bridge.progress_channel import ProgressChannel, ignore_line

A_FOLDER = 100
FAILS_EACH = 33
LOOK_EACH = 1000
"""Files between two looks at the memory."""


class MemoryWatch(BatchDisplay):
    """A display that also keeps the largest resident set."""

    def __init__(self) -> None:
        super().__init__(Printer(stderr=True, quiet=True), ProgressChannel(ignore_line))
        self.began_bytes = psutil.Process().memory_info().rss
        self.peak_bytes = self.began_bytes
        self._looked_at = 0

    def update(self, counts: BatchCounts, pool: FilePool) -> None:
        super().update(counts, pool)
        if counts.seen >= self._looked_at:
            self._looked_at = counts.seen + LOOK_EACH
            self.peak_bytes = max(self.peak_bytes, psutil.Process().memory_info().rss)


def write_tree(folder: Path, count: int, is_flat: bool) -> None:
    """Write ``count`` files, each with a content of its own."""
    for number in range(count):
        place = (
            folder if is_flat else folder / f"artist {number // A_FOLDER // 10:04}" / f"album {number // A_FOLDER:05}"
        )
        if number % A_FOLDER == 0:
            place.mkdir(parents=True, exist_ok=True)
        (place / f"a song with a name of usual length {number:06}.wav").write_bytes(b"%d" % number)


def measure(folder: Path, out: Path, say: Callable[[str], None], label: str) -> float:
    """Run a batch, print its figures; the growth of the memory in bytes."""
    request = make_request(folder, out)
    began_s = time.monotonic()
    with lock_results(out), BatchJournal(out, request.kind.name) as journal, InstantPool(2, FAILS_EACH) as pool:
        journal.begin_run(request.recipe, "")
        watch = MemoryWatch()
        run = BatchRun(request, journal, pool, watch)
        run.run()
    took_s, growth = time.monotonic() - began_s, float(watch.peak_bytes - watch.began_bytes)
    done, failed = run.counts.done + run.counts.before, run.counts.failed + run.counts.failed_before
    a_file_ms, journal_bytes = 1000 * took_s / run.counts.of, journal.path.stat().st_size
    say(
        f"{label}: {done:,} done, {failed:,} failed, memory grew by {growth / 1e6:.1f} MB, {a_file_ms:.2f} ms a file,"
        f" journal {journal_bytes / 1e6:.0f} MB"
    )
    return growth


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--flat", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sideman-bench-") as name:
        folder, out = Path(name) / "songs", Path(name) / "out"
        write_tree(folder, options.files, options.flat)
        for label in ("first run", "second run"):
            measure(folder, out, Printer().say, label)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
