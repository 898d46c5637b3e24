"""Private servers, for one test or for a whole module.

One at a time: libjack keeps one picture of the server for a whole process, and clients on two of them, or on a
dead one and on its successor, end the process with a segmentation fault.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridge import app
from bridge.config import CONFIG_HOME_VARIABLE
from bridge.drivers import clients, jack_driver
from bridge.drivers.dummy_server import QUIET_JACK, SHM, DummyServer, has_room_for_server
from tests.live.shared_worker_pool import SharedWorkerPool
from tests.waiting import HANG_S


class PatientServer(DummyServer):
    """A jackd that ends no cycle before its clients are through.

    One that does not wait lets a client that is late write its ports while the next one reads them. What a
    recorder gets then says nothing of the sidecar.
    """

    def _command(self) -> list[str]:
        command = super()._command()
        command.insert(command.index("-d"), "--sync")
        return command


def skip_without_jack() -> None:
    """The test is skipped where no jackd of our own can be had."""
    for tool in ("jackd", "jack_wait"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    if not has_room_for_server():
        pytest.skip(f"{SHM} has no room for another JACK server")


@contextmanager
def private_server(rate: int, period: int) -> Iterator[DummyServer]:
    """A jackd of our own; the test is skipped where none can be had."""
    skip_without_jack()
    with PatientServer(rate, period) as server:
        yield server


@pytest.fixture(autouse=True, scope="session")
def quiet_jack() -> Iterator[None]:
    """No client of ours starts a server, or takes one that is not ours for its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET_JACK.items():
            patch.setenv(name, value)
        patch.delenv("JACK_DEFAULT_SERVER", raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def patience() -> Iterator[None]:
    """A slow machine is no hung server: after a client that was given up no other can be opened in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (clients, jack_driver):
            patch.setattr(module, "CLOSE_S", HANG_S)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The settings, presets and mappings of whoever runs the tests are not read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path_factory.mktemp("settings")))
        yield


@pytest.fixture(autouse=True, scope="session")
def shared_workers() -> Iterator[None]:
    """The sidecars of this process give their workers on to the next one."""
    pool = SharedWorkerPool()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "WorkerPool", lambda: pool)
        yield
    pool.end()


@pytest.fixture(scope="module")
def module_server() -> Iterator[DummyServer]:
    """One server for a whole module, 48000 Hz, periods of 128 frames."""
    with private_server(48000, 128) as server:
        yield server
