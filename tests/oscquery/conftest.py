"""An OSCQuery server of a bus with the sidecar's controls, on loopback."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.control import Control
from bridge.osc.wire import decode
from bridge.oscquery.http_query import HostInfo
from bridge.oscquery.oscquery_server import OscQueryServer
from tests.waiting import HANG_S

STYLE = Control("comp.style", 0, 1, 0, kind="choice", choices=("straight", "swing"), doc="Feel.")
INFO = HostInfo("sideman", "127.0.0.1", 9123, "127.0.0.1", 9123)


@pytest.fixture
def bus() -> Bus:
    return Bus(make_sidecar_registry({"comp": [STYLE]}))


@pytest.fixture
def server(bus: Bus) -> Iterator[OscQueryServer]:
    with OscQueryServer(bus, INFO.describe) as opened:
        yield opened


class Client:
    """A client of one server."""

    def __init__(self, server: OscQueryServer) -> None:
        self.port = server.port

    def ask(self, target: str, method: str = "GET", **fields: str) -> tuple[int, bytes]:
        """Send a request as it is, with more header fields; returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_S)
        try:
            headers = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def read(self, target: str) -> Any:
        """The JSON of an answer, which must be 200."""
        status, body = self.ask(target)
        assert status == 200, (status, body)
        return json.loads(body)

    def open_socket(self) -> socket.socket:
        """A bare TCP connection."""
        return socket.create_connection(("127.0.0.1", self.port), HANG_S)

    def open_websocket(self, **options: Any) -> ClientConnection:
        """A WebSocket, for a with statement."""
        opened: ClientConnection = connect(f"ws://127.0.0.1:{self.port}/", open_timeout=HANG_S, proxy=None, **options)
        return opened


@pytest.fixture
def client(server: OscQueryServer) -> Client:
    return Client(server)


def send_command(websocket: ClientConnection, name: str, path: str) -> None:
    websocket.send(json.dumps({"COMMAND": name, "DATA": path}))


def receive(websocket: ClientConnection) -> tuple[str, tuple[object, ...]]:
    """The next OSC packet of a WebSocket."""
    packet = websocket.recv(HANG_S)
    assert isinstance(packet, bytes)
    return decode(packet)
