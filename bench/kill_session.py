"""Kill session: a jackd, a sidecar and a client that plays to it, and what these missed while something was killed.

What the machine does on its own is in every figure. So each bench measures the same time without a kill too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from bench.sidecar_process import read_counters, run_sidecar
from bridge.core.audio import CHANNELS
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.runtime.priority import may_use_realtime
from tests.ports import free_port

TAPE_S = 30.0
"""Length of what the client plays; then it plays silence and counts on."""
LEVEL = 0.1


@dataclass(frozen=True, slots=True)
class Missed:
    """Counts of a time of ``seconds``: the sidecar's callbacks, how many were skipped, JACK's xruns; what the client
    skipped."""

    seconds: float
    cycles: int
    skipped: int
    xruns: int
    client: int

    def format_row(self, words: str, *more: object) -> str:
        """A row of the table, ``more`` columns at its end."""
        counts = "".join(f"{count:>9}" for count in (self.cycles, self.skipped, self.xruns, self.client, *more))
        return f"{words:<24}{self.seconds:7.0f} s{counts}"


@dataclass(frozen=True, slots=True)
class KillSession:
    """A running sidecar: ``port`` of its OSC, ``pid`` of its process, and the client."""

    port: int
    pid: int
    client: JackRecorder

    def measure(self, run: Callable[[], object]) -> Missed:
        """What was missed while ``run`` ran."""
        before, skipped, start_s = read_counters(self.port), self.client.skipped, time.monotonic()
        run()
        after, seconds = read_counters(self.port), time.monotonic() - start_s
        counts = {name: after[name] - before[name] for name in ("cycles", "skipped", "xruns")}
        return Missed(seconds, **counts, client=self.client.skipped - skipped)


@contextmanager
def open_kill_session(rate: int, period: int) -> Iterator[KillSession]:
    """A session on a server of its own, with real-time priority where the system grants it."""
    port, frames = free_port(), round(TAPE_S * rate)
    sends = tuple(f"out_{i + 1}" for i in range(CHANNELS))
    with (
        DummyServer(rate, period, realtime=may_use_realtime()) as server,
        run_sidecar(server, port) as pid,
        JackRecorder("bench-daw", server.name, frames, Ports(play=sends)) as client,
    ):
        client.load(np.full((CHANNELS, frames), LEVEL, np.float32))
        client.connect({f"out_{i + 1}": f"sideman:in_{i + 1}" for i in range(CHANNELS)})
        start_together(client)
        yield KillSession(port, pid, client)


def describe_machine() -> str:
    """What the figures depend on, in a line."""
    is_realtime = "yes" if may_use_realtime() else "no"
    return f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, real time: {is_realtime}"


def format_head(*more: str) -> str:
    """The head of the table whose rows `Missed.format_row` makes."""
    names = ("time", "cycles", "skipped", "xruns", "client", *more)
    return " " * 24 + "".join(f"{name:>9}" for name in names)
