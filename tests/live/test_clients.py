"""Several clients of one process on a server that dies: libjack must not be asked while one of them stays."""

from __future__ import annotations

import pytest

from bridge.drivers.clients import activate_client, close_client, is_gone, open_client
from bridge.drivers.tape import Ports, Tape
from bridge.errors import DriverError
from tests.live.conftest import private_server
from tests.live.rig import ONLY_SEPARATION, sidecar_on, some_cycles
from tests.waiting import until

pytestmark = pytest.mark.live


def test_nothing_is_opened_until_the_clients_of_a_dead_server_have_left() -> None:
    with private_server(48000, 128) as server:
        first = open_client("first", server.name)
        second = open_client("second", server.name)
        for client in (first, second):
            client.activate()
        server.kill()
        until("the news", lambda: is_gone(first))
        close_client(first)
        # an attempt that reached libjack now would end this process when the second is closed
        assert "second" in refusal("third", server.name)
        close_client(second)
        assert "no JACK server" in refusal("third", server.name)
        server.restart()
        close_client(open_client("third", server.name))


def test_a_server_that_does_not_run_a_client_is_named_with_a_mend() -> None:
    with private_server(48000, 128) as server:
        client = open_client("idle", server.name)
        server.kill()
        until("the news", lambda: is_gone(client))
        with pytest.raises(DriverError, match="took the client 'idle' but does not run it") as refused:
            activate_client(client)
        assert "try again" in str(refused.value)
        close_client(client)


def test_a_tape_that_cannot_be_set_up_leaves_no_client_behind() -> None:
    with private_server(48000, 128) as server:
        with pytest.raises(Exception, match="port"), Tape("taken", server.name, 1, Ports(play=("one", "one"))):
            pass
        close_client(open_client("taken", server.name))  # the name is free


def refusal(name: str, server: str) -> str:
    """What `open_client` says of a server that does not take the client."""
    with pytest.raises(DriverError) as refused:
        open_client(name, server)
    return str(refused.value)


def test_the_sidecar_comes_back_once_the_other_clients_of_its_process_have_left() -> None:
    with private_server(48000, 128) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        driver = sidecar.road.driver
        with Tape("beside", server.name, 48000, Ports()):
            server.kill()
            until("noticing", lambda: not driver.connected)
            server.restart()  # back, while a client of its dead namesake is still open in this process
            until("trying", lambda: driver.client is None)
            assert driver.reconnections == 0
        until("coming back", lambda: driver.reconnections == 1 and driver.connected)
        some_cycles(sidecar)
