"""Fixtures of the tests with Ardour: a server, a sidecar and a session for all of them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.drivers.dummy_server import DummyServer
from bridge.osc.client import OscClient
from tests.daw_live.ardour import skip_without_ardour
from tests.daw_live.rig import RATE
from tests.live.conftest import PatientServer, own_settings, quiet_jack, skip_without_jack
from tests.ports import free_port
from tests.waiting import HANG_S, until

__all__ = ["own_settings", "quiet_jack"]

SETTINGS = """schema = 1
[controllers]
midi = false
[engines]
mir = ""
accompaniment = ""
synth = ""
[daw]
kind = "ardour"
transport = true
"""
PERIOD = 128
CLIENT_MS = 2000
"""So long jackd waits for a client. After half a second, its default, it gave up an Ardour that loaded its session
beside other programs, which then went on without ports. The sidecar gives up a server that stands still for 3 s."""


class DawServer(PatientServer):
    """A jackd that has patience with a DAW."""

    def _command(self) -> list[str]:
        command = super()._command()
        at = command.index("-d")
        command[at:at] = ["--timeout", str(CLIENT_MS)]
        return command


@pytest.fixture(scope="module")
def server() -> Iterator[DummyServer]:
    """A jackd for the module. The test is skipped where there is no Ardour or no jackd."""
    skip_without_ardour()
    skip_without_jack()
    with DawServer(RATE, PERIOD) as running:
        yield running


@pytest.fixture(scope="module")
def sidecar(server: DummyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OscClient]:
    """A client of a running ``sideman run`` on the server that separates and does nothing else."""
    config, port = tmp_path_factory.mktemp("config"), free_port()
    (config / "sideman.toml").write_text(SETTINGS, encoding="utf-8")
    log = config / "sidecar.log"
    command = [sys.executable, "-P", "-m", "bridge", "run", "--server", server.name, "--port", str(port)]
    env = server.env | {CONFIG_HOME_VARIABLE: str(config), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as output, subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT) as child:
        try:
            until("the start", lambda: b"Ctrl-C ends it" in log.read_bytes() or child.poll() is not None)
            assert child.poll() is None, log.read_text(encoding="utf-8")
            with OscClient(port=port) as client:
                yield client
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(HANG_S)
