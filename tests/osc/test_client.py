"""OSC client: a missing, silent or faulty server."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bridge.errors import ControlError, DriverError
from bridge.osc.client import OscClient
from bridge.osc.wire import encode
from tests.waiting import HANG_S


@pytest.fixture
def far_end() -> Iterator[socket.socket]:
    """A socket that a test lets play the server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(HANG_S)
        yield bound


def connect(far_end: socket.socket) -> OscClient:
    return OscClient(port=far_end.getsockname()[1])


def test_a_silent_server_is_a_driver_error_that_names_it(far_end: socket.socket) -> None:
    with (
        connect(far_end) as client,
        pytest.raises(DriverError, match=f"no answer to /ping from 127.0.0.1:{client.port}"),
    ):
        client.request("/ping", timeout_s=0.05)


def test_a_port_where_nobody_listens_is_a_driver_error(far_end: socket.socket) -> None:
    with connect(far_end) as client:
        far_end.close()
        with pytest.raises(DriverError):
            client.request("/ping", timeout_s=0.5)


def test_what_arrives_meanwhile_waits_in_order(far_end: socket.socket) -> None:
    with connect(far_end) as client:
        client.send("/hello")
        _, peer = far_end.recvfrom(4096)
        for datagram in (encode("/state", (1,)), b"junk", encode("/state", (2,)), encode("/pong", ())):
            far_end.sendto(datagram, peer)
        client.request("/ping")
        assert list(client.read_messages(0.05)) == [("/state", (1,)), ("/state", (2,))]


def test_a_bundle_is_opened(far_end: socket.socket) -> None:
    one, two = encode("/a", (1,)), encode("/b", (2,))
    with connect(far_end) as client:
        client.send("/hello")
        _, peer = far_end.recvfrom(4096)
        sized = b"".join(len(part).to_bytes(4, "big") + part for part in (one, two))
        far_end.sendto(b"#bundle\0" + b"\0" * 8 + sized, peer)
        assert list(client.read_messages(0.05)) == [("/a", (1,)), ("/b", (2,))]


def test_an_error_about_something_else_does_not_end_a_request(far_end: socket.socket) -> None:
    with connect(far_end) as client:
        client.send("/hello")
        _, peer = far_end.recvfrom(4096)
        far_end.sendto(encode("/error", ("/other", "message", "hint")), peer)
        far_end.sendto(encode("/pong", ()), peer)
        assert client.request("/ping") == ()


@pytest.mark.parametrize("value", [object(), 2**70, {"a": 1}, 1e300])
def test_what_osc_cannot_carry_is_a_control_error(far_end: socket.socket, value: object) -> None:
    with connect(far_end) as client, pytest.raises(ControlError, match="cannot be sent"):
        client.send("/x", value)
