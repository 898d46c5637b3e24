"""Live client: replies, repetitions, pace and restarts, each with the smallest input."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bridge.daw.ableton.live_client import (
    ATTEMPTS,
    TICK_BYTES,
    TICK_DATAGRAMS,
    LiveClient,
    LiveQuery,
    LiveReply,
    Outcome,
    ask,
    ask_until,
    set_value,
)
from bridge.daw.ableton.live_protocol import LiveError, LiveRestartError, make_datagram, read_datagram
from bridge.osc.wire import Message

TEMPO = "/live/song/get/tempo"


def receive(client: LiveClient, *messages: Message, now_s: float = 1.0) -> list[bool]:
    """Whether each message was a reply."""
    return [answered for _, answered in client.receive(make_datagram(messages), now_s)]


def start(client: LiveClient, query: LiveQuery, now_s: float = 1.0) -> list[Outcome]:
    """Start and send a query; returns the list that its outcome comes into."""
    outcomes: list[Outcome] = []
    client.start(query, outcomes.append)
    client.update(now_s)
    return outcomes


def test_a_reply_goes_to_the_query_of_its_object() -> None:
    client = LiveClient()
    one, two = (start(client, ask("/live/track/get/name", track)) for track in (1, 2))
    assert receive(client, ("/live/track/get/name", (2, "Keys")), now_s=1.05) == [True]
    assert one == []
    assert two == [LiveReply(("Keys",), 1.0, 1.05)]


def test_a_message_without_arguments_is_no_reply_and_no_fault() -> None:
    client = LiveClient()
    address = "/live/application/get/average_process_usage"
    outcomes = start(client, ask(address))
    assert receive(client, (address, ()), ("/live/track/get/name", ()), ("/live/error", ()), ("/x", ())) == [False] * 4
    assert outcomes == []
    receive(client, (address, (0.25,)))
    assert [one.values for one in outcomes if isinstance(one, LiveReply)] == [(0.25,)]


def test_a_query_is_repeated_with_growing_waits_and_then_given_up() -> None:
    client = LiveClient()
    outcomes: list[Outcome] = []
    client.start(ask(TEMPO), outcomes.append)
    sent_s = [now / 100 for now in range(100, 3000) if client.update(now / 100)]
    assert len(sent_s) == ATTEMPTS
    waits = [after - before for before, after in pairwise(sent_s)]
    assert waits[:3] == pytest.approx([0.35, 0.7, 1.4], abs=0.011)
    assert max(waits) < 2.1
    assert isinstance(outcomes[0], LiveError)
    assert "is Live running" in str(outcomes[0])


def test_a_tempo_is_written_until_it_reads_back_within_32_bits() -> None:
    client = LiveClient()
    outcomes = start(client, set_value("song", "tempo", 123.45))
    assert receive(client, (TEMPO, (120.0,)), now_s=1.1) == [False]
    assert receive(client, (TEMPO, (123.44999694824219,)), now_s=1.2) == [True]
    assert len(outcomes) == 1


def test_queries_of_one_address_wait_for_one_another() -> None:
    client = LiveClient()
    start(client, ask("/live/song/get/track_names", least=0))
    second: list[Outcome] = []
    client.start(LiveQuery((("/live/song/get/track_names", (4, 8)),), "/live/song/get/track_names"), second.append)
    assert client.update(1.01) == []
    receive(client, ("/live/song/get/track_names", ("a", "b")), now_s=1.02)
    (datagram,) = client.update(1.03)
    assert read_datagram(datagram) == [("/live/song/get/track_names", (4, 8))]
    assert second == []


def test_no_more_is_sent_in_a_tick_than_live_can_take() -> None:
    client = LiveClient()
    for number in range(3 * TICK_DATAGRAMS):
        client.post(("/live/clip/fire", (number, 0)))
    amounts = [len(client.update(1.0 + 0.06 * step)) for step in range(6)]
    assert amounts == [TICK_DATAGRAMS, 0] * 3
    for _ in range(10):
        client.post(("/live/clip/add/notes", (0, 0, *([1.0] * 1250))))
    assert sum(map(len, client.update(9.0))) <= TICK_BYTES


def test_a_full_tick_is_waited_for_and_not_polled() -> None:
    client = LiveClient()
    for number in range(6):
        client.start(LiveQuery((("/live/clip/add/notes", (number, 0, *([1.0] * 1250))),), "/x", (number,)), print)
    assert len(client.update(1.0)) == 5  # 6.3 KB each
    assert client.find_due_s(1.01) == pytest.approx(1.1)


def test_only_a_reply_shows_that_live_is_there() -> None:
    client = LiveClient()
    start(client, ask(TEMPO))
    receive(client, ("/live/song/get/beat", (3,)), ("/mcu", (1,)), now_s=5.0)
    assert client.last_reply_s == float("-inf")
    receive(client, (TEMPO, (120.0,)), now_s=6.0)
    assert client.last_reply_s == 6.0


def test_a_restart_ends_what_is_under_way_once_though_its_message_comes_twice() -> None:
    client = LiveClient()
    first = start(client, ask(TEMPO))
    receive(client, ("/live/startup", ()), now_s=2.0)
    assert isinstance(first[0], LiveRestartError)
    again = start(client, ask(TEMPO), 2.1)
    receive(client, ("/live/startup", ()), now_s=2.2)
    assert again == []
    assert client.restarts == 1
    receive(client, ("/live/startup", ()), now_s=9.0)
    assert client.restarts == 2


def test_an_address_that_this_version_lacks_ends_its_query_at_once() -> None:
    client = LiveClient()
    outcomes = start(client, ask("/live/song/get/new"))
    receive(client, ("/live/error", ("Unknown OSC address: /live/song/get/new",)))
    assert "this AbletonOSC has no /live/song/get/new" in str(outcomes[0])


def test_a_malformed_datagram_is_counted_and_dropped() -> None:
    client = LiveClient()
    for wrong in (b"", b"abc", b"/live\0\0\0,i\0\0", b"#bundle\0" + b"\0" * 8 + b"\xff\xff\xff\xfc"):
        assert client.receive(wrong, 1.0) == []
    assert client.malformed == 4


def test_a_value_that_changes_is_awaited() -> None:
    client = LiveClient()
    has_clip = "/live/clip_slot/get/has_clip"
    outcomes = start(client, ask_until(has_clip, 0, 3, value=True))
    assert receive(client, (has_clip, (0, 3, False))) == [False]
    assert len(client.update(1.4)) == 1
    assert receive(client, (has_clip, (0, 3, True))) == [True]
    assert len(outcomes) == 1
