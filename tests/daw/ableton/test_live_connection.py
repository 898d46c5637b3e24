"""Live connection over real UDP: following, ports that are taken, and several programs through the hub."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager

import pytest

from bridge.daw.ableton.clip_notes import ClipNote, is_equal, prepare_notes
from bridge.daw.ableton.clip_target import ClipTarget
from bridge.daw.ableton.clip_writer import WrittenClip, write_clip
from bridge.daw.ableton.live_client import set_value
from bridge.daw.ableton.live_connection import LOOPBACK, LiveAddress, LiveConnection
from bridge.daw.ableton.live_procedure import Procedure
from bridge.daw.ableton.live_protocol import LiveError, make_datagram, read_datagram
from bridge.osc.wire import Message
from tests.daw.ableton.live_model import LiveModel, ModelTrack
from tests.daw.ableton.udp_live import UdpLive
from tests.ports import free_port
from tests.waiting import HANG_S, until

LIVE_TICK_S, TICK_S = 0.005, 0.05
"""Ticks of the tests' Live and of what talks to it: shorter than Live's, so that nobody waits, and waits of the client
that a busy machine keeps."""


@contextmanager
def connect(
    share: float = 0.0, model: LiveModel | None = None, hub: bool = True
) -> Iterator[tuple[UdpLive, LiveConnection]]:
    reply_port = free_port()
    with UdpLive(reply_port, share, tick_s=LIVE_TICK_S, model=model) as live:
        address = LiveAddress(LOOPBACK, live.port, reply_port, 0 if hub else None, tick_s=TICK_S)
        with LiveConnection(address) as connection:
            yield live, connection


@contextmanager
def open_client(connection: LiveConnection) -> Iterator[socket.socket]:
    """A program that talks to the hub by a plain socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        assert connection.hub_port is not None
        client.connect((LOOPBACK, connection.hub_port))
        client.settimeout(HANG_S)
        yield client


def receive(client: socket.socket, address: str) -> Message:
    """The next message with ``address``."""
    while True:
        for message in read_datagram(client.recv(65536)):
            if message[0] == address:
                return message


def test_transport_tempo_tracks_and_scenes_are_followed() -> None:
    with connect() as (live, connection):
        found = connection.follower.live_set
        until("the lists", lambda: len(found.scenes) == 8)
        assert [(track.name, track.midi) for track in found.tracks] == [
            ("Bass", True),
            ("Keys", True),
            ("Gesang", False),
        ]
        assert found.version == "12.1"
        with live.lock:
            live.model.change("tempo", 123.45)
            live.model.change("is_playing", True)
        until("the tempo", lambda: abs(found.tempo_bpm - 123.45) < 1e-4)
        until("rolling", lambda: found.rolling and found.beat > 0)
        assert connection.follower.is_connected


def test_a_restart_of_abletonosc_starts_the_listeners_again() -> None:
    with connect() as (live, connection):
        until("a listener", lambda: bool(live.model.listeners))
        live.restart()
        until("the restart", lambda: connection.client.restarts == 1)
        until("the listeners", lambda: len(live.model.listeners) == 4 and live.model.beat_listening)
        with live.lock:
            live.model.change("tempo", 99.0)
        until("the tempo", lambda: connection.follower.live_set.tempo_bpm == 99.0)


def test_at_the_end_live_has_no_listener_any_more() -> None:
    with connect() as (live, connection):
        until("the listeners", lambda: len(live.model.listeners) == 4 and live.model.beat_listening)
        connection.__exit__(None, None, None)
        until("no listener", lambda: not live.model.listeners and not live.model.beat_listening)
        connection.__enter__()


def test_at_the_end_nobody_waits_for_a_procedure() -> None:
    with LiveConnection(LiveAddress(LOOPBACK, free_port(), free_port(), tick_s=TICK_S)) as connection:
        writing = connection.start(write_clip(ClipTarget(0, 0), [], 4.0, ""))
        pausing = connection.start(wait_long())
    for future in (writing, pausing):
        with pytest.raises(LiveError, match="the connection to Live ends"):
            future.result(0)


def wait_long() -> Procedure[None]:
    yield 1e6


def test_a_reply_port_that_is_taken_is_named_and_everything_else_goes_on() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((LOOPBACK, 0))
        port = int(other.getsockname()[1])
        with (
            UdpLive(port, tick_s=LIVE_TICK_S) as live,
            LiveConnection(LiveAddress(LOOPBACK, live.port, port, tick_s=TICK_S)) as connection,
        ):
            (problem,) = connection.problems
            assert f"UDP port {port} belongs to" in problem
            assert f"(process {os.getpid()})" in problem
            until("messages that arrive", lambda: live.received > 0)
            with pytest.raises(LiveError, match="within"):
                connection.run(write_clip(ClipTarget(0, 0), [], 4.0, ""), 0.05)


def test_a_port_that_becomes_free_is_taken_later() -> None:
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind((LOOPBACK, 0))
    port = int(other.getsockname()[1])
    with (
        UdpLive(port, tick_s=LIVE_TICK_S) as live,
        LiveConnection(LiveAddress(LOOPBACK, live.port, port, tick_s=0.01)) as connection,
    ):
        assert connection.problems
        other.close()
        until("the port", lambda: not connection.problems)
        until("Live", lambda: connection.follower.is_connected)


def test_a_hub_port_that_is_taken_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((LOOPBACK, 0))
        port = int(other.getsockname()[1])
        with LiveConnection(LiveAddress(LOOPBACK, free_port(), free_port(), port)) as connection:
            assert f"UDP port {port} belongs to" in connection.problems[0]
            assert "there is no hub" in connection.problems[0]


