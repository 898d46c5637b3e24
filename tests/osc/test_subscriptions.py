"""Subscriptions: rate limits, leases and bounds."""

from __future__ import annotations

import pytest

from bridge.errors import ControlError
from bridge.osc.pattern import AddressPattern
from bridge.osc.subscriptions import LEASE_S, MAX_EVENTS, MAX_PATTERNS, MAX_SUBSCRIBERS, Subscriptions
from bridge.osc.wire import Peer, format_source

ANN: Peer = ("127.0.0.1", 5001)
BOB: Peer = ("127.0.0.1", 5002)
LEVEL = "/stems/bass/gain_db"


@pytest.fixture
def subscriptions() -> Subscriptions:
    made = Subscriptions()
    made.subscribe(ANN, "/stems", 10.0, 0.0)
    return made


def offer(to: Subscriptions, value: float, now_s: float, source: str = "hand", address: str = LEVEL) -> bool:
    return to.offer(address, "", (value,), source, now_s)


def test_the_first_value_goes_out_at_once(subscriptions: Subscriptions) -> None:
    assert offer(subscriptions, 1.0, 5.0)
    assert subscriptions.find_next_due_s() == 5.0
    assert subscriptions.pop_due(5.0) == [(ANN, LEVEL, (1.0,))]
    assert (subscriptions.pop_due(6.0), subscriptions.find_next_due_s()) == ([], None)


def test_the_last_value_wins_and_is_always_delivered_in_the_end(subscriptions: Subscriptions) -> None:
    sent = []
    for step in range(101):
        now_s = 1.0 + step * 0.001
        offer(subscriptions, float(step), now_s)
        sent += subscriptions.pop_due(now_s)
    assert [values for _, _, values in sent] == [(0.0,), (100.0,)]
    offer(subscriptions, 7.0, 1.102)
    assert subscriptions.pop_due(1.15) == []
    due_s = subscriptions.find_next_due_s()
    assert due_s == pytest.approx(1.2)
    assert subscriptions.pop_due(1.2001) == [(ANN, LEVEL, (7.0,))]


def test_addresses_and_rows_have_rates_of_their_own(subscriptions: Subscriptions) -> None:
    subscriptions.subscribe(ANN, "/latency", 10.0, 0.0)
    offer(subscriptions, 1.0, 1.0)
    offer(subscriptions, 1.0, 1.0, address="/stems/bass/mute")
    subscriptions.offer("/latency", "drums", ("drums", 1), "", 1.0)
    subscriptions.offer("/latency", "bass", ("bass", 2), "", 1.0)
    assert len(subscriptions.pop_due(1.0)) == 4


def test_an_address_that_no_pattern_covers_is_not_pending(subscriptions: Subscriptions) -> None:
    assert not offer(subscriptions, 1.0, 1.0, address="/mir/chord")


def test_the_fastest_of_several_patterns_counts(subscriptions: Subscriptions) -> None:
    subscriptions.subscribe(ANN, LEVEL, 100.0, 0.0)
    offer(subscriptions, 1.0, 1.0)
    subscriptions.pop_due(1.0)
    offer(subscriptions, 2.0, 1.001)
    assert subscriptions.find_next_due_s() == pytest.approx(1.01)


def test_a_source_is_not_notified_of_its_own_changes(subscriptions: Subscriptions) -> None:
    subscriptions.subscribe(BOB, "/", 10.0, 0.0)
    offer(subscriptions, 1.0, 1.0, source=format_source(ANN))
    assert subscriptions.pop_due(1.0) == [(BOB, LEVEL, (1.0,))]


def test_a_source_that_sets_again_does_not_receive_an_older_value_of_another(subscriptions: Subscriptions) -> None:
    offer(subscriptions, 1.0, 1.0)
    subscriptions.pop_due(1.0)
    offer(subscriptions, 2.0, 1.01, source=format_source(BOB))
    offer(subscriptions, 3.0, 1.02, source=format_source(ANN))
    assert subscriptions.pop_due(9.0) == []


def test_a_lease_ends_and_is_renewed(subscriptions: Subscriptions) -> None:
    subscriptions.subscribe(ANN, "/stems", 10.0, LEASE_S - 1)
    offer(subscriptions, 1.0, LEASE_S + 1)
    assert len(subscriptions.pop_due(LEASE_S + 1)) == 1
    offer(subscriptions, 2.0, 2 * LEASE_S)
    assert (subscriptions.pop_due(2 * LEASE_S), len(subscriptions)) == ([], 0)


def test_unsubscribing_drops_pending_values(subscriptions: Subscriptions) -> None:
    subscriptions.subscribe(ANN, "/mir", 10.0, 0.0)
    offer(subscriptions, 1.0, 1.0)
    subscriptions.unsubscribe(ANN, "/stems")
    subscriptions.unsubscribe(BOB, "/stems")
    assert (subscriptions.pop_due(2.0), len(subscriptions)) == ([], 1)
    subscriptions.unsubscribe(ANN, "/mir")
    assert len(subscriptions) == 0


