"""OSC server on loopback, with our own client."""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest

from bridge.control.bus import CHANGE, Bus
from bridge.control.docs import format_json
from bridge.control.registry import Registry
from bridge.core.control import Reading
from bridge.errors import ConfigError, ControlError, DriverError
from bridge.osc.access import ATTEMPTS_BURST
from bridge.osc.client import OscClient
from bridge.osc.dispatch import Dispatch
from bridge.osc.guard import split_messages
from bridge.osc.server import ERRORS_EACH, OscServer
from bridge.osc.wire import Message, decode, encode
from tests.waiting import HANG_S

LEVEL = "/stems/vocals/gain_db"


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


def _divide_by_zero(*_: str) -> None:
    raise ZeroDivisionError("division by zero")


def test_several_replies_to_a_request_name_the_method_that_takes_them(client: OscClient) -> None:
    with pytest.raises(DriverError, match="no answer to /get ") as failure:
        client.request("/get", LEVEL)
    assert failure.value.hint is not None
    assert "use gather" in failure.value.hint
    assert client.gather("/get", LEVEL, done="/get/done")[0][0] == LEVEL


def test_nothing_may_have_the_address_of_a_method_of_the_protocol() -> None:
    registry = Registry()
    registry.add([Reading("ping", ("bpm",))], "test")
    with pytest.raises(ControlError, match="ping has the address of a method of the OSC protocol"):
        Dispatch(Bus(registry))


def test_a_ping_comes_back_with_its_arguments(client: OscClient) -> None:
    args = (1, 2.5, "three", True, None, b"\1", [1, [2.0, "x"]], 2**40)
    assert client.request("/ping", *args) == args


def test_a_control_is_set_and_asked_for(client: OscClient, bus: Bus) -> None:
    client.send(LEVEL, -6.5)
    assert client.request(LEVEL) == (-6.5,)
    assert bus.get("stems.vocals.gain_db") == -6.5


@pytest.mark.parametrize(
    ("address", "value", "reply"),
    [
        ("/stems/vocals/mute", True, 1),
        ("/stems/vocals/mute", 1.0, 1),
        (LEVEL, 40, 12.0),
        ("/comp/style", "swing", 1),
        ("/comp/style", 1, 1),
        ("/latency/mir/reserve_frames", 100.4, 100),
    ],
)
def test_a_value_is_taken_in_its_kinds_and_given_in_one(
    client: OscClient, address: str, value: Any, reply: float
) -> None:
    client.send(address, value)
    (answer,) = client.request(address)
    assert (answer, type(answer)) == (reply, type(reply))


def test_the_source_of_a_change_is_the_peer(client: OscClient, bus: Bus) -> None:
    sources: list[str] = []
    bus.subscribe(lambda name, values, source: sources.extend([source] if name != CHANGE else []))
    client.send(LEVEL, -6.0)
    receive_all(client)
    assert sources == [f"osc:127.0.0.1:{client._socket.getsockname()[1]}"]


def test_a_pattern_sets_every_control_that_it_matches(client: OscClient, bus: Bus) -> None:
    client.send("/stems/{bass,drums}/mute", 1)
    assert receive_all(client) == []
    muted = [name for name, value in bus.values().items() if name.endswith(".mute") and value]
    assert muted == ["stems.drums.mute", "stems.bass.mute"]


@pytest.mark.parametrize(
    ("address", "args", "message", "hint"),
    [
        ("/stems/vocal/gain_db", (1.0,), "there is nothing at", "/stems/vocals/gain_db"),
        (LEVEL, ("loud",), "'loud' is not a value", "give a number"),
        (LEVEL, (1.0, 2.0), "2 arguments", "send one, the value"),
        (LEVEL, (None,), "is not a number", "-60 to 12"),
        (LEVEL, ([1.0],), "is not a number", "-60 to 12"),
        ("/comp/style", ("bossa",), "'bossa'", "straight, swing"),
        ("/counters", (1,), "cannot be set", "leave the arguments out"),
        ("/nothing/*", (1,), "no control matches", "/controls"),
        ("/transport/panic", (), "no handler is registered", "sideman run"),
        ("/preset/load", (), "name is missing", "the name"),
        ("/preset/load", (None,), "no word and no number", "strings and numbers"),
        ("/subscribe", (), "0 arguments", "the pattern"),
        ("/subscribe", (3,), "not a word", "/stems"),
        ("/subscribe", ("/", "fast"), "a pattern, a rate", "max_hz"),
        ("/subscribe", ("/", 20.0, 0), "port of /subscribe", "1 to 65535"),
        ("/subscribe", ("/", 20.0, 65536), "port of /subscribe", "1 to 65535"),
        ("/subscribe", ("/", 20.0, 9000.5), "port of /subscribe", "1 to 65535"),
        ("/subscribe", ("/", 20.0, "9000"), "port of /subscribe", "1 to 65535"),
        ("/subscribe", ("/", 20.0, 9000, 1), "a pattern, a rate", "port"),
        ("/subscribe", ("/", 1e6), "out of range", "0.1 to 200"),
        ("/get", ("stems",), "no pattern", "begin with /"),
    ],
)
def test_a_failure_is_answered_with_address_message_and_hint(
    client: OscClient, bus: Bus, address: str, args: tuple[Any, ...], message: str, hint: str
) -> None:
    before = bus.values()
    with pytest.raises(ControlError) as caught:
        client.request(address, *args)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert bus.values() == before


