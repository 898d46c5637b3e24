"""OSC loops: a target that is our own port is refused by whatever name it is given."""

from __future__ import annotations

import socket

import pytest

from bridge.control.bus import Bus
from bridge.errors import ConfigError
from bridge.osc.client import OscClient
from bridge.osc.own_address import is_own_address, list_interface_addresses, refuse_loop
from bridge.osc.server import OscServer
from bridge.osc.wire import encode
from tests.waiting import until

LAN = ("192.168.7.20", "fe80::1%eth0", "2001:db8::5")
"""Addresses of a machine's interfaces."""

OWN = [
    "localhost", "LOCALHOST", "localhost.", "sideman.localhost", "127.0.0.1", "127.1", "127.255.0.3", "2130706433",
    "0x7f000001", "::1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "0.0.0.0", "0", "::", "", "*",
    "192.168.7.20", "::ffff:192.168.7.20", "fe80::1", "fe80::1%eth0", "2001:DB8:0::5", "studio.lan",
]  # fmt: skip
OTHER = ["192.168.7.21", "10.0.0.1", "fe80::2", "2001:db8::6", "desk.lan", "no.such.host", "128.0.0.1"]
NAMES = {"studio.lan": ("192.168.7.20",), "desk.lan": ("192.168.7.21",)}


def is_own(host: str) -> bool:
    return is_own_address(host, lambda: LAN, lambda name: NAMES.get(name, ()))


@pytest.mark.parametrize("host", OWN)
def test_this_machine_is_known_by_every_name(host: str) -> None:
    assert is_own(host)


@pytest.mark.parametrize("host", OTHER)
def test_another_machine_is_not_taken_for_this_one(host: str) -> None:
    assert not is_own(host)


def test_the_machines_own_names_and_addresses_are_known() -> None:
    name = socket.gethostname()
    for host in (name, name.upper(), f"{name.partition('.')[0]}.local", *list_interface_addresses()):
        assert is_own_address(host, resolve=lambda _name: ())


def test_an_address_is_not_looked_up() -> None:
    asked: list[str] = []

    def resolve(name: str) -> tuple[str, ...]:
        asked.append(name)
        return ()

    for host in ("127.0.0.1", "::1", "10.0.0.1", "localhost", socket.gethostname()):
        is_own_address(host, lambda: LAN, resolve)
    assert asked == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "0.0.0.0", socket.gethostname()])
def test_a_target_that_is_our_own_port_is_refused_with_its_setting(host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_loop("surfaces.feedback", host, 9123, (9123, 9124))
    assert caught.value.message.startswith(f"surfaces.feedback: {host}:9123 is Sideman's own port")
    refuse_loop("surfaces.feedback", host, 9125, (9123, 9124))


def test_another_machine_may_have_the_same_port() -> None:
    refuse_loop("surfaces.feedback", "192.0.2.7", 9123, (9123,))


def test_the_server_takes_nothing_from_its_own_port(bus: Bus) -> None:
    """A datagram that claims to come from the server's own address would subscribe it to itself."""
    with OscServer(bus, port=0) as server, OscClient(port=server.port) as client:
        server._socket.sendto(encode("/subscribe", ("/stems",)), ("127.0.0.1", server.port))
        until("the refusal", lambda: server.counts["refused"] > 0)
        client.request("/ping")
        assert len(server._subscriptions) == 0


def test_the_server_on_all_addresses_takes_nothing_from_its_own_port_by_another_address(bus: Bus) -> None:
    lan = {"allow": ("127.0.0.0/8",), "token": "secret"}
    with OscServer(bus, "0.0.0.0", 0, **lan) as server, OscClient(port=server.port) as client:  # type: ignore[arg-type]
        server._socket.sendto(encode("/auth", ("secret",)), ("127.0.0.5", server.port))
        until("the refusal", lambda: server.counts["refused"] > 0)
        assert client.request("/auth", "secret") == (1,)
        assert server.counts["refused"] == 1
