"""Insert workers that are killed while music plays: ``python -m bench.insert_kill [--kills 10] [--chain drum-glue]``.

A real jackd (dummy driver, real time where the system allows), a sidecar as a process of its own, and a client that
plays to it, at periods of 128 and of 512 frames. The worker of an insert on the stem ``other``, which has all of the
input, is killed (SIGKILL) at random times and starts again by itself. Shown are the sidecar's callbacks, those that
were skipped, JACK's xruns, the callbacks that the client itself missed, and the frames for which the dry signal was
played. The row below each is the same time without a kill: what the machine does on its own is in both. Needs jackd
and the chain's plugins. Takes eight minutes, most of them pauses: a worker that ends again and again is started ever
later, after 15 s in the end.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Sequence

import psutil

from bench.kill_session import KillSession, describe_machine, format_head, open_kill_session
from bench.tui_cost import report
from bridge.control.insert_controls import INSERT_READING
from bridge.osc.client import OscClient

PERIODS = (128, 512)
POINT = "other"
WORKER = "bridge.runtime.insert_worker"
PLAYS_S = (0.3, 1.0)
"""From the start of a worker to its end."""
POLL_S = 0.02
START_S = 60.0


def read_insert(client: OscClient) -> dict[str, object]:
    """The row of POINT of the reading ``insert`` by its fields; empty while there is none."""
    replies = client.gather("/get", f"/{INSERT_READING.name}", done="/get/done", timeout_s=5.0)
    rows = (args for address, args in replies if address == f"/{INSERT_READING.name}")
    named = (dict(zip(INSERT_READING.fields, row, strict=False)) for row in rows)
    return next((row for row in named if row["point"] == POINT), {})


def wait_for_state(client: OscClient, runs: bool) -> None:
    """Wait until the insert runs, or does not. SystemExit where that takes too long, or the chain is given up."""
    deadline_s = time.monotonic() + START_S
    while (str((row := read_insert(client)).get("state", "")) == "running") != runs:
        state = str(row.get("state", ""))
        if state.startswith(("off", "refused")) or time.monotonic() > deadline_s:
            raise SystemExit(f"the insert does not {'run' if runs else 'end'}: {state or 'no such insert'}")
        time.sleep(POLL_S)


def kill_worker(sidecar: int) -> None:
    """SIGKILL to the insert worker of the process ``sidecar``."""
    (worker,) = [child for child in psutil.Process(sidecar).children() if WORKER in child.cmdline()]
    os.kill(worker.pid, signal.SIGKILL)


def kill_workers(session: KillSession, client: OscClient, kills: int) -> None:
    """Kill the worker ``kills`` times, each time after it has played for a while."""
    chance = random.Random(kills)
    for _ in range(kills):
        time.sleep(chance.uniform(*PLAYS_S))
        kill_worker(session.pid)
        wait_for_state(client, runs=False)
        wait_for_state(client, runs=True)


def count_dry(client: OscClient) -> int:
    """Frames for which the dry signal was played because the insert was late."""
    return int(str(read_insert(client)["late_frames"]))


def measure_period(rate: int, period: int, kills: int, chain: str) -> None:
    """Print the rows of ``period``."""
    with open_kill_session(rate, period) as session, OscClient(port=session.port) as client:
        client.call(f"/inserts/{POINT}/chain", chain)
        wait_for_state(client, runs=True)
        before = count_dry(client)
        killed = session.measure(lambda: kill_workers(session, client, kills))
        between = count_dry(client)
        report(killed.format_row(f"{period}: {kills} kills", between - before))
        quiet = session.measure(lambda: time.sleep(killed.seconds))
        report(quiet.format_row(f"{period}: no kill", count_dry(client) - between))


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--periods", type=int, nargs="+", default=PERIODS)
    parser.add_argument("--chain", default="drum-glue")
    given = parser.parse_args(arguments)
    report(describe_machine())
    report(format_head("dry"))
    for period in given.periods:
        measure_period(given.rate, period, given.kills, given.chain)
    return 0


if __name__ == "__main__":
    sys.exit(main())
