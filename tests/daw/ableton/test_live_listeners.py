"""Live listeners: started once for all owners, again after a restart, and renewed in case its message was lost."""

from __future__ import annotations

from bridge.daw.ableton.live_listeners import RENEW_S, LiveListeners, make_listener_key
from bridge.daw.ableton.live_protocol import QueryKey
from tests.daw.ableton.virtual_live import VirtualLive

TEMPO: QueryKey = ("/live/song/get/tempo", ())
NAME: QueryKey = ("/live/track/get/name", (1,))


def make_live() -> tuple[VirtualLive, LiveListeners]:
    live = VirtualLive()
    listeners = LiveListeners(live.client)
    live.on_step.append(listeners.update)
    return live, listeners


def test_a_restart_starts_all_listeners_again_also_those_of_a_track() -> None:
    live, listeners = make_live()
    for key in (TEMPO, NAME):
        listeners.add("one", key)
    live.pass_time(0.5)
    assert set(live.model.listeners) == {TEMPO, NAME}
    live.restart()
    live.pass_time(0.5)
    assert set(live.model.listeners) == {TEMPO, NAME}


def test_a_restart_whose_message_was_lost_is_made_good_for_the_song() -> None:
    live, listeners = make_live()
    listeners.add("one", TEMPO)
    live.pass_time(0.5)
    live.model.restart()
    live.pass_time(RENEW_S + 0.5)
    assert TEMPO in live.model.listeners


def test_a_listener_is_stopped_before_it_is_started_so_that_none_is_doubled() -> None:
    live, listeners = make_live()
    listeners.add("one", TEMPO)
    live.pass_time(2 * RENEW_S + 1.0)
    about_tempo = [address for address, _ in live.model.received if address.endswith("/tempo")]
    assert about_tempo == ["/live/song/stop_listen/tempo", "/live/song/start_listen/tempo"] * 3


def test_live_goes_on_for_the_others_until_the_last_one_leaves() -> None:
    live, listeners = make_live()
    for owner in ("one", "two"):
        listeners.add(owner, NAME)
    live.pass_time(0.5)
    listeners.remove("one", NAME)
    listeners.remove("one", NAME)
    live.pass_time(0.5)
    assert NAME in live.model.listeners
    listeners.remove_owner("two")
    live.pass_time(0.5)
    assert live.model.listeners == {}
    assert listeners.get_owners(NAME) == frozenset()


def test_a_key_is_made_of_messages_that_are_about_listeners_alone() -> None:
    assert make_listener_key("/live/track/start_listen/name", (1,)) == (NAME, "start_listen")
    assert make_listener_key("/live/song/stop_listen/tempo", ()) == (TEMPO, "stop_listen")
    for other in ("/live/song/get/tempo", "/live/test", "/x", "/live/song/start_listen"):
        assert make_listener_key(other, ()) is None
