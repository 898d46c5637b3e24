"""Notifications: a subscriber receives the present values and the changes, at its port."""

from __future__ import annotations

import pytest

from bridge.control.bus import Bus
from bridge.errors import ControlError
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from tests.osc.messages import LEVEL, receive_all, receive_until


def test_a_subscriber_gets_the_present_values_and_then_the_changes(client: OscClient, bus: Bus) -> None:
    client.request("/subscribe", "/stems/*/mute")
    assert [args for _, args in receive_all(client)] == [(0,)] * 4
    bus.set("stems.bass.mute", True, "hand")
    bus.set("stems.bass.solo", True, "hand")
    assert next(client.read_messages(5.0)) == ("/stems/bass/mute", (1,))


def test_a_subscriber_that_receives_on_another_port_gets_values_there(
    server: OscServer, client: OscClient, bus: Bus
) -> None:
    with OscClient(port=server.port) as receiver:
        port = receiver._socket.getsockname()[1]
        for _ in range(2):  # renewed, the present values come again
            client.request("/subscribe", "/stems/*/mute", 20.0, float(port))
            assert [next(receiver.read_messages(5.0))[1] for _ in range(4)] == [(0,)] * 4
        bus.set("stems.bass.mute", True, "hand")
        assert next(receiver.read_messages(5.0)) == ("/stems/bass/mute", (1,))
        client.send("/stems/drums/mute", 1)  # it is not notified of what it set itself
        bus.set("stems.vocals.mute", True, "hand")
        assert next(receiver.read_messages(5.0)) == ("/stems/vocals/mute", (1,))
        assert receive_all(client) == []


def test_every_row_of_a_reading_goes_to_the_other_port(server: OscServer, client: OscClient, bus: Bus) -> None:
    for path in ("drums", "bass"):
        bus.publish("latency", path, 1536, -1, 0, *[0] * 7)
    with OscClient(port=server.port) as receiver:
        client.request("/subscribe", "/latency", 20.0, receiver._socket.getsockname()[1])
        received = receive_until(receiver, lambda message: message[:1] + message[1][:1] == ("/latency", "bass"))
    assert [args[0] for address, args in received if address == "/latency"] == ["drums", "bass"]


def test_values_cannot_be_sent_to_the_servers_own_port(server: OscServer, client: OscClient) -> None:
    with pytest.raises(ControlError, match="Sideman's own"):
        client.request("/subscribe", "/stems", 20.0, server.port)


def test_a_change_wakes_the_server_from_its_sleep(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.osc.server.IDLE_S", 600.0)
    with OscServer(bus, port=0) as server, OscClient(port=server.port) as client:
        client.request("/subscribe", LEVEL)
        receive_all(client)
        bus.set("stems.vocals.gain_db", -6, "hand")
        assert next(client.read_messages(5.0)) == (LEVEL, (-6.0,))


def test_a_flood_is_thinned_and_its_last_value_comes(client: OscClient, bus: Bus) -> None:
    client.request("/subscribe", LEVEL, 10.0)
    receive_all(client)
    for step in range(2000):
        bus.set("stems.vocals.gain_db", -step / 100, "hand")
    received = receive_until(client, lambda message: message[1] == (pytest.approx(-19.99),))
    assert len(received) < 200


def test_the_source_of_a_change_is_not_notified_and_another_is(server: OscServer, client: OscClient) -> None:
    with OscClient(port=server.port) as other:
        for one in (client, other):
            one.request("/subscribe", LEVEL)
            receive_all(one)
        client.send(LEVEL, -6.0)
        assert next(other.read_messages(5.0)) == (LEVEL, (-6.0,))
        assert receive_all(client) == []


def test_no_changes_are_received_after_unsubscribing(client: OscClient, bus: Bus) -> None:
    client.request("/subscribe", "/stems")
    assert client.request("/unsubscribe", "/stems") == ("/stems",)
    receive_all(client)
    bus.set("stems.bass.mute", True, "hand")
    assert receive_all(client) == []


def test_readings_reach_subscribers_row_by_row(client: OscClient, bus: Bus) -> None:
    client.request("/subscribe", "/latency")
    receive_all(client)
    for path in ("drums", "bass"):
        bus.publish("latency", path, 1536, -1, 0, *[0] * 7)
    received = receive_until(client, lambda message: message[1][0] == "bass")
    assert ("/latency", ("drums", 1536, -1, 0, *[0] * 7)) in received