def test_an_action_is_triggered_with_its_argument(client: OscClient, bus: Bus) -> None:
    loaded: list[str] = []
    bus.add_handler("preset.load", loaded.append)
    client.send("/preset/load", "karaoke")
    assert receive_all(client) == []
    assert loaded == ["karaoke"]


def test_a_button_triggers_when_pressed_and_not_when_released(client: OscClient, bus: Bus) -> None:
    pressed: list[str] = []
    bus.add_handler("transport.panic", lambda: pressed.append(""))
    for args in ((), (1,), (0,), (1.0,), (0.0,), (True,), (False,)):
        client.send("/transport/panic", *args)
    assert receive_all(client) == []
    assert len(pressed) == 4


def test_a_failing_action_is_answered_and_the_server_goes_on(client: OscClient, bus: Bus) -> None:
    bus.add_handler("transport.panic", _divide_by_zero)
    with pytest.raises(ControlError, match="ZeroDivisionError"):
        client.request("/transport/panic")
    assert client.request("/ping") == ()


def test_readings_are_given_by_row_and_empty_before_the_first(client: OscClient, bus: Bus) -> None:
    assert client.request("/counters") == ()
    counts = (128, 44100, *range(len(bus.registry.get_reading("counters").fields) - 2))
    bus.publish("counters", *counts)
    bus.publish("latency", "drums", 1536, -1, 0, *[0] * 7)
    bus.publish("latency", "bass", 1536, 1536, 2**33, *[0] * 7)
    assert client.request("/counters") == counts
    client.send("/latency")
    rows = receive_all(client)
    assert rows == [("/latency", ("drums", 1536, -1, 0, *[0] * 7)), ("/latency", ("bass", 1536, 1536, 2**33, *[0] * 7))]


def test_get_gives_what_a_pattern_covers_and_says_how_much(client: OscClient) -> None:
    *values, (_, done) = client.gather("/get", "/stems/vocals", done="/get/done")
    assert values == [(LEVEL, (0.0,)), ("/stems/vocals/mute", (0,)), ("/stems/vocals/solo", (0,))]
    assert done == ("/stems/vocals", 3)


def test_controls_lists_everything(client: OscClient, bus: Bus) -> None:
    *listed, (_, done) = client.gather("/controls", done="/controls/done")
    assert done == (len(bus.registry),)
    listed = [(address, args) for address, args in listed if address.split("/")[2] in ("control", "action", "reading")]
    assert [args[0] for _, args in listed] == [item.address for item in bus.registry]
    assert all(str(args[0]) in format_json(bus.registry) for _, args in listed)
    style = next(args for _, args in listed if args[0] == "/comp/style")
    assert style == ("/comp/style", 0.0, 1.0, 0.0, "", "choice", "Feel.", "straight", "swing")


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


def test_a_bundle_is_carried_out_at_once_and_in_order_whatever_its_date(client: OscClient, bus: Bus) -> None:
    parts = [encode(LEVEL, (-1.0,)), encode(LEVEL, (-2.0,)), encode(LEVEL, ())]
    sized = b"".join(struct.pack(">i", len(part)) + part for part in parts)
    send_raw(client, b"#bundle\0" + b"\xff" * 8 + sized)
    assert receive_all(client) == [(LEVEL, (-2.0,))]


def send_raw(client: OscClient, datagram: bytes) -> None:
    """Send bytes as they are."""
    client._socket.send(datagram)


def test_a_malformed_datagram_is_counted_and_answered_within_limits(server: OscServer, client: OscClient) -> None:
    for _ in range(200):
        send_raw(client, b"junk")
    received = receive_all(client)
    assert server.counts["malformed"] == 200
    assert {address for address, _ in received} == {"/error"}
    assert len(received) <= ERRORS_EACH[1] + 20
    assert server.counts["unanswered"] == 200 - len(received)


def test_errors_and_pongs_are_never_answered(client: OscClient) -> None:
    client.send("/error", "/x", "message", "hint")
    client.send("/pong")
    assert receive_all(client) == []


def test_what_cannot_be_sent_back_harms_nothing(server: OscServer, client: OscClient) -> None:
    send_raw(client, b"/ping\0\0\0,t\0\0" + b"\xff" * 8)
    assert receive_all(client) == []
    assert server.counts["unsent"] == 1


def test_an_unexpected_failure_is_logged_once_and_the_server_goes_on(
    server: OscServer, client: OscClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(server, "_process", lambda *_: 1 / 0)
        for _ in range(3):
            client.send("/ping")
        while server.counts["failed"] < 3:
            threading.Event().wait(0.01)
    assert caplog.text.count("an OSC iteration failed") == 1
    assert client.request("/ping") == ()


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
