"""LISTEN and IGNORE: values arrive as OSC packets, the latest ones in the end, of bounded memory."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bridge.control.bus import Bus
from bridge.errors import ControlError
from bridge.osc.wire import decode
from bridge.oscquery.listener import LISTEN, MAX_EVENTS, ListenCommand, Listener, parse_command
from bridge.oscquery.namespace import Namespace
from bridge.oscquery.oscquery_server import COMMANDS, MAX_REFUSED, MAX_WEBSOCKETS, OscQueryServer
from tests.oscquery.conftest import Client, receive, send_command
from tests.waiting import HANG_S, until


def test_a_value_arrives_at_once_and_with_every_change(bus: Bus, client: Client) -> None:
    with client.open_websocket() as websocket:
        send_command(websocket, "LISTEN", "/stems/vocals/gain_db")
        assert receive(websocket) == ("/stems/vocals/gain_db", (0.0,))
        bus.set("stems.vocals.gain_db", -6, "test")
        assert receive(websocket) == ("/stems/vocals/gain_db", (-6.0,))
        send_command(websocket, "LISTEN", "/stems/vocals/mute")
        send_command(websocket, "LISTEN", "/comp/style")
        assert [receive(websocket), receive(websocket)] == [
            ("/stems/vocals/mute", (False,)),
            ("/comp/style", ("straight",)),
        ]
        bus.set("comp.style", "swing", "test")
        assert receive(websocket) == ("/comp/style", ("swing",))


def test_a_container_is_all_that_is_below(client: Client) -> None:
    with client.open_websocket() as websocket:
        send_command(websocket, "LISTEN", "/stems/bass")
        names = {receive(websocket)[0] for _ in range(3)}
        assert names == {"/stems/bass/gain_db", "/stems/bass/mute", "/stems/bass/solo"}


def test_what_is_ignored_arrives_no_more(bus: Bus, client: Client, server: OscQueryServer) -> None:
    with client.open_websocket() as websocket:
        send_command(websocket, "LISTEN", "/stems/bass")
        for _ in range(3):
            receive(websocket)
        send_command(websocket, "IGNORE", "/stems/bass/mute")
        until("the end of one", lambda: server.subscription_count == 2)
        bus.set("stems.bass.mute", True, "test")
        bus.set("stems.bass.solo", True, "test")
        assert receive(websocket) == ("/stems/bass/solo", (True,))


def test_the_last_of_many_values_arrives(bus: Bus, client: Client) -> None:
    with client.open_websocket() as websocket:
        send_command(websocket, "LISTEN", "/stems/vocals/gain_db")
        for step in range(1, 1001):
            bus.set("stems.vocals.gain_db", -step / 20, "test")
        received = 0
        while receive(websocket)[1] != (-50.0,):
            received += 1
        assert received < 1000


def test_a_closed_client_leaves_nothing(bus: Bus, client: Client, server: OscQueryServer) -> None:
    with client.open_websocket() as websocket:
        send_command(websocket, "LISTEN", "/stems")
        receive(websocket)
        assert server.subscription_count == 14
    until("the end", lambda: server.subscription_count == 0)
    bus.set("stems.bass.mute", True, "test")


def test_a_client_that_listens_to_everything_a_hundred_times_is_one_listener(bus: Bus) -> None:
    listener = Listener(Namespace(bus))
    values = len(bus.registry.controls) + len(bus.registry.readings)
    for _ in range(100):
        assert listener.carry_out(ListenCommand(LISTEN, "/")) == values
    assert len(listener.addresses) == values
    assert len(list(listener.pop_packets())) == len(bus.registry.controls)


def test_events_are_kept_each_for_itself_up_to_a_limit(bus: Bus) -> None:
    listener = Listener(Namespace(bus))
    listener.carry_out(ListenCommand(LISTEN, "/"))
    list(listener.pop_packets())
    event = next(one for one in bus.registry.readings if one.queued)
    for number in range(MAX_EVENTS + 10):
        listener.offer(event, (*[number] * len(event.fields),))
    packets = [decode(packet) for packet in listener.pop_packets()]
    assert [args[0] for _, args in packets] == list(range(10, MAX_EVENTS + 10))


def test_a_row_that_has_gone_is_named(bus: Bus, client: Client) -> None:
    bus.publish("health", "mir", "running")
    with client.open_websocket() as websocket:
        send_command(websocket, "LISTEN", "/health")
        assert receive(websocket) == ("/health", ("mir", "running"))
        bus.withdraw("health", "mir")
        assert receive(websocket) == ("/gone", ("/health", "mir"))


HOSTILE_COMMANDS = [
    "",
    "LISTEN",
    "{",
    "null",
    "[]",
    "7",
    '"LISTEN"',
    "{}",
    '{"COMMAND":"LISTEN"}',
    '{"COMMAND":"LISTEN","DATA":7}',
    '{"COMMAND":"LISTEN","DATA":["/"]}',
    '{"COMMAND":["LISTEN"],"DATA":"/"}',
    '{"COMMAND":{},"DATA":"/"}',
    '{"COMMAND":"LISTEN","DATA":"stems"}',
    '{"COMMAND":"DELETE","DATA":"/"}',
    "[" * 4000,
    '{"a":' * 500 + "1" + "}" * 500,
    '{"COMMAND":"LISTEN","DATA":"/' + "x" * 3000 + '"}',
    '{"COMMAND":"LISTEN","DATA":"/../../etc/passwd"}',
    "NaN",
    "1e999",
    "9" * 4000,
    "\0",
    '{"COMMAND":"LISTEN","DATA":"\\ud800"}',
]


@pytest.mark.parametrize("text", HOSTILE_COMMANDS, ids=range(len(HOSTILE_COMMANDS)))
def test_a_wrong_command_is_refused(bus: Bus, text: str) -> None:
    listener = Listener(Namespace(bus))
    with pytest.raises(ControlError):
        listener.carry_out(parse_command(text))
    assert listener.addresses == set()


def test_wrong_commands_disturb_nothing_until_there_are_too_many(bus: Bus, client: Client) -> None:
    with client.open_websocket() as websocket:
        for text in HOSTILE_COMMANDS:
            websocket.send(text)
        send_command(websocket, "LISTEN", "/stems/bass/mute")
        assert receive(websocket) == ("/stems/bass/mute", (False,))
        with pytest.raises(ConnectionClosed) as caught:
            for _ in range(MAX_REFUSED + 1):
                websocket.send("{")
            while True:
                websocket.recv(HANG_S)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1008


def test_ten_thousand_commands_end_the_connection_and_no_other(client: Client, server: OscQueryServer) -> None:
    with client.open_websocket() as other, client.open_websocket() as websocket:
        with pytest.raises(ConnectionClosed) as caught:
            for _ in range(10_000):
                send_command(websocket, "LISTEN", "/stems/bass/mute")
            while True:
                websocket.recv(HANG_S)
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1008, "too many commands")
        until("the end", lambda: server.subscription_count == 0)
        send_command(other, "LISTEN", "/stems/bass/solo")
        assert receive(other) == ("/stems/bass/solo", (False,))


def test_a_client_may_listen_to_every_address_by_itself(bus: Bus, client: Client, server: OscQueryServer) -> None:
    controls = [item.address for item in bus.registry.controls]
    readable = controls + [item.address for item in bus.registry.readings]
    assert len(readable) < COMMANDS[1]
    with client.open_websocket() as websocket:
        for address in readable:
            send_command(websocket, "LISTEN", address)
        until("all of them", lambda: server.subscription_count == len(readable))


def test_nothing_is_set_over_the_websocket(bus: Bus, client: Client) -> None:
    with client.open_websocket() as websocket:
        websocket.send(b"/stems/bass/mute\0\0\0\0,T\0\0")
        with pytest.raises(ConnectionClosed) as caught:
            websocket.recv(HANG_S)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (
        1003, "send OSC to the UDP port that HOST_INFO names"
    )  # fmt: skip
    assert bus.changes == 0


def test_websockets_leave_room_for_requests(client: Client) -> None:
    with ExitStack() as opened:
        for _ in range(MAX_WEBSOCKETS):
            opened.enter_context(client.open_websocket())
        with pytest.raises(InvalidStatus, match="HTTP 503"):
            client.open_websocket().__enter__()
        assert client.ask("/stems")[0] == 200


def test_the_end_of_the_server_ends_its_clients(bus: Bus) -> None:
    with OscQueryServer(bus, lambda _host: {}) as server:
        websocket = Client(server).open_websocket().__enter__()
        idle = Client(server).open_socket()
    with pytest.raises(ConnectionClosed):
        websocket.recv(HANG_S)
    with idle:
        try:
            assert idle.recv(1) == b""
        except ConnectionResetError:  # it was not accepted yet
            return
