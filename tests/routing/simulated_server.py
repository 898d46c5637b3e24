"""Simulated audio server: ports of clients that come and go, links between them, and a clock that tests move."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from bridge.errors import DriverError
from bridge.routing.patchbay import LinkEvent, Patchbay
from bridge.routing.port_graph import AUDIO, MIDI, Link, Port, PortGraph, make_graph
from bridge.routing.wanted_links import PAIR_S, SETTLE_S, UNDONE_S


@dataclass
class SimulatedServer:
    """As JACK: a link needs both its ports, goes with either, and joins a source to a destination of its kind."""

    ports: dict[str, Port] = field(default_factory=dict)
    links: set[Link] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """Ports of clients that are not active yet."""
    shown: frozenset[Link] | None = None
    """Links that it still shows, whatever was done since, as JACK does until its next cycle; None: all as they are."""
    calls: list[Link] = field(default_factory=list)

    def come(self, client: str, *, outs: Iterable[str] = (), ins: Iterable[str] = (), kind: str = AUDIO) -> None:
        """Ports of ``client`` appear."""
        for names, is_source in ((outs, True), (ins, False)):
            for name in names:
                port = Port(f"{client}:{name}", kind, is_source)
                self.ports[port.name] = port

    def come_midi(self, client: str, *, outs: Iterable[str] = (), ins: Iterable[str] = ()) -> None:
        """MIDI ports of ``client`` appear."""
        self.come(client, outs=outs, ins=ins, kind=MIDI)

    def go(self, client: str) -> None:
        """All ports of ``client`` leave, their links with them."""
        self.gone |= {name for name in self.ports if name.startswith(f"{client}:")}
        self.ports = {name: port for name, port in self.ports.items() if name not in self.gone}
        self.links = {link for link in self.links if not self.gone.intersection(link)}

    def read(self) -> PortGraph:
        links = self.links if self.shown is None else self.shown
        graph = make_graph(self.ports.values(), links, self.gone)
        self.gone = set()
        return graph

    def connect(self, link: Link) -> None:
        self.calls.append(link)
        source, destination = (self.ports.get(name) for name in link)
        if source is None or destination is None or self.refused.intersection(link):
            raise DriverError("refused", "try again")
        assert (source.is_source, destination.is_source, source.kind) == (True, False, destination.kind)
        self.links.add(link)

    def disconnect(self, link: Link) -> None:
        if self.refused.intersection(link):
            raise DriverError("refused", "try again")
        self.links.discard(link)

    def wait_until_shown(self, made: Collection[Link], cut: Collection[Link]) -> None:
        assert self.links.issuperset(made)  # a slow server shows it later than anyone waits
        assert not self.links.intersection(cut)


STEMS = ("drums_1", "drums_2", "vocals_1", "vocals_2")
DRUMS = (("sideman:drums_1", "daw:drums L"), ("sideman:drums_2", "daw:drums R"))
VOCALS = (("sideman:vocals_1", "daw:vocals L"), ("sideman:vocals_2", "daw:vocals R"))
DAW_INS = ("drums L", "drums R", "vocals L", "vocals R")


class PatchbayRig:
    """A patchbay of the client ``sideman`` on a simulated server with a DAW."""

    def __init__(self) -> None:
        self.server, self.patchbay, self.now_s = SimulatedServer(), Patchbay("sideman"), 100.0
        self.server.come("sideman", outs=STEMS, ins=("in_1", "in_2"))
        self.server.come_midi("sideman", outs=("chords",), ins=("midi_in",))
        self.come_daw()
        self.update()
        self.settle()
        self.patchbay.events.clear()

    def come_daw(self) -> None:
        """The DAW's ports appear."""
        self.server.come("daw", outs=("master L", "master R"), ins=DAW_INS)
        self.server.come_midi("daw", ins=("keys",))

    def restart_server(self) -> None:
        """The server dies, and comes back with nobody on it but the sidecar."""
        self.server = SimulatedServer()
        self.patchbay.forget_server()
        self.server.come("sideman", outs=STEMS, ins=("in_1", "in_2"))
        self.server.come_midi("sideman", outs=("chords",), ins=("midi_in",))
        self.update()

    def update(self, after_s: float = 0.0) -> list[Link]:
        """One look, ``after_s`` later."""
        self.now_s += after_s
        return self.patchbay.update(self.server, self.now_s)

    def settle(self) -> list[Link]:
        """A look after the time in which a client's ports come."""
        return self.update(SETTLE_S)

    def wait_undone(self) -> None:
        """Looks until what is missing counts as cut by the user."""
        self.update()
        self.update(UNDONE_S)

    def wait_for_pairs(self) -> list[Link]:
        """A look after the time in which one side of a pair waits for the other."""
        return self.update(PAIR_S)

    def connect(self, source: str, destination: str) -> list[LinkEvent]:
        return self.patchbay.connect(self.server, source, destination, self.now_s)

    def cut(self, source: str, destination: str) -> list[LinkEvent]:
        return self.patchbay.cut(self.server, source, destination, self.now_s)

    def undo(self) -> list[LinkEvent]:
        return self.patchbay.undo(self.server, self.now_s)

    def redo(self) -> list[LinkEvent]:
        return self.patchbay.redo(self.server, self.now_s)

    @property
    def links(self) -> set[Link]:
        return self.server.links

    @property
    def away(self) -> set[Link]:
        return set(self.patchbay.view.away)

    def take_events(self) -> list[LinkEvent]:
        """The events since the last call."""
        events = list(self.patchbay.events)
        self.patchbay.events.clear()
        return events
