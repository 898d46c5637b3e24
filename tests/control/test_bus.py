"""Control bus: set, publish, subscribe."""

from __future__ import annotations

import logging
import math
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.control.bus import Bus
from bridge.control.registry import Registry
from bridge.core.control import Action, Control, Reading, Value, format_value
from bridge.errors import ConfigError, ControlError

CONTROLS = (
    Control("a.level", -10, 10, 0, unit="dB"),
    Control("a.count", 0, 8, 2, kind="integer"),
    Control("a.mute", 0, 1, 0, kind="switch"),
    Control("a.style", 0, 2, 1, kind="choice", choices=("straight", "swing", "shuffle")),
)

Changes = list[tuple[str, tuple[Value, ...], str]]


def _divide_by_zero(*_: str) -> None:
    raise ZeroDivisionError("division by zero")


@pytest.fixture
def bus() -> Bus:
    registry = Registry()
    registry.add(CONTROLS, "test")
    registry.add([Action("a.stop"), Action("a.load", arguments=("name",))], "test")
    registry.add([Reading("chord", ("frame", "label")), Reading("health", ("worker", "state"), keyed=True)], "test")
    return Bus(registry)


def subscribe(bus: Bus, source: str | None = None) -> Changes:
    received: Changes = []
    bus.subscribe(lambda *change: received.append(change), source)
    return received


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("a.level", 3, 3.0),
        ("a.level", 99.5, 10.0),
        ("a.level", -(10**300), -10.0),
        ("a.count", 3.4, 3.0),
        ("a.mute", True, 1.0),
        ("a.mute", 0, 0.0),
        ("a.style", "shuffle", 2.0),
        ("a.style", 0, 0.0),
    ],
)
def test_a_value_is_taken_and_clamped(bus: Bus, name: str, value: Value, stored: float) -> None:
    assert bus.set(name, value, "me") == stored
    assert bus.get(name) == stored
    assert bus.values()[name] == stored


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.level", math.nan),
        ("a.level", math.inf),
        ("a.level", -math.inf),
        ("a.level", 10**400),
        ("a.level", True),
        ("a.level", "loud"),
        ("a.level", "3"),
        ("a.level", None),
        ("a.level", b"\0"),
        ("a.level", [1]),
        ("a.style", "bossa"),
        ("a.style", False),
        ("a.mute", "on"),
        ("a.nothing", 1),
        ("a.stop", 1),
        ("chord", 1),
    ],
)
def test_what_does_not_fit_is_an_error_with_a_hint_and_changes_nothing(bus: Bus, name: str, value: Any) -> None:
    before, received = bus.values(), subscribe(bus)
    with pytest.raises(ControlError) as caught:
        bus.set(name, value, "me")
    assert name in caught.value.message
    assert caught.value.hint
    assert (bus.values(), received) == (before, [])


