"""OSC server on loopback, with our own client."""

from __future__ import annotations

import logging
import struct
import threading
from typing import Any

import pytest

from bridge.control.bus import CHANGE, Bus
from bridge.control.docs import format_json
from bridge.control.registry import Registry
from bridge.core.control import Reading
from bridge.errors import ControlError, DriverError
from bridge.osc.client import OscClient
from bridge.osc.dispatch import Dispatch
from bridge.osc.server import ERRORS_EACH, OscServer
from bridge.osc.wire import encode
from tests.osc.messages import LEVEL, receive_all, send_raw


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


def test_a_bundle_is_carried_out_at_once_and_in_order_whatever_its_date(client: OscClient, bus: Bus) -> None:
    parts = [encode(LEVEL, (-1.0,)), encode(LEVEL, (-2.0,)), encode(LEVEL, ())]
    sized = b"".join(struct.pack(">i", len(part)) + part for part in parts)
    send_raw(client, b"#bundle\0" + b"\xff" * 8 + sized)
    assert receive_all(client) == [(LEVEL, (-2.0,))]


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
