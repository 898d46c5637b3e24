"""Fuzz target: datagrams from AbletonOSC and from clients of the hub, through client, follower and hub."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from bridge.daw.ableton.clip_notes import read_notes
from bridge.daw.ableton.live_client import LiveClient, Outcome, ask
from bridge.daw.ableton.live_follower import LiveFollower
from bridge.daw.ableton.live_hub import LiveHub
from bridge.daw.ableton.live_listeners import LiveListeners
from bridge.daw.ableton.live_procedure import ProcedureRunner
from bridge.daw.ableton.live_protocol import FAILURE, STARTUP, make_datagram, read_datagram
from bridge.osc.wire import Peer
from tests.fuzz.target import Target

PEERS: tuple[Peer, ...] = (("127.0.0.1", 9000), ("127.0.0.1", 9001))
TIMES = itertools.count(1)


class Side:
    """What a sidecar has for Live, with two clients of the hub that listen; one for all inputs."""

    def __init__(self) -> None:
        self.client = LiveClient()
        listeners = LiveListeners(self.client)
        self.follower = LiveFollower(self.client, ProcedureRunner(self.client), listeners)
        self.sent: list[bytes] = []
        self.hub = LiveHub(self.client, listeners, lambda datagram, _: self.sent.append(datagram), PEERS[:1])
        self.follower.start()
        self.hub.receive(make_datagram([("/live/song/start_listen/tempo", ())]), PEERS[1], 0.0)


SIDE = Side()


def read(data: bytes, folder: Path) -> None:
    """Whatever arrives, from either side, what is sent on is well-formed, and the next datagram is taken."""
    side, now_s = SIDE, float(next(TIMES))
    outcomes: list[Outcome] = []
    for address in ("/live/song/get/tempo", "/live/clip/get/notes"):
        side.client.start(ask(address, *([0, 0] if "clip" in address else []), attempts=1), outcomes.append)
    sent = side.client.update(now_s)
    for message, answered in side.client.receive(data, now_s):
        read_notes(message[1])
        side.follower.receive(message, now_s)
        side.hub.distribute(message, answered, now_s)
    side.hub.receive(data, PEERS[1], now_s)
    sent += side.client.update(now_s + 0.5) + side.client.flush() + side.sent
    side.sent.clear()
    for datagram in sent:
        read_datagram(datagram)
    assert side.follower.live_set.numerator >= 1
    assert side.follower.live_set.denominator >= 1


def make_seeds() -> Iterator[bytes]:
    """Messages that AbletonOSC sends, and that clients send."""
    yield make_datagram([(STARTUP, ())])
    yield make_datagram([(FAILURE, ("Unknown OSC address: /live/song/get/tempo",))])
    yield make_datagram([("/live/application/get/average_process_usage", ())])
    for name, value in (("tempo", 123.45), ("is_playing", True), ("signature_numerator", 3), ("beat", 4)):
        yield make_datagram([(f"/live/song/get/{name}", (value,))])
    yield make_datagram([("/live/clip/get/notes", (0, 0, 60, 0.0, 1.0, 100.0, False, 61, 1.0, 1.0, 90.0, True))])
    yield make_datagram([("/live/track/get/clips/name", (0, None, "Sideman"))])
    yield make_datagram([("/live/song/start_listen/is_playing", ()), ("/live/song/get/num_tracks", ())])
    yield make_datagram([("/live/track/stop_listen/mute", (1,)), ("/live/test", ())])
    yield make_datagram([("/live/clip/set/name", (0, 1, "riff")), ("/live/clip/get/name", (0, 1))])


TARGET = Target(
    "ableton",
    read,
    make_seeds,
    tokens=(b"#bundle\0", b"/live/song/get/tempo\0\0\0\0", b",f\0\0", b",ii\0", b"/live/error\0", b",t\0\0", b",[i]"),
    modules=("bridge.osc.guard", "bridge.daw.ableton"),
    mutations=800,
)
