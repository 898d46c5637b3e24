"""JACK port: a device on control_in and control_out, gone with its server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.controllers.ports.jack_port import JackPort
from bridge.controllers.ports.midi_port import PortGoneError
from bridge.errors import DriverError
from bridge.runtime.control_midi import MAX_SENT_BYTES, ControlMidi
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from tests.runtime.callback_driver import NO_ENGINES, Callback, open_callback


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(NO_ENGINES) as opened:
        yield opened


@pytest.fixture
def port(callback: Callback) -> JackPort:
    return JackPort(ControlMidi(callback.control), "nanoKONTROL2")


def test_messages_arrive_in_order(callback: Callback, port: JackPort) -> None:
    callback.run_control(64, [(3, b"\xb0\x01\x02"), (9, b"\xf0\x01"), (10, b"\x02\xf7")])
    assert port.receive() == [b"\xb0\x01\x02", b"\xf0\x01\x02\xf7"]
    assert port.receive() == []
    assert port.name == "nanoKONTROL2"


def test_another_server_means_that_the_port_is_gone(callback: Callback, port: JackPort) -> None:
    publish(callback.control.requests, w.CONTROL_GENERATION, 1)
    with pytest.raises(PortGoneError, match="server was replaced"):
        port.receive()


def test_a_port_is_gone_where_jack_takes_nothing_more(port: JackPort) -> None:
    with pytest.raises(PortGoneError, match="control_out is full"):
        while True:
            port.send(b"\xb0\x01\x02")


def test_a_message_that_is_too_long_is_no_fault_of_the_port(port: JackPort) -> None:
    with pytest.raises(DriverError, match="cannot be sent") as refused:
        port.send(bytes(MAX_SENT_BYTES + 1))
    assert not isinstance(refused.value, PortGoneError)


def test_closing_without_a_server_does_not_wait_for_ever(port: JackPort) -> None:
    port.send(b"\xb0\x01\x02")
    port.close()
