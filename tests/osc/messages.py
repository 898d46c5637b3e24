"""Messages that a client of the tests receives and sends."""

from __future__ import annotations

from collections.abc import Callable

from bridge.osc.client import OscClient
from bridge.osc.wire import Message

LEVEL = "/stems/vocals/gain_db"
"""Address of a control."""


def receive_all(client: OscClient) -> list[Message]:
    """Receive all messages up to now: the server answers in order, so a ping marks the end."""
    client.send("/ping", "settled")
    received = []
    for message in client.read_messages(2.0):
        if message == ("/pong", ("settled",)):
            break
        received.append(message)
    return received


def receive_until(client: OscClient, wanted: Callable[[Message], bool]) -> list[Message]:
    received = []
    for message in client.read_messages(5.0):
        received.append(message)
        if wanted(message):
            return received
    raise AssertionError(f"not received, only {received}")


def send_raw(client: OscClient, datagram: bytes) -> None:
    """Send bytes as they are."""
    client._socket.send(datagram)