@given(st.sampled_from(CONTROLS), st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_any_finite_number_ends_inside_the_range(control: Control, value: float) -> None:
    registry = Registry()
    registry.add(CONTROLS, "test")
    try:
        stored = Bus(registry).set(control.name, value, "me")
    except ControlError as error:
        assert "too large" in error.message
    else:
        assert control.low <= stored <= control.high
        assert format_value(control, stored) is not None


def test_everyone_but_the_source_is_notified_of_a_change(bus: Bus) -> None:
    mine, all_of_it = subscribe(bus, "me"), subscribe(bus)
    bus.set("a.level", 1, "me")
    bus.set("a.level", 2, "you")
    assert mine == [("a.level", (2.0,), "you")]
    assert all_of_it == [("a.level", (1.0,), "me"), ("a.level", (2.0,), "you")]


def test_a_value_that_is_there_already_is_not_published(bus: Bus) -> None:
    received = subscribe(bus)
    bus.set("a.level", 0, "me")
    assert received == []


def test_two_mirrors_settle(bus: Bus) -> None:
    bus.subscribe(lambda name, values, source: bus.set(name, values[0], "left"), "left")
    bus.subscribe(lambda name, values, source: bus.set(name, values[0], "right"), "right")
    bus.set("a.level", 5, "hand")
    assert bus.get("a.level") == 5


def test_what_a_subscriber_sets_is_delivered_after_what_it_received(bus: Bus) -> None:
    bus.subscribe(lambda name, values, source: None if source == "chain" else bus.set("a.count", 7, "chain"))
    received = subscribe(bus)
    bus.set("a.level", 5, "hand")
    assert received == [("a.level", (5.0,), "hand"), ("a.count", (7.0,), "chain")]


def test_a_subscriber_that_raises_is_logged_and_dropped(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    calls = []

    def fail(*change: object) -> None:
        calls.append(change)
        raise RuntimeError("broken")

    bus.subscribe(fail)
    received = subscribe(bus)
    with caplog.at_level(logging.ERROR):
        bus.set("a.level", 1, "me")
        bus.set("a.level", 2, "me")
    assert (len(calls), len(received)) == (1, 2)
    assert "broken" in caplog.text


def test_no_changes_are_received_after_unsubscribing(bus: Bus) -> None:
    received: Changes = []
    stop = bus.subscribe(lambda *change: received.append(change))
    stop()
    stop()
    bus.set("a.level", 1, "me")
    assert received == []


def test_values_is_a_snapshot(bus: Bus) -> None:
    before = bus.values()
    bus.set("a.level", 1, "me")
    assert before["a.level"] == 0


def test_an_action_calls_every_handler_with_its_argument(bus: Bus) -> None:
    calls: list[str] = []
    bus.add_handler("a.load", calls.append)
    bus.add_handler("a.load", lambda name: calls.append(name.upper()))
    bus.trigger("a.load", "x", source="me")
    assert calls == ["x", "X"]


@pytest.mark.parametrize(("name", "argument"), [("a.load", ""), ("a.stop", "x"), ("a.nothing", ""), ("a.level", "")])
def test_a_wrong_argument_or_name_is_an_error(bus: Bus, name: str, argument: str) -> None:
    for action in ("a.load", "a.stop"):
        bus.add_handler(action, lambda *_: None)
    with pytest.raises(ControlError):
        bus.trigger(name, *([argument] if argument else []))


def test_an_action_without_a_handler_is_an_error(bus: Bus) -> None:
    with pytest.raises(ControlError, match="no handler is registered"):
        bus.trigger("a.stop")
    with pytest.raises(ControlError):
        bus.add_handler("a.nothing", lambda: None)


def test_a_failing_handler_is_reported_and_the_others_still_run(bus: Bus) -> None:
    calls: list[str] = []

    def refuse(name: str) -> None:
        raise ConfigError(f"{name} is missing", "save it")

    bus.add_handler("a.load", refuse)
    bus.add_handler("a.load", _divide_by_zero)
    bus.add_handler("a.load", calls.append)
    with pytest.raises(ControlError) as caught:
        bus.trigger("a.load", "x")
    assert (caught.value.message, caught.value.hint) == ("a.load: x is missing", "save it")
    assert calls == ["x"]
    assert bus.set("a.level", 1, "me") == 1


def test_a_reading_is_published_and_kept(bus: Bus) -> None:
    received = subscribe(bus)
    assert bus.get_latest("chord") is None
    bus.publish("chord", 5, "Am")
    bus.publish("chord", 9, "F")
    assert received[-1] == ("chord", (9, "F"), "")
    assert bus.get_latest("chord") == (9, "F")
    assert bus.get_rows("chord") == ((9, "F"),)


def test_a_keyed_reading_keeps_its_rows(bus: Bus) -> None:
    for worker, state in (("mir", "up"), ("sep", "up"), ("mir", "down")):
        bus.publish("health", worker, state)
    assert bus.get_rows("health") == (("sep", "up"), ("mir", "down"))
    assert bus.get_latest("health") == ("mir", "down")


@pytest.mark.parametrize("values", [(1,), (1, "a", 2), (math.nan, "a"), (math.inf, "a")])
def test_a_reading_that_does_not_fit_is_an_error(bus: Bus, values: tuple[Value, ...]) -> None:
    with pytest.raises(ControlError):
        bus.publish("chord", *values)


def test_threads_leave_every_subscriber_with_the_last_value(bus: Bus) -> None:
    received = subscribe(bus)

    def change(offset: int) -> None:
        for step in range(300):
            bus.set("a.level", ((step * 7 + offset) % 20) - 10, f"thread{offset}")

    threads = [threading.Thread(target=change, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert received[-1][1] == (bus.get("a.level"),)


def test_a_declared_action_without_a_handler_is_named(bus: Bus) -> None:
    bus.add_handler("a.stop", lambda: None)
    with pytest.raises(ControlError, match=r"no handler is registered for a\.load") as caught:
        bus.check_handlers()
    assert "bridge/app.py" in caught.value.hint
    bus.add_handler("a.load", lambda _: None)
    bus.check_handlers()


def test_the_bus_says_while_another_thread_still_delivers_a_change(bus: Bus) -> None:
    """The change of the second thread waits for the first one, which is stuck in a subscriber."""
    arrived, go_on = threading.Event(), threading.Event()

    def wait(_name: str, _values: tuple[Value, ...], source: str) -> None:
        if source == "first":
            arrived.set()
            go_on.wait()

    bus.subscribe(wait)
    received = subscribe(bus)
    states = [bus.is_delivered]
    first = threading.Thread(target=bus.set, args=("a.level", 1, "first"))
    first.start()
    arrived.wait()
    bus.set("a.level", 2, "second")
    states.append(bus.is_delivered)
    assert received == []
    go_on.set()
    first.join()
    assert [*states, bus.is_delivered] == [True, False, True]
    assert [values for _, values, _ in received] == [(1.0,), (2.0,)]
