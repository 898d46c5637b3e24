"""JACK's graph on a real server: links that the user removed stay removed, lost links come back."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.graph_watch import GraphWatch
from bridge.drivers.jack_graph import JackGraph
from bridge.drivers.jack_metadata import PORT_GROUP, PRETTY_NAME, JackMetadata
from bridge.drivers.libjack import import_jack, library_name
from bridge.errors import DriverError
from bridge.routing.patchbay import Patchbay
from bridge.routing.port_graph import Link, Port
from bridge.routing.wanted_links import WantedLinks
from tests.conftest import StartServer
from tests.waiting import until

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(library_name() is None, reason="libjack is not installed"),
]


@contextmanager
def client(server: DummyServer, name: str) -> Iterator[Any]:
    """An active client with an audio and a MIDI port each way."""
    opened = import_jack().Client(name, servername=server.name, no_start_server=True)
    try:
        opened.inports.register("in")
        opened.outports.register("out")
        opened.midi_inports.register("midi_in")
        opened.midi_outports.register("midi_out")
        opened.activate()
        yield opened
    finally:
        opened.close()


def make_patchbay(undone_s: float) -> Patchbay:
    """One that restores at once, and counts a link as cut after ``undone_s``."""
    return Patchbay("us", WantedLinks("us", undone_s=undone_s, settle_s=0.0, pair_s=0.0))


@dataclass
class RealPatchbay:
    """A server with us on it, and peers that come and go."""

    server: DummyServer
    us: Any
    patchbay: Patchbay = field(default_factory=lambda: make_patchbay(0.0))
    stack: ExitStack = field(default_factory=ExitStack)
    peers: dict[str, ExitStack] = field(default_factory=dict)

    def come(self, name: str) -> Any:
        self.peers[name] = self.stack.enter_context(ExitStack())
        return self.peers[name].enter_context(client(self.server, name))

    def go(self, name: str) -> None:
        self.peers.pop(name).close()
        until("the server's change", lambda: not any(f"{name}:" in end for link in self.links for end in link))

    def update(self) -> list[Link]:
        restored = self.patchbay.update(JackGraph(self.us), time.monotonic())
        until("the server's change", lambda: self.links.issuperset(restored))
        return restored

    def connect(self, *links: Link) -> None:
        for link in links:
            self.us.connect(*link)
        until("the server's change", lambda: self.links.issuperset(links))

    def disconnect(self, link: Link) -> None:
        self.us.disconnect(*link)
        until("the server's change", lambda: link not in self.links)

    @property
    def links(self) -> set[Link]:
        return set(JackGraph(self.us).read().links)


@pytest.fixture
def bay(jack_server: StartServer) -> Iterator[RealPatchbay]:
    with ExitStack() as stack:
        server = jack_server()
        us = stack.enter_context(client(server, "us"))
        yield RealPatchbay(server, us, stack=stack)


TO_US, FROM_US, MIDI = ("daw:out", "us:in"), ("us:out", "daw:in"), ("daw:midi_out", "us:midi_in")


def test_links_of_every_kind_are_seen_with_their_direction(bay: RealPatchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US, FROM_US, MIDI, ("us:out", "us:in"))
    assert bay.links == {TO_US, FROM_US, MIDI, ("us:out", "us:in")}


def test_other_names_of_midi_ports_are_known(bay: RealPatchbay) -> None:
    peer = bay.come("peer")
    for port in peer.midi_outports:
        port.set_alias(f"Pad Controller:{port.shortname}")
    assert JackGraph(bay.us).read().ports["peer:midi_out"].aliases == ("Pad Controller:midi_out",)


def test_a_look_at_what_is_as_it_should_be_changes_nothing(bay: RealPatchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US)
    assert bay.update() == bay.update() == []
    assert bay.patchbay.wanted.links == bay.links == {TO_US}


def test_a_link_that_the_user_undid_is_forgotten(bay: RealPatchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US, FROM_US)
    bay.update()
    bay.disconnect(TO_US)
    assert bay.update() == []
    bay.go("daw")
    bay.update()
    bay.come("daw")
    assert bay.update() == [FROM_US]
    assert bay.links == {FROM_US}


def test_a_link_that_vanished_a_moment_before_its_peer_comes_back_with_it(bay: RealPatchbay) -> None:
    bay.patchbay = make_patchbay(math.inf)
    bay.come("daw")
    bay.connect(TO_US, FROM_US)
    bay.update()
    bay.disconnect(TO_US)  # as a peer does that quits, and somebody looks just then
    assert bay.update() == bay.update() == []
    assert bay.links == {FROM_US}
    bay.go("daw")
    bay.update()
    bay.come("daw")
    assert set(bay.update()) == bay.links == {TO_US, FROM_US}


def test_a_link_that_was_away_for_a_moment_can_be_undone_later(bay: RealPatchbay) -> None:
    bay.patchbay = make_patchbay(math.inf)
    bay.come("daw")
    bay.connect(TO_US)
    bay.update()
    bay.disconnect(TO_US)
    bay.update()
    bay.connect(TO_US)
    bay.update()
    assert bay.patchbay.view.own_links == {TO_US}
    bay.disconnect(TO_US)
    bay.update()
    bay.go("daw")
    bay.update()
    assert bay.patchbay.wanted.links == {TO_US}


def test_links_that_a_dying_server_seemed_to_lose_are_restored_on_the_next(bay: RealPatchbay) -> None:
    bay.patchbay = make_patchbay(math.inf)
    bay.come("daw")
    bay.connect(TO_US)
    bay.update()
    bay.disconnect(TO_US)
    assert bay.update() == []
    bay.patchbay.forget_server()
    assert bay.update() == [TO_US]


def test_links_whose_peer_vanished_come_back_with_it(bay: RealPatchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US, FROM_US, MIDI)
    bay.update()
    bay.go("daw")
    assert bay.update() == []
    assert bay.links == set()
    bay.come("daw")
    assert set(bay.update()) == bay.links == {TO_US, FROM_US, MIDI}


def test_a_peer_that_is_away_does_not_keep_others_from_coming_back(bay: RealPatchbay) -> None:
    for name in ("daw", "synth"):
        bay.come(name)
        bay.connect(("us:midi_out", f"{name}:midi_in"))
    bay.update()
    bay.go("daw")
    bay.go("synth")
    bay.update()
    bay.come("synth")
    assert bay.update() == [("us:midi_out", "synth:midi_in")]


def test_a_restored_link_can_be_undone_for_good(bay: RealPatchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US)
    bay.update()
    bay.go("daw")
    bay.update()
    bay.come("daw")
    bay.update()
    bay.disconnect(TO_US)
    assert bay.update() == bay.update() == []
    assert bay.links == set()


def test_a_peer_that_is_not_active_yet_is_tried_again(bay: RealPatchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US)
    bay.update()
    bay.go("daw")
    bay.update()
    early = import_jack().Client("daw", servername=bay.server.name, no_start_server=True)
    bay.stack.callback(early.close)
    early.outports.register("out")  # its ports show before it is active
    assert bay.update() == []
    early.activate()
    assert bay.update() == [TO_US]


@contextmanager
def watched_client(server: DummyServer, name: str, metadata: JackMetadata | None = None) -> Iterator[JackGraph]:
    """The graph of a client that notices changes."""
    opened = import_jack().Client(name, servername=server.name, no_start_server=True)
    try:
        watch = GraphWatch(opened)
        opened.activate()
        yield JackGraph(opened, watch, metadata)
    finally:
        opened.close()


def test_kind_direction_and_latency_of_ports_are_read(bay: RealPatchbay) -> None:
    ports = JackGraph(bay.us).read().ports
    assert ports["system:capture_1"] == Port("system:capture_1", is_physical=True, latency_frames=bay.server.period)
    assert ports["us:midi_in"] == Port("us:midi_in", "midi", is_source=False)
    bay.connect(("system:capture_1", "us:in"))
    assert ports["us:out"].latency_frames == 0
    assert ports["system:playback_1"].is_source is False


def test_a_change_is_noticed_and_the_graph_is_read_once(bay: RealPatchbay) -> None:
    with watched_client(bay.server, "watcher") as graph:
        until("quiet", lambda: graph.read() is graph.read() and not graph.is_changed)
        bay.come("daw")
        until("the notification", lambda: graph.is_changed)
        until("the ports", lambda: {"daw:in", "daw:out"} <= graph.read().ports.keys())
        until("quiet", lambda: graph.read() is graph.read() and not graph.is_changed)
        bay.connect(TO_US)
        until("the notification", lambda: graph.is_changed)
        until("the link", lambda: TO_US in graph.read().links)


def test_a_port_that_left_is_known_to_have_left_even_if_it_is_back(bay: RealPatchbay) -> None:
    bay.come("daw")
    with watched_client(bay.server, "watcher") as graph:
        until("quiet", lambda: graph.read() is graph.read() and not graph.is_changed)
        bay.peers.pop("daw").close()
        bay.come("daw")
        found = list[str]()

        def has_left() -> bool:
            found.extend(graph.read().gone)
            return {"daw:in", "daw:out"} <= set(found)

        until("what left", has_left)
        assert {"daw:in", "daw:out"} <= graph.read().ports.keys()
        assert graph.read().gone == frozenset()


def test_pretty_names_and_port_groups_are_known(bay: RealPatchbay) -> None:
    metadata = JackMetadata()
    with watched_client(bay.server, "watcher", metadata) as graph:
        peer = bay.come("daw")
        for port in (*peer.outports, *peer.midi_outports):
            peer.set_property(port, PRETTY_NAME, "The\n master", "text/plain")
            peer.set_property(port, PORT_GROUP, "main", "text/plain")
        until("the names", lambda: graph.read().ports["daw:out"].title == "The master")
        assert graph.read().ports["daw:midi_out"].group == "main"
        peer.remove_all_properties()
        until("no names", lambda: graph.read().ports["daw:out"].title == "")
    metadata.leave()


def test_what_jack_refuses_is_an_error_and_what_is_so_already_is_none(bay: RealPatchbay) -> None:
    bay.come("daw")
    graph = JackGraph(bay.us)
    for link in (("daw:out", "us:nothing"), ("us:in", "daw:in"), ("daw:out", "us:midi_in")):
        with pytest.raises(DriverError, match="JACK refuses to connect"):
            graph.connect(link)
    for _ in range(2):
        graph.connect(TO_US)
        graph.wait_until_shown([TO_US], [])
        assert TO_US in graph.read().links
    for _ in range(2):
        graph.disconnect(TO_US)
        graph.wait_until_shown([], [TO_US])
        assert graph.read().links == frozenset()


def test_after_the_server_was_gone_everything_is_restored(bay: RealPatchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US)
    bay.update()
    bay.disconnect(TO_US)  # as if by the death of the server, which nobody looked at
    bay.patchbay.forget_server()
    assert bay.update() == [TO_US]
