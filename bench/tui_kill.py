"""Terminal app that is killed while music plays: ``python -m bench.tui_kill [--kills 20] [--rate 48000]``.

A real jackd (dummy driver, real time where the system allows), a sidecar as a process of its own, and a client that
plays to it. Shown are the sidecar's skipped cycles and xruns, and the cycles that the client itself missed, of three
times: no app; apps that are ended by ``q`` one after another; apps that are killed (SIGKILL). What the machine does on
its own is in all three. Needs jackd; takes two minutes.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import psutil

from bench.sidecar_process import read_counters, run_sidecar
from bench.tui_cost import Terminal, open_terminal, report
from bridge.core.audio import CHANNELS
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.runtime.priority import may_use_realtime
from tests.ports import free_port

SHOWN_S = 0.5
"""Time for which each app draws meters before it ends."""
TAPE_S = 30.0
COUNTERS = ("cycles", "skipped", "xruns")


def kill_app(terminal: Terminal) -> None:
    """SIGKILL to the app, not to its guard."""
    for app in psutil.Process(terminal.process.pid).children():
        os.kill(app.pid, signal.SIGKILL)
    terminal.process.wait()


def quit_app(terminal: Terminal) -> None:
    """Leave it by its key."""
    terminal.press(b"q")
    terminal.process.wait()


def run_apps(port: int, count: int, end: Callable[[Terminal], None]) -> None:
    """Start ``count`` apps one after another, and ``end`` each."""
    for _ in range(count):
        with open_terminal(port, 80, 24) as (terminal, _):
            time.sleep(SHOWN_S)
            end(terminal)


def measure(port: int, daw: JackRecorder, words: str, run: Callable[[], None]) -> float:
    """What was missed while ``run`` ran, printed; returns its seconds."""
    before, missed, start_s = read_counters(port), daw.skipped, time.monotonic()
    run()
    after, seconds = read_counters(port), time.monotonic() - start_s
    counts = "".join(f"{after[name] - before[name]:9d}" for name in COUNTERS)
    report(f"{words:<22}{seconds:7.0f} s{counts}{daw.skipped - missed:9d}")
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--period", type=int, default=128)
    given = parser.parse_args(arguments)
    port, is_realtime = free_port(), may_use_realtime()
    sends = tuple(f"out_{i + 1}" for i in range(CHANNELS))
    frames = round(TAPE_S * given.rate)
    with (
        DummyServer(given.rate, given.period, realtime=is_realtime) as server,
        run_sidecar(server, port),
        JackRecorder("bench-daw", server.name, frames, Ports(play=sends)) as daw,
    ):
        daw.load(np.full((CHANNELS, frames), 0.1, np.float32))
        daw.connect({f"out_{i + 1}": f"sideman:in_{i + 1}" for i in range(CHANNELS)})
        start_together(daw)
        report(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, real time: {'yes' if is_realtime else 'no'}")
        report(f"{'':<22}{'time':>9}{'cycles':>9}{'skipped':>9}{'xruns':>9}{'client':>9}")
        seconds = measure(port, daw, f"{given.kills} apps, ended by q", lambda: run_apps(port, given.kills, quit_app))
        measure(port, daw, f"{given.kills} apps, killed", lambda: run_apps(port, given.kills, kill_app))
        measure(port, daw, "no app", lambda: time.sleep(seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
