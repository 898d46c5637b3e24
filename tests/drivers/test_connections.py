"""Connections on a real server: links that the user removed stay removed, lost links come back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.drivers.connections import Connections, Link, read_links
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.libjack import import_jack, library_name
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


@dataclass
class Patchbay:
    """A server with us on it, and peers that come and go."""

    server: DummyServer
    us: Any
    connections: Connections = field(default_factory=lambda: Connections(undone_s=0.0))
    stack: ExitStack = field(default_factory=ExitStack)
    peers: dict[str, ExitStack] = field(default_factory=dict)

    def come(self, name: str) -> Any:
        self.peers[name] = self.stack.enter_context(ExitStack())
        return self.peers[name].enter_context(client(self.server, name))

    def go(self, name: str) -> None:
        self.peers.pop(name).close()
        until("the server's change", lambda: not any(f"{name}:" in end for link in self.links for end in link))

    def update(self) -> list[Link]:
        restored = self.connections.update(self.us)
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
        return read_links(self.us)


@pytest.fixture
def bay(jack_server: StartServer) -> Iterator[Patchbay]:
    with ExitStack() as stack:
        server = jack_server()
        us = stack.enter_context(client(server, "us"))
        yield Patchbay(server, us, stack=stack)


TO_US, FROM_US, MIDI = ("daw:out", "us:in"), ("us:out", "daw:in"), ("daw:midi_out", "us:midi_in")


def test_links_of_every_kind_are_seen_with_their_direction(bay: Patchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US, FROM_US, MIDI, ("us:out", "us:in"))
    assert bay.links == {TO_US, FROM_US, MIDI, ("us:out", "us:in")}


def test_other_names_of_linked_ports_are_known(bay: Patchbay) -> None:
    peer = bay.come("peer")
    for port in (*peer.outports, *peer.inports, *peer.midi_outports):
        port.set_alias(f"Pad Controller:{port.shortname}")
    bay.connect(("peer:out", "us:in"))
    bay.update()
    assert bay.connections.aliases["peer:out"] == ("Pad Controller:out",)
    bay.go("peer")
    bay.update()
    assert "peer:out" not in bay.connections.aliases


def test_a_look_at_what_is_as_it_should_be_changes_nothing(bay: Patchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US)
    assert bay.update() == bay.update() == []
    assert bay.connections.wanted == bay.links == {TO_US}


def test_a_port_that_vanishes_between_the_list_and_a_look_at_it_is_no_error(
    bay: Patchbay, monkeypatch: pytest.MonkeyPatch
) -> None:
    bay.come("daw")
    bay.connect(TO_US, FROM_US, MIDI)
    jack = import_jack()

    def gone(_client: Any, name: str) -> None:
        raise jack.JackError(f"Port {name!r} not available")

    monkeypatch.setattr(jack.Client, "get_port_by_name", gone)  # what is found out about every port, but its name
    assert read_links(bay.us) == {TO_US, FROM_US, MIDI}
    assert bay.connections.update(bay.us) == []
    assert bay.connections.present == bay.connections.wanted == {TO_US, FROM_US, MIDI}


def test_a_link_that_the_user_undid_is_forgotten(bay: Patchbay) -> None:
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


def test_a_link_that_vanished_a_moment_before_its_peer_comes_back_with_it(bay: Patchbay) -> None:
    bay.connections = Connections(undone_s=math.inf)
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


def test_a_link_that_was_away_for_a_moment_can_be_undone_later(bay: Patchbay) -> None:
    bay.connections = Connections(undone_s=math.inf)
    bay.come("daw")
    bay.connect(TO_US)
    bay.update()
    bay.disconnect(TO_US)
    bay.update()
    bay.connect(TO_US)
    bay.update()
    assert bay.connections.present == {TO_US}
    bay.disconnect(TO_US)
    bay.update()
    bay.go("daw")
    bay.update()
    assert bay.connections.wanted == {TO_US}


def test_links_that_a_dying_server_seemed_to_lose_are_restored_on_the_next(bay: Patchbay) -> None:
    bay.connections = Connections(undone_s=math.inf)
    bay.come("daw")
    bay.connect(TO_US)
    bay.update()
    bay.disconnect(TO_US)
    assert bay.update() == []
    bay.connections.forget_server()
    assert bay.update() == [TO_US]


def test_links_whose_peer_vanished_come_back_with_it(bay: Patchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US, FROM_US, MIDI)
    bay.update()
    bay.go("daw")
    assert bay.update() == []
    assert bay.links == set()
    bay.come("daw")
    assert set(bay.update()) == bay.links == {TO_US, FROM_US, MIDI}


def test_a_peer_that_is_away_does_not_keep_others_from_coming_back(bay: Patchbay) -> None:
    for name in ("daw", "synth"):
        bay.come(name)
        bay.connect(("us:midi_out", f"{name}:midi_in"))
    bay.update()
    bay.go("daw")
    bay.go("synth")
    bay.update()
    bay.come("synth")
    assert bay.update() == [("us:midi_out", "synth:midi_in")]


def test_a_restored_link_can_be_undone_for_good(bay: Patchbay) -> None:
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


def test_a_peer_that_is_not_active_yet_is_tried_again(bay: Patchbay) -> None:
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


def test_after_the_server_was_gone_everything_is_restored(bay: Patchbay) -> None:
    bay.come("daw")
    bay.connect(TO_US)
    bay.update()
    bay.disconnect(TO_US)  # as if by the death of the server, which nobody looked at
    bay.connections.forget_server()
    assert bay.update() == [TO_US]
