"""Rig: ``sideman run`` on a PipeWire of our own, its output, its latencies and those that other clients see."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.drivers.pipewire_server import PipeWireServer
from bridge.errors import BridgeError
from bridge.osc.client import OscClient
from bridge.running_latency import RunningLatency, measure_running_latency, read_running_latency
from tests.sidecar_process import SidecarProcess
from tests.waiting import HANG_S, until

SETTINGS = """schema = 1
[engines]
mir = ""
accompaniment = ""
synth = ""
[controllers]
midi = false
"""
"""The separation alone: a chain of workers, stems and a delay, and few of them to start."""


class PipeWireSidecar(SidecarProcess):
    """A running ``sideman run`` on ``server``."""

    def __init__(self, server: PipeWireServer, process: subprocess.Popen[bytes], log: Path) -> None:
        super().__init__(process, log)
        self.server = server

    def read(self) -> RunningLatency | None:
        """What it declares now; None while it cannot say."""
        self.is_running()
        try:
            with OscClient(port=self.port) as client:
                return read_running_latency(client)
        except BridgeError:
            return None

    def runs_at(self, rate: int, period: int) -> bool:
        """Whether it says that it runs at this rate and period."""
        running = self.read()
        return running is not None and (running.ledger.rate, running.ledger.period) == (rate, period)

    def wait_for(self, rate: int, period: int) -> None:
        """Return once it runs at this rate and period."""
        until(f"{rate} Hz and {period} frames", lambda: self.runs_at(rate, period))

    def find_workers(self) -> list[int]:
        """The process ids of its workers."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        pids = [int(pid) for one in children for pid in one.read_text(encoding="ascii").split()]
        return [pid for pid in pids if b"bridge.runtime.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def measure(self) -> RunningLatency:
        """Its latencies, measured by an impulse and a note through PipeWire."""
        with OscClient(port=self.port) as client:
            return measure_running_latency(client)

    def read_port_latencies(self) -> dict[str, tuple[int, int]]:
        """The capture latency of each of its ports as another client sees it: least and most frames."""
        done = subprocess.run(
            ["jack_lsp", "-l", "sideman:"],
            env=self.server.env,
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=True,
        )
        found: dict[str, tuple[int, int]] = {}
        name = ""
        for line in done.stdout.splitlines():
            if not line.startswith(("\t", " ")):
                name = line.strip().removeprefix("sideman:")
            elif span := re.search(r"capture latency = \[ (\d+) (\d+) \]", line):
                found[name] = int(span[1]), int(span[2])
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it as a user does; returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(HANG_S)


@contextmanager
def open_sidecar(server: PipeWireServer, folder: Path, settings: str = SETTINGS) -> Iterator[PipeWireSidecar]:
    """A sidecar that runs on ``server``; where it still does behind the context, it is killed."""
    (folder / "sideman.toml").write_text(settings, encoding="utf-8")
    log = folder / "run.log"
    command = [sys.executable, "-P", "-m", "bridge", "run", "--port", "0"]
    env = server.env | {CONFIG_HOME_VARIABLE: str(folder), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    sidecar = PipeWireSidecar(server, process, log)
    try:
        until("the start", lambda: sidecar.is_running() and sidecar.port != 0)
        yield sidecar
    finally:
        sys.stdout.write(sidecar.output)  # shown where the test failed
        if process.poll() is None:
            process.kill()
        process.wait()
