"""Sidecar process: ``sideman run`` without engines on a JACK server of a bench, and its counters over OSC."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.core.control import Reading
from bridge.drivers.dummy_server import DummyServer
from bridge.errors import DriverError
from bridge.installed_controls import make_registry
from bridge.osc.client import OscClient
from bridge.settings import Settings

SETTINGS = """schema = 1
[engines]
separation = ""
mir = ""
accompaniment = ""
synth = ""
[controllers]
midi = false
"""
"""The whole input comes out in ``other``, and no device of the machine is opened."""
START_S = 120.0
"""A first start compiles."""


@contextmanager
def run_sidecar(server: DummyServer, port: int) -> Iterator[int]:
    """Run a sidecar, its OSC on ``port``, until the context ends: the number of its process.

    Raises:
        SystemExit: It does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sideman.toml").write_text(SETTINGS)
        command = [sys.executable, "-P", "-m", "bridge", "run", "--server", server.name, "--port", str(port)]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                command, env={**server.env, CONFIG_HOME_VARIABLE: folder}, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            deadline_s = time.monotonic() + START_S
            while not answers(port):
                if process.poll() is not None or time.monotonic() > deadline_s:
                    raise SystemExit(f"the sidecar did not start:\n{Path(folder, 'log').read_text()}")
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def answers(port: int) -> bool:
    """Whether the sidecar plays."""
    try:
        return "cycles" in read_counters(port)
    except DriverError:
        time.sleep(0.1)
        return False


def read_counters(port: int) -> dict[str, int]:
    """The reading ``counters`` by its fields; empty before it is published."""
    reading = make_registry(Settings()).find("counters")
    if not isinstance(reading, Reading):
        raise TypeError("there is no reading counters")
    with OscClient(port=port) as client:
        replies = client.gather("/get", "/counters", done="/get/done", timeout_s=2.0)
    values = next((args for address, args in replies if address == "/counters"), ())
    return {name: int(str(value)) for name, value in zip(reading.fields, values, strict=False)}
