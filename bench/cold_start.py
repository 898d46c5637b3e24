"""A first start on a slow machine: ``python -m bench.cold_start``.

A user who never used Sideman, nothing compiled, at the lowest priority beside busy loops. It prints the sidecar's lines
and, 30 s after it is ready, its health and counters; exit status 1 where an engine does not run, or was restarted.
Takes many
minutes; needs jackd.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bridge.drivers.dummy_server import DummyServer
from bridge.osc.client import OscClient
from tests.ports import free_port

SETTLE_S = 30.0
BUSY = "while True: pass"


@contextmanager
def start_busy_loops(count: int, apart: bool) -> Iterator[None]:
    """``apart``: in sessions of their own, as programs of other terminals: Linux shares out by session, and niceness
    counts within each. In one session the lowest priority gets 1.4 % of a core beside a loop, and all takes an hour."""
    loops = [subprocess.Popen([sys.executable, "-c", BUSY], start_new_session=apart) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def read_rows(port: int, address: str) -> list[tuple[Any, ...]]:
    """The arguments of each reply to ``/get`` of ``address``."""
    with OscClient("127.0.0.1", port) as osc:
        replies = osc.gather("/get", address, done="/get/done", timeout_s=60.0)
    return [tuple(args) for name, args in replies if name == address]


def start_and_judge(home: Path, nice: int) -> bool:
    """Whether all four engines run, started once each, SETTLE_S after the sidecar is ready."""
    with DummyServer(48000, 512) as server:
        port = free_port()
        kept = {k: v for k, v in server.env.items() if not k.startswith(("XDG_", "SIDEMAN_", "NUMBA_"))}
        command = ["nice", "-n", str(nice), sys.executable, "-m", "bridge", "run", "--server", server.name]
        with subprocess.Popen(
            [*command, "--port", str(port)],
            env=kept | {"HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as child:
            began = time.monotonic()
            try:
                for line in child.stdout or ():
                    say(f"{time.monotonic() - began:6.1f} s  {line.rstrip()}")
                    if "Ctrl-C ends it" in line:
                        break
                time.sleep(SETTLE_S)
                health, counters = dict(read_rows(port, "/health")), read_rows(port, "/counters")
                say(f"health {health}\ncounters {counters}")
                child.send_signal(signal.SIGTERM)
                child.wait()
                restarts = counters[0][7]
                return child.returncode == 0 and set(health.values()) == {"running"} and restarts == 0
            finally:
                child.kill()


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=int, default=os.cpu_count() or 2, help="busy loops beside it")
    parser.add_argument("--nice", type=int, default=19)
    parser.add_argument("--together", action="store_true", help="the loops in our own session: it takes an hour")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home, start_busy_loops(options.loops, not options.together):
        good = start_and_judge(Path(home), options.nice)
    say("all engines run, none was restarted" if good else "NOT as it should be")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
