"""Batches with faults: ``python -m bench.batch_faults [--files 1000] [--kills 30] [--cluster-files 400]``.

Simulated work on many files, of which 3 % crash (SIGSEGV), 3 % hang and 3 % fail. First with processes of this machine:
the batch is killed (SIGKILL) at random times and started again. Then with a scheduler and two workers of Dask (extra
`cluster`): workers, the scheduler, which comes back once and then stays away, and the batch are killed. Shown is how
many files are done and have failed, by cause; how many finished files were done again, which should be 0; partial files
under a final name; wrong bytes; and the growth of the batch's memory. Takes five minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from bench.simulated.batch_client import GROWTH
from bench.simulated.simulated_songs import count_repeats, find_wrong_results, is_faulty, write_songs
from bridge.printing import Printer

STILL_S = 2.0
"""Limit of a file without progress: the simulated ones need a tenth of a second."""
SHORTEST_S, LONGEST_S = 0.5, 4.0
"""Time from the start of a batch to its kill."""
GOES_ON = "processes of this machine go on"
"""Beginning of the pool's message where it has lost the cluster for good."""
_CAUSE = re.compile(r"crashed \(SIGSEGV\)|no progress and no processor time|cannot be read as audio")


class FaultyBatch:
    """A folder of simulated songs, and the batch that is killed and started again."""

    def __init__(self, folder: Path, files: int, options: Sequence[str] = ()) -> None:
        self.songs_folder, self.out, self.ledger = folder / "songs", folder / "out", folder / "ledger"
        self.songs = write_songs(self.songs_folder, files)
        self._options = options
        self.partial = 0

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """Start the batch."""
        command = [sys.executable, "-P", "-m", "bench.simulated.batch_client", str(self.songs_folder), str(self.out)]
        command += ["--ledger", str(self.ledger), "--still", str(STILL_S), *self._options, *options]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def kill(self, client: subprocess.Popen[bytes]) -> None:
        """Kill the batch, and look for results that are not whole."""
        client.kill()
        client.communicate()
        self.partial += bool(find_wrong_results(self.songs, self.songs_folder, self.out, False))

    def report(self, client: subprocess.Popen[bytes], kills: str) -> bool:
        """Wait for the end and print what came of it; whether all is right."""
        shown, said = client.communicate()
        result: dict[str, Any] = json.loads(shown)
        causes = Counter(
            found[0] if (found := _CAUSE.search(one["error"])) else one["error"] for one in result["failures"]
        )
        wrong = find_wrong_results(self.songs, self.songs_folder, self.out, True)
        repeats, faulty = count_repeats(self.ledger), sum(map(is_faulty, self.songs))
        growth = int(said.decode().rpartition(GROWTH)[2] or 0) / 1e6
        done = result["done"] + result["before"]
        say = Printer().say
        say(f"{len(self.songs):,} files, {kills}: {done:,} done, {result['failed']} of {faulty} faulty ones failed:")
        for cause, count in causes.most_common():
            say(f"    {count} {cause}")
        say(f"    finished files done again {repeats}, partial files {self.partial}, wrong results {len(wrong)}")
        if GOES_ON in said.decode():
            say("    the last run lost the cluster and went on with processes of this machine")
        say(f"    growth of the memory of the last run {growth:.0f} MB")
        return not (repeats or self.partial or wrong) and result["failed"] == faulty


def measure_kills(folder: Path, files: int, kills: int, chance: random.Random) -> bool:
    """Processes of this machine; the batch is killed at random times."""
    batch = FaultyBatch(folder, files)
    for _ in range(kills):
        client = batch.start()
        time.sleep(chance.uniform(SHORTEST_S, LONGEST_S))
        batch.kill(client)
    return batch.report(batch.start(), f"{kills} kills")


class SmallCluster:
    """A scheduler and two workers of Dask, as a user starts them."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        self._workers: list[subprocess.Popen[bytes]] = []
        self.start()

    def start(self) -> None:
        """Start scheduler, at the same address each time, and workers: they end with it."""
        port = self.address.rpartition(":")[2]
        words = ("--host", "127.0.0.1", "--port", port, "--no-dashboard")
        self._scheduler = self._start("scheduler", *words)
        self._workers = [self._start_worker() for _ in range(2)]

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return self._start("worker", self.address, "--nthreads", "1", "--no-dashboard", "--death-timeout", "20")

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=quiet, stderr=quiet)

    def kill_worker(self) -> None:
        """Kill the first worker with its nanny, and start another."""
        kill_tree(self._workers.pop(0))
        self._workers.append(self._start_worker())

    def kill_scheduler(self) -> None:
        """Kill the scheduler, which ends the workers."""
        kill_tree(self._scheduler)
        for worker in self._workers:
            worker.wait()

    def close(self) -> None:
        """End all."""
        for process in (self._scheduler, *self._workers):
            kill_tree(process)


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and what it started."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    process.kill()
    for child in children:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()


def measure_cluster(folder: Path, files: int, chance: random.Random) -> bool:
    """Workers of Dask; workers, the scheduler and the batch are killed."""
    cluster = SmallCluster()
    batch = FaultyBatch(folder, files, ("--scheduler", cluster.address, "--wait", "15"))
    try:
        client = batch.start()
        for step in (cluster.kill_worker, cluster.kill_worker, cluster.kill_scheduler, cluster.start):
            time.sleep(chance.uniform(3.0, 5.0))
            step()
        time.sleep(chance.uniform(3.0, 6.0))
        batch.kill(client)
        client = batch.start()
        time.sleep(chance.uniform(6.0, 8.0))
        cluster.kill_scheduler()  # for good
        return batch.report(client, "on Dask, 2 workers, 2 times the scheduler and the batch killed")
    finally:
        cluster.close()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--cluster-files", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    chance = random.Random(options.seed)
    is_right = True
    with tempfile.TemporaryDirectory(prefix="sideman-bench-") as name:
        if options.files:
            is_right &= measure_kills(Path(name) / "local", options.files, options.kills, chance)
        if options.cluster_files:
            is_right &= measure_cluster(Path(name) / "cluster", options.cluster_files, chance)
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