def test_replies_go_to_who_asked_and_events_to_who_listens() -> None:
    with connect() as (live, connection), open_client(connection) as one, open_client(connection) as two:
        one.send(make_datagram([("/live/track/get/name", (1,))]))
        assert receive(one, "/live/track/get/name") == ("/live/track/get/name", (1, "Keys"))
        two.send(make_datagram([("/live/song/start_listen/tempo", ())]))
        assert receive(two, "/live/song/get/tempo")[1] == (120.0,)
        with live.lock:
            live.model.change("tempo", 90.0)
        assert receive(two, "/live/song/get/tempo")[1] == (90.0,)
        one.send(make_datagram([("/live/test/nothing", ())]))
        for client in (one, two):  # an error names no message: everybody gets it
            assert receive(client, "/live/error")[1] == ("Unknown OSC address: /live/test/nothing",)
        one.setblocking(False)
        with pytest.raises(BlockingIOError):
            one.recv(65536)


def test_a_reply_that_comes_late_or_twice_confuses_no_other_program() -> None:
    with connect() as (live, connection), open_client(connection) as one, open_client(connection) as two:
        for client in (one, two):
            client.send(make_datagram([("/live/song/get/num_scenes", ())]))
            receive(client, "/live/song/get/num_scenes")
        with live.lock:  # as Live answers a question that was repeated while it stood still
            live.model.send(("/live/track/get/name", (2, "Gesang")), ("/live/error", ("the end",)))
        for client in (one, two):
            assert read_datagram(client.recv(65536)) == [("/live/error", ("the end",))]


@pytest.mark.parametrize(
    "asked",
    [
        [("/live/track/get/*", (1,))],
        [("/live/track/get/name", ("*",))],
        [("/live/track/get/name", (1,)), ("/live/song/get/num_scenes", ())],
    ],
)
def test_a_question_that_no_reply_is_matched_with_is_answered_to_who_asked(asked: list[Message]) -> None:
    with connect() as (live, connection), open_client(connection) as one, open_client(connection) as two:
        two.send(make_datagram([("/live/song/get/num_tracks", ())]))
        receive(two, "/live/song/get/num_tracks")
        one.send(make_datagram(asked))
        assert receive(one, "/live/track/get/name")[1][1] in {"Bass", "Keys"}
        with live.lock:
            live.model.send(("/live/error", ("the end",)))
        assert read_datagram(two.recv(65536)) == [("/live/error", ("the end",))]


def test_an_event_of_a_doubled_listener_arrives_once() -> None:
    with connect() as (live, connection), open_client(connection) as client:
        client.send(make_datagram([("/live/song/start_listen/tempo", ())]))
        receive(client, "/live/song/get/tempo")
        with live.lock:
            live.model.listeners[("/live/song/get/tempo", ())] = 2
            live.model.change("tempo", 90.0)
            live.model.change("tempo", 91.0)
        assert [receive(client, "/live/song/get/tempo")[1][0] for _ in range(2)] == [90.0, 91.0]


def test_who_stops_to_listen_leaves_the_listener_to_the_others() -> None:
    with connect() as (live, connection), open_client(connection) as client:
        client.send(make_datagram([("/live/song/start_listen/tempo", ())]))
        receive(client, "/live/song/get/tempo")
        client.send(make_datagram([("/live/song/stop_listen/tempo", ()), ("/live/song/get/num_tracks", ())]))
        receive(client, "/live/song/get/num_tracks")
        with live.lock:
            live.model.change("tempo", 77.0)
        until("the sidecar's own listener", lambda: connection.follower.live_set.tempo_bpm == 77.0)
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(65536)


def test_what_is_malformed_never_reaches_live() -> None:
    with connect() as (live, connection), open_client(connection) as client:
        until("Live", lambda: connection.follower.is_connected)
        for wrong in (b"x", b"/live/song/set/tempo\0\0\0\0,f\0\0\x7f\xc0\0\0", b"#bundle\0" + b"\xff" * 12):
            client.send(wrong)
        until("the counts", lambda: connection.hub.malformed == 3)
        assert live.model.song["tempo"] == 120.0


def write_of_client(number: int) -> Procedure[WrittenClip]:
    def write() -> Procedure[WrittenClip]:
        written = yield from write_clip(ClipTarget(number, 0), make_notes(number), 16.0, str(number))
        yield set_value("clip", "end_marker", 8.0 + number, number, 0)
        return written

    return write()


def make_notes(number: int) -> list[ClipNote]:
    return [ClipNote(index / 20, 30 + index % 60, 0.04, 1 + number * 10) for index in range(300)]


def test_eight_programs_write_through_the_hub_while_the_network_has_faults() -> None:
    model = LiveModel()
    model.tracks = [ModelTrack(f"Track {number}") for number in range(8)]
    with connect(0.05, model) as (live, connection), ExitStack() as opened:
        hub_port = connection.hub_port
        assert hub_port is not None
        address = LiveAddress(LOOPBACK, hub_port, 0, tick_s=TICK_S)
        futures: list[Future[WrittenClip]] = []
        for number in range(8):
            futures.append(opened.enter_context(LiveConnection(address)).start(write_of_client(number)))
        for number, future in enumerate(futures):
            assert future.result(HANG_S).notes == 300
            with live.lock:
                clip = live.model.get_clip(number, 0)
                assert is_equal(clip.notes, prepare_notes(make_notes(number), 16.0))
                assert clip.values["end_marker"] == 8.0 + number
        assert len(connection.hub.clients) == 8
        assert sum(live.to_live.faults.values()) > 0