def test_subscribers_are_bounded_and_the_expired_make_room(subscriptions: Subscriptions) -> None:
    for port in range(MAX_SUBSCRIBERS - 1):
        subscriptions.subscribe((f"10.0.0.{port}", 5000), "/", 10.0, 1.0)
    with pytest.raises(ControlError, match="subscribers"):
        subscriptions.subscribe(BOB, "/", 10.0, 2.0)
    subscriptions.subscribe(ANN, "/", 10.0, 2.0)
    subscriptions.subscribe(BOB, "/", 10.0, LEASE_S + 1.5)


def test_patterns_are_bounded(subscriptions: Subscriptions) -> None:
    for number in range(MAX_PATTERNS - 1):
        subscriptions.subscribe(ANN, f"/a/{number}", 10.0, 0.0)
    with pytest.raises(ControlError, match="patterns"):
        subscriptions.subscribe(ANN, "/b", 10.0, 0.0)


@pytest.mark.parametrize("hz", [0.0, -1.0, 0.05, 1000.0])
def test_a_rate_out_of_range_is_an_error(subscriptions: Subscriptions, hz: float) -> None:
    with pytest.raises(ControlError, match="out of range"):
        subscriptions.subscribe(ANN, "/", hz, 0.0)


def test_of_much_that_is_due_some_goes_out_and_everybody_gets_some(subscriptions: Subscriptions) -> None:
    subscriptions.subscribe(BOB, "/stems", 10.0, 0.0)
    for number in range(30):
        offer(subscriptions, 1.0, 1.0, address=f"/stems/{number}")
    first, second = subscriptions.pop_due(1.0, 20), subscriptions.pop_due(1.0, 20)
    assert [len(first), len(second)] == [20, 20]
    assert {peer for peer, _, _ in [*first, *second]} == {ANN, BOB}
    assert subscriptions.find_next_due_s() == 1.0
    assert len(subscriptions.pop_due(1.0, 20)) == 20
    assert subscriptions.pop_due(1.0, 20) == []


def test_a_pattern_is_evaluated_once_per_subscription() -> None:
    asked: list[str] = []

    def covered(pattern: AddressPattern) -> set[str]:
        asked.append(pattern.text)
        return {LEVEL}

    made = Subscriptions(covered)
    made.subscribe(ANN, "/stems", 10.0, 0.0)
    for number in range(50):
        offer(made, float(number), 1.0 + number)
        assert not offer(made, 1.0, 1.0, address=f"/other/{number}")
    assert asked == ["/stems"]


def test_a_host_cannot_take_every_place_from_the_others(subscriptions: Subscriptions) -> None:
    for port in range(MAX_SUBSCRIBERS - 1):
        subscriptions.subscribe(("10.0.0.1", port), "/", 10.0, 1.0 + port / 100)
    for port in (1, 2, 3):
        subscriptions.subscribe(("10.0.0.2", port), "/", 10.0, 2.0)
    with pytest.raises(ControlError, match="subscribers"):
        subscriptions.subscribe(("10.0.0.1", 9999), "/", 10.0, 2.0)
    assert len(subscriptions) == MAX_SUBSCRIBERS
    offer(subscriptions, 1.0, 3.0)
    served = {peer for peer, _, _ in subscriptions.pop_due(3.0)}
    assert {ANN, *(("10.0.0.2", port) for port in (1, 2, 3))} <= served
    assert not served & {("10.0.0.1", port) for port in (0, 1, 2)}, "those renewed least lately made room"


def test_of_levels_the_maximum_is_kept_until_it_is_sent(subscriptions: Subscriptions) -> None:
    for level in (-20.0, -6.0, -40.0):
        subscriptions.offer("/stems/level", "in", ("in", level, level - 3.0), "", 0.0, peaks=True)
    assert subscriptions.pop_due(0.0) == [(ANN, "/stems/level", ("in", -6.0, -9.0))]
    subscriptions.offer("/stems/level", "in", ("in", -50.0, -53.0), "", 0.01, peaks=True)
    assert subscriptions.pop_due(0.1) == [(ANN, "/stems/level", ("in", -50.0, -53.0))]


def test_events_go_out_in_order_whatever_the_rate_and_those_that_are_dropped_are_counted(
    subscriptions: Subscriptions,
) -> None:
    for number in range(MAX_EVENTS + 5):
        assert subscriptions.offer_event("/stems/note", (number,))
    ready = subscriptions.pop_due(0.0)
    assert ready[0] == (ANN, "/dropped", ("/stems/note", 5))
    assert [values for _, _, values in ready[1:]] == [(number,) for number in range(5, MAX_EVENTS + 5)]
    assert subscriptions.pop_due(0.0) == []


def test_many_events_leave_room_for_others(subscriptions: Subscriptions) -> None:
    subscriptions.subscribe(BOB, "/stems", 10.0, 0.0)
    for number in range(10):
        subscriptions.offer_event("/stems/note", (number,))
    assert [peer for peer, _, _ in subscriptions.pop_due(0.0, 4)] == [ANN] * 4
    assert [peer for peer, _, _ in subscriptions.pop_due(0.0, 4)] == [BOB] * 4


def test_unsubscribing_drops_events_that_wait(subscriptions: Subscriptions) -> None:
    subscriptions.subscribe(ANN, "/mir", 10.0, 0.0)
    subscriptions.offer_event("/stems/note", (1,))
    subscriptions.offer_event("/mir/note", (2,))
    subscriptions.unsubscribe(ANN, "/stems")
    assert subscriptions.pop_due(0.0) == [(ANN, "/mir/note", (2,))]
