"""JACK clients: several of one process on a server that dies; none may be opened before all are closed."""

from __future__ import annotations

import contextlib
import mmap
import threading
from pathlib import Path
from typing import Any

import pytest

from bridge.drivers import clients
from bridge.drivers.clients import activate_client, close_client, is_gone, open_client
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports
from bridge.drivers.semaphores import find_stale, has_stale
from bridge.errors import DriverError
from tests.live.conftest import private_server, skip_without_jack
from tests.live.rig import ONLY_SEPARATION, get_driver, sidecar_on, some_cycles
from tests.waiting import until

pytestmark = pytest.mark.live


def test_nothing_is_opened_until_the_clients_of_a_dead_server_have_left() -> None:
    with private_server(48000, 128) as server:
        first = open_client("first", server.name)
        second = open_client("second", server.name)
        for client in (first, second):
            client.activate()
        server.kill()
        until("the notification", lambda: is_gone(first))
        close_client(first)
        # an attempt that reached libjack now would end this process when the second is closed
        assert "second" in refusal("third", server.name)
        close_client(second)
        assert "no JACK server" in refusal("third", server.name)
        server.restart()
        close_client(open_client("third", server.name))


def test_a_server_that_does_not_run_a_client_is_named_with_a_fix() -> None:
    with private_server(48000, 128) as server:
        client = open_client("idle", server.name)
        server.kill()
        until("the notification", lambda: is_gone(client))
        try:
            with pytest.raises(DriverError, match="accepted the client 'idle' but does not run it") as refused:
                activate_client(client)
        finally:
            close_client(client)  # left open, it would keep this process from every later server
        assert "try again" in str(refused.value)


def test_a_tape_that_cannot_be_set_up_leaves_no_client_behind() -> None:
    with private_server(48000, 128) as server:
        with pytest.raises(Exception, match="port"), JackRecorder("taken", server.name, 1, Ports(play=("one", "one"))):
            pass
        close_client(open_client("taken", server.name))  # the name is free


def refusal(name: str, server: str) -> str:
    """What `open_client` says of a server that does not take the client."""
    with pytest.raises(DriverError) as refused:
        open_client(name, server)
    return str(refused.value)


def test_the_sidecar_comes_back_once_the_other_clients_of_its_process_have_left() -> None:
    with private_server(48000, 128) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        driver = get_driver(sidecar)
        with JackRecorder("beside", server.name, 48000, Ports()):
            server.kill()
            until("noticing", lambda: not driver.is_connected)
            server.restart()  # back, while a client of its dead namesake is still open in this process
            until("trying", lambda: driver.client is None)
            assert driver.reconnections == 0
        until("coming back", lambda: driver.reconnections == 1 and driver.is_connected)
        some_cycles(sidecar)


STARTS = 25
"""Of a server, beside whose `jack_wait` a client is opened; without a remedy one in ten has a stale semaphore."""


def test_a_client_of_a_server_that_just_started_has_no_stale_semaphore() -> None:
    skip_without_jack()
    server = DummyServer()
    for _ in range(STARTS):
        starting = threading.Thread(target=server.start)
        starting.start()
        try:
            client = open_when_started("first", server.name)
            stale = has_stale(client)
            close_client(client)
        finally:
            starting.join()
            server.stop()
        assert not stale


def open_when_started(name: str, server: str) -> Any:
    """A client of a server that may have to start first."""
    opened: list[Any] = []

    def try_once() -> bool:
        with contextlib.suppress(DriverError):
            opened.append(open_client(name, server))
        return bool(opened)

    until("the server's start", try_once)
    return opened[0]


def test_a_semaphore_that_was_removed_and_is_mapped_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "jack_sem.0_server_client"
    path.write_bytes(bytes(4096))
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        assert not find_stale()
        path.unlink()
        assert [line for line in find_stale() if path.name in line]
        assert len(mapped) == 4096
    assert not find_stale()


def test_an_open_that_never_comes_without_one_is_refused_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "has_stale", lambda _client: True)
    with private_server(48000, 128) as server:
        assert "end the program that opens them" in refusal("first", server.name)
        monkeypatch.setattr(clients, "has_stale", lambda _client: False)
        close_client(open_client("first", server.name))  # no client is left behind, the name is free
