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

import psutil

from bench.kill_session import describe_machine, format_head, open_kill_session
from bench.tui_cost import Terminal, open_terminal, report

SHOWN_S = 0.5
"""Time for which each app draws meters before it ends."""


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--period", type=int, default=128)
    given = parser.parse_args(arguments)
    with open_kill_session(given.rate, given.period) as session:
        report(describe_machine())
        report(format_head())
        quit_run = session.measure(lambda: run_apps(session.port, given.kills, quit_app))
        report(quit_run.format_row(f"{given.kills} apps, ended by q"))
        kill_run = session.measure(lambda: run_apps(session.port, given.kills, kill_app))
        report(kill_run.format_row(f"{given.kills} apps, killed"))
        report(session.measure(lambda: time.sleep(quit_run.seconds)).format_row("no app"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
