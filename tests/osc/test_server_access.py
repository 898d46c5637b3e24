"""OSC server's port: loopback by default, a network with a list of hosts and a token."""

from __future__ import annotations

import socket
import threading

import pytest

from bridge.control.bus import Bus
from bridge.errors import ConfigError, ControlError, DriverError
from bridge.osc.access import ATTEMPTS_BURST
from bridge.osc.client import OscClient
from bridge.osc.guard import split_messages
from bridge.osc.server import OscServer
from bridge.osc.wire import decode, encode
from tests.osc.messages import LEVEL
from tests.waiting import HANG_S


def test_nothing_is_left_when_the_server_closes(bus: Bus) -> None:
    before = threading.active_count()
    with OscServer(bus, port=0) as server, OscClient(port=server.port) as client:
        client.request("/subscribe", "/")
    assert not server.alive
    assert not bus._subscribers
    assert threading.active_count() == before
    bus.set("stems.bass.mute", True, "hand")
    with OscServer(bus, port=server.port) as again, OscClient(port=again.port) as client:
        assert client.request("/ping") == ()


def test_a_port_that_is_taken_is_refused_with_its_number(server: OscServer, bus: Bus) -> None:
    with pytest.raises(DriverError, match=f"127.0.0.1:{server.port} cannot be bound"), OscServer(bus, port=server.port):
        pass


def test_it_binds_loopback_only_by_default(server: OscServer) -> None:
    assert server._socket.getsockname()[0] == "127.0.0.1"


def test_it_serves_on_ipv6_loopback(bus: Bus) -> None:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    with OscServer(bus, "::1", 0) as server, OscClient("::1", server.port) as client:
        assert client.request("/ping", 6) == (6,)


@pytest.mark.parametrize(("allow", "token"), [((), ""), (("10.0.0.0/8",), ""), ((), "secret")])
def test_the_network_is_refused_without_list_and_token(bus: Bus, allow: tuple[str, ...], token: str) -> None:
    with pytest.raises(ConfigError), OscServer(bus, "0.0.0.0", 0, allow, token):
        pass


def test_on_the_network_a_peer_shows_the_token_first(bus: Bus) -> None:
    with OscServer(bus, "0.0.0.0", 0, ["127.0.0.0/8"], "secret") as server:
        with OscClient(port=server.port) as client:
            for address, args in ((LEVEL, (-6.0,)), ("/ping", ()), ("/subscribe", ("/",))):
                with pytest.raises(ControlError, match="token is missing"):
                    client.request(address, *args)
            with pytest.raises(ControlError, match="token is wrong"):
                client.request("/auth", "guess")
            assert bus.get("stems.vocals.gain_db") == 0
            assert client.request("/auth", "secret") == (1,)
            client.send(LEVEL, -6.0)
            assert client.request(LEVEL) == (-6.0,)
        with OscClient(port=server.port, token="secret") as another:
            assert another.request("/ping") == ()
        with pytest.raises(ControlError, match="token is wrong"), OscClient(port=server.port, token="guess"):
            pass


def test_a_peer_that_guesses_tokens_is_limited_and_another_gets_in(bus: Bus) -> None:
    with (
        OscServer(bus, "0.0.0.0", 0, ["127.0.0.0/8"], "secret", clock=lambda: 0.0) as server,
        OscClient(port=server.port) as guesser,
    ):
        for _ in range(ATTEMPTS_BURST):
            with pytest.raises(ControlError, match="the token is wrong"):
                guesser.request("/auth", "guess")
        with pytest.raises(ControlError, match=r"too many tries.*wait some seconds"):
            guesser.request("/auth", "secret")
        for _ in range(500):
            guesser.send("/auth", "guess")
        with OscClient(port=server.port, token="secret") as honest:
            assert honest.request("/ping") == ()
        with pytest.raises(DriverError, match="no answer"):  # its errors are used up, and it is still a stranger
            guesser.request("/ping", timeout_s=0.05)


def test_on_the_network_the_unlisted_get_no_answer_at_all(bus: Bus) -> None:
    with (
        OscServer(bus, "0.0.0.0", 0, ["10.0.0.0/8"], "secret") as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        stranger.settimeout(0.2)
        for datagram in (encode("/auth", ("secret",)), encode("/ping", ()), b"junk"):
            stranger.sendto(datagram, ("127.0.0.1", server.port))
        with pytest.raises(TimeoutError):
            stranger.recv(4096)
        assert server.counts["refused"] == 3
        assert server.counts["malformed"] == 0


def test_replies_come_from_the_port_that_was_asked_to_the_port_that_asked(server: OscServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.settimeout(HANG_S)
        plain.sendto(encode("/ping", (7,)), ("127.0.0.1", server.port))
        datagram, peer = plain.recvfrom(4096)
    assert peer == ("127.0.0.1", server.port)
    assert [decode(one) for one in split_messages(datagram)] == [("/pong", (7,))]
