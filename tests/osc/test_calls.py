"""Acknowledged actions, many controls at once, histories, events and rows that go, on loopback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.control.bus import Bus
from bridge.control.registry import Registry
from bridge.core.control import Action, Control, Reading
from bridge.core.file_choice import FileChoice
from bridge.errors import ConfigError, ControlError
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from tests.osc.messages import receive_all, receive_until

CHAIN = Control("a.chain", 0, 2, 0, kind="choice", choices=("off", "glue", "room"))
ITEMS = (
    Control("a.level", -60, 12, 0, "dB"),
    Control("a.mute", 0, 1, 0, kind="switch", takes_effect="next bar"),
    Action("a.link", "Connect.", arguments=("source", "destination"), uses_files=True, result=("made",)),
    Action("a.start", "Start.", arguments=("kind", "argument"), optional=1, repeats=True),
    Action("a.panic", "Silence.", arguments=("dry",), optional=1),
    Reading("a.note", ("frame", "pitch"), "A note.", queued=True, history=8),
    Reading("a.level_now", ("port", "peak_db"), "A level.", keyed=True, peaks=True),
    Reading("change", ("sequence", "control", "value", "source"), "A change.", queued=True, history=8),
    CHAIN,
)


@pytest.fixture
def bus() -> Bus:
    registry = Registry()
    registry.add(ITEMS, "the test")
    return Bus(registry)


def test_an_action_is_answered_when_it_is_done(client: OscClient, bus: Bus) -> None:
    calls: list[tuple[str, ...]] = []

    def link(*names: str) -> list[tuple[str]]:
        calls.append(names)
        return [(f"{names[0]} to {names[1]}",)]

    bus.add_handler("a.link", link)
    assert client.call("/a/link", "drums", "in 1") == [("drums to in 1",)]
    assert calls == [("drums", "in 1")]


def test_a_failed_action_is_answered_with_its_sentence_and_fix(client: OscClient, bus: Bus) -> None:
    def refuse(*_: str) -> None:
        raise ConfigError("there is no port in 3", "nearest: in 1")

    bus.add_handler("a.link", refuse)
    client.send("/call", "t7", "/a/link", "drums", "in 3")
    (failed,) = [args for address, args in receive_until(client, lambda m: m[0] == "/failed")]
    assert failed == ("t7", "/a/link", "a.link: there is no port in 3", "nearest: in 1")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("/a/link", "drums"), "destination is missing"),
        (("/a/link", "drums", "in", "more"), "3 arguments"),
        (("/a/link", "drums", True), "no word and no number"),
        (("/a/nothing",), "no control and no action"),
        (("/a/level", "loud"), "is not a value"),
        (("/a/level",), "0 arguments"),
        (("/a/note", 1), "no control and no action"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(client: OscClient, bus: Bus, args: tuple[object, ...], error: str) -> None:
    bus.add_handler("a.link", lambda *_: None)
    with pytest.raises(ControlError, match=error):
        client.call(*args)  # type: ignore[arg-type]


def test_numbers_are_words_as_they_are_written(client: OscClient, bus: Bus) -> None:
    links: list[tuple[str, ...]] = []
    bus.add_handler("a.link", lambda *words: links.append(words))
    client.call("/a/link", 3, 123.45)
    client.call("/a/link", -1, 4.0)
    assert links == [("3", "123.45"), ("-1", "4")]


def test_a_call_of_a_control_answers_with_the_value_in_force(client: OscClient, bus: Bus) -> None:
    client.send("/call", "x", "/a/level", 99.0)
    assert receive_all(client) == [("/done", ("x", "/a/level", 12.0))]
    assert bus.get("a.level") == 12.0


def test_an_argument_that_may_be_left_out_leaves_the_button(client: OscClient, bus: Bus) -> None:
    calls: list[tuple[str, ...]] = []
    bus.add_handler("a.panic", lambda *names: calls.append(names))
    bus.add_handler("a.start", lambda *names: calls.append(names))
    for args in ((), (1,), (0,), ("dry",)):
        client.send("/a/panic", *args)
    client.send("/a/start", "separate")
    client.send("/a/start", "separate", "a.wav", "--out", "b")
    assert receive_all(client) == []
    assert calls == [(), (), ("dry",), ("separate",), ("separate", "a.wav", "--out", "b")]


def test_many_controls_are_set_at_once_or_not_at_all(client: OscClient, bus: Bus) -> None:
    seen: list[tuple[float, float]] = []
    bus.subscribe(lambda name, *_: seen.append((bus.get("a.level"), bus.get("a.mute"))))
    assert client.request("/recall", "/a/level", -6.0, "/a/mute", 1) == (2,)
    assert set(seen) == {(-6.0, 1.0)}
    with pytest.raises(ControlError, match="no control is at /a/lever"):
        client.request("/recall", "/a/level", 0.0, "/a/lever", 1)
    with pytest.raises(ControlError, match="pairs"):
        client.request("/recall", "/a/level")
    with pytest.raises(ControlError, match="is not a value"):
        client.request("/recall", "/a/level", 3.0, "/a/mute", "loud")
    assert (bus.get("a.level"), bus.get("a.mute")) == (-6.0, 1.0)


def test_no_note_of_a_chord_is_lost(client: OscClient, bus: Bus) -> None:
    client.request("/subscribe", "/a/note", 0.1)
    for pitch in (60, 64, 67):
        bus.publish("a.note", 44100, pitch)
    received = receive_until(client, lambda message: message == ("/a/note", (44100, 67)))
    assert [args for address, args in received if address == "/a/note"] == [(44100, 60), (44100, 64), (44100, 67)]


def test_who_comes_late_asks_for_the_history(client: OscClient, bus: Bus) -> None:
    for pitch in range(12):
        bus.publish("a.note", 100, pitch)
    *rows, done = client.gather("/history", "/a/note", 3, done="/history/done")
    assert rows == [("/history/row", ("/a/note", 100, pitch)) for pitch in (9, 10, 11)]
    assert done == ("/history/done", ("/a/note", 3))
    assert len(client.gather("/history", "/a/note", done="/history/done")) == 9
    for args, error in ((("/a/level",), "keeps no history"), (("/a/note", 0), "1 to 200"), ((), "keeps no history")):
        with pytest.raises(ControlError, match=error):
            client.gather("/history", *args, done="/history/done")


def test_a_row_that_goes_is_reported_and_gone(client: OscClient, bus: Bus) -> None:
    bus.publish("a.level_now", "in", -3.0)
    client.request("/subscribe", "/a/level_now")
    bus.withdraw("a.level_now", "in")
    receive_until(client, lambda message: message == ("/gone", ("/a/level_now", "in")))
    assert client.request("/a/level_now") == ()


def test_a_change_has_a_number_and_a_source(client: OscClient, bus: Bus) -> None:
    (me,) = client.request("/whoami")
    client.request("/subscribe", "/change")
    client.call("/a/level", -3.0)
    bus.set("a.mute", True, "controller:x")
    changes = [
        args
        for address, args in receive_until(client, lambda m: m[1][-1:] == ("controller:x",))
        if address == "/change"
    ]
    assert changes == [(1, "a.level", -3.0, me), (2, "a.mute", 1.0, "controller:x")]
    assert bus.changes == 2


def test_what_a_client_needs_to_know_of_an_item_is_described(client: OscClient) -> None:
    listed = client.gather("/controls", "/a", done="/controls/done")
    assert ("/controls/detail", ("/a/mute", 1, "next bar", 1, 1.0)) in listed
    assert ("/controls/arguments", ("/a/link", 2, 0, 0, 2, "source", "destination", "made")) in listed
    assert ("/controls/arguments", ("/a/start", 3, 1, 1, 2, "kind", "argument")) in listed
    assert ("/controls/fields", ("/a/level_now", 6, "rows", 0, "", "dB")) in listed


def test_a_choice_that_is_gone_keeps_its_number_and_the_details_say_which(client: OscClient, bus: Bus) -> None:
    bus.registry.replace(
        [replace(CHAIN, unavailable=(FileChoice("glue", "glue.toml", "glue.toml is gone", "put it back"),))]
    )
    [control, detail, _] = client.gather("/controls", "/a/chain", done="/controls/done")
    assert control[1][-3:] == CHAIN.choices
    assert detail == ("/controls/detail", ("/a/chain", len(ITEMS) - 1, "at once", 1, 1.0, 1))
    client.send("/call", "t1", "/a/chain", "glue")
    (failed,) = [args for address, args in receive_until(client, lambda m: m[0] == "/failed")]
    assert failed == ("t1", "/a/chain", "a.chain: glue cannot be chosen: glue.toml is gone", "put it back")
    assert client.call("/a/chain", "room") == []
    assert bus.get("a.chain") == 2


def test_subscribers_learn_that_the_server_ends(bus: Bus) -> None:
    with OscServer(bus, port=0) as server, OscClient(port=server.port) as client:
        client.request("/subscribe", "/a")
        server.__exit__(None, None, None)
        assert [address for address, _ in client.read_messages(1.0) if address != "/a/level"][-1] == "/goodbye"


def test_a_call_beyond_a_limit_is_refused_with_its_token(client: OscClient, bus: Bus) -> None:
    bus.add_handler("a.link", lambda *_: None)
    for number in range(30):
        client.send("/call", f"t{number}", "/a/link", "drums", "in")
    answers = [message for message in receive_all(client) if message[0] in ("/done", "/failed")]
    assert {args[0] for _, args in answers} == {f"t{number}" for number in range(30)}
    assert ("/failed", ("t29", "/a/link", "too many slow actions at once", "try again in some seconds")) in answers


def test_rows_beyond_the_limit_of_a_datagram_come_in_parts_and_can_be_subscribed_to(
    client: OscClient, bus: Bus
) -> None:
    for number in range(700):
        bus.publish("a.level_now", f"port {number}", -6.0)
    with pytest.raises(ControlError, match="exceeds"):
        client.gather("/get", "/a/level_now", done="/get/done")
    came: list[object] = []
    for first in (0, 200, 400, 600, 800):
        *rows, (_, (_, count)) = client.gather("/get", "/a/level_now", first, 200, done="/get/done")
        assert count == len(rows)
        came += [args[0] for _, args in rows]
    assert came == [f"port {number}" for number in range(700)]
    assert client.gather("/subscribe", "/a/level_now", 50.0, done="/subscribed")
    bus.publish("a.level_now", "port 7", -3.0)
    receive_until(client, lambda message: message == ("/a/level_now", ("port 7", -3.0)))


@pytest.mark.parametrize("part", [(0,), (-1, 5), (0, 0), (0, True), (1.0, 5), ("0", "5"), (0, 10**7), (0, 1, 2)])
def test_a_part_that_is_none_is_refused(client: OscClient, part: tuple[object, ...]) -> None:
    with pytest.raises(ControlError, match="/get"):
        client.gather("/get", "/a", *part, done="/get/done")
