"""Patchbay: connects and cuts ports of all clients, takes it back, and keeps what the user wants connected."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from bridge.errors import ControlError, DriverError
from bridge.routing.endpoints import cross_endpoints, find_endpoint, join_endpoints
from bridge.routing.link_history import LinkHistory, LinkStep
from bridge.routing.pairs import Pairs, find_pairs
from bridge.routing.port_graph import Link, LinkMaker, Port, PortGraph, format_link, get_client
from bridge.routing.scene import ActiveScene, Scene
from bridge.routing.wanted_links import WantedLinks

log = logging.getLogger(__name__)

CONNECTED, CUT, AWAY, RESTORED = "connected", "cut", "away", "restored"
"""Events."""
EVENTS = 200
"""Events that wait to be published; a scene has hundreds of links at most."""

LinkEvent = tuple[str, str, str]
"""Event, source, destination; of a restored scene its name and how many of its links are made."""


@dataclass(frozen=True, slots=True)
class PatchbayView:
    """What is known at one moment, to be read by any thread. ``away``: wanted links that cannot be made now."""

    graph: PortGraph = field(default_factory=PortGraph)
    pairs: Pairs = field(default_factory=Pairs)
    away: tuple[Link, ...] = ()
    scene: ActiveScene | None = None
    own_links: frozenset[Link] = frozenset()
    """The present links of the sidecar's client."""

    @property
    def shown_links(self) -> frozenset[Link]:
        """All links that a user sees: those that are made, and those that wait."""
        return self.graph.links | frozenset(self.away)


class Patchbay:
    """The one owner of the links that the user wants. All methods but `view` and `events` are called by one thread.

    ``own``: the name of the sidecar's client. Whatever is connected to it is wanted, whoever did it; links of others
    are wanted if they were made here, or belong to the active scene.
    """

    def __init__(self, own: str, wanted: WantedLinks | None = None) -> None:
        self.own = own
        self.wanted = wanted or WantedLinks(own)
        self.view = PatchbayView()
        """Replaced as a whole."""
        self.events: deque[LinkEvent] = deque(maxlen=EVENTS)
        """What happened since they were last taken; oldest first."""
        self._history = LinkHistory()
        self._scene: ActiveScene | None = None
        self._paired: tuple[object, ...] = ()

    def forget_server(self) -> None:
        """Forget the ports of a server that went away; the links stay wanted."""
        self.wanted.forget_present()
        self._publish_view(PortGraph())

    def adopt_scene(self, scene: ActiveScene) -> None:
        """Want the links of the scene that was active when the last sidecar ended; nothing is cut."""
        self._scene = scene
        self.wanted.add(scene.links - scene.cut)
        self._publish_view(self.view.graph)

    def update(self, maker: LinkMaker, now_s: float) -> list[Link]:
        """Learn the user's changes since the last call, then restore lost links; returns those made now."""
        self._look(maker, now_s)
        due = self.wanted.list_due(self.view.pairs, now_s)
        restored = [link for link in due if self._try_connect(maker, link)]
        if restored:
            self.wanted.note_restored(restored, now_s)
            maker.wait_until_shown(restored, ())
            self._look(maker, now_s)
        return restored

    def refresh(self, maker: LinkMaker, now_s: float) -> list[LinkEvent]:
        """Learn the user's changes since the last call."""
        self._look(maker, now_s)
        return []

    def connect(self, maker: LinkMaker, source: str, destination: str, now_s: float) -> list[LinkEvent]:
        """Connect two ports or pairs; of a pair that is half connected the other half. Whole or not at all.

        Raises:
            ControlError: A name is unknown, a direction or kind is wrong, they are connected, or JACK refuses.
        """
        self._look(maker, now_s)
        ports, pairs = self.view.graph.ports, self.view.pairs
        links = join_endpoints(
            find_endpoint(source, True, ports, pairs), find_endpoint(destination, False, ports, pairs)
        )
        missing = [link for link in links if link not in self.view.graph.links]
        if not missing:
            raise ControlError(f"{source} is connected to {destination} already", "cut it with routing.cut")
        made: list[Link] = []
        try:
            for link in missing:
                maker.connect(link)
                made.append(link)
        except DriverError as error:
            for link in made:
                self._try_disconnect(maker, link)
            raise ControlError(f"{format_link(missing[len(made)])}: {error.message}", error.hint) from error
        step = LinkStep(f"connect {source} to {destination}", made=tuple(missing))
        self._history.add(step)
        return self._finish(maker, step, now_s, made)

    def cut(self, maker: LinkMaker, source: str, destination: str, now_s: float) -> list[LinkEvent]:
        """Cut every link between two ports or pairs; one that waits for a port is no longer wanted.

        Raises:
            ControlError: A name is unknown, a direction is wrong, or they are not connected.
        """
        self._look(maker, now_s)
        ports, pairs = self._list_known_ports(), self.view.pairs
        between = cross_endpoints(
            find_endpoint(source, True, ports, pairs), find_endpoint(destination, False, ports, pairs)
        )
        links = [link for link in between if link in self.view.shown_links]
        if not links:
            raise ControlError(f"{source} is not connected to {destination}", "routing.connect connects them")
        step = LinkStep(f"cut {source} from {destination}", cut=tuple(links))
        self._history.add(step)
        return self._finish(maker, step, now_s)

    def undo(self, maker: LinkMaker, now_s: float) -> list[LinkEvent]:
        """Take the last step back.

        Raises:
            ControlError: There is none, or nothing is left of it because other programs changed it since. The next
                undo goes further back.
        """
        return self._replay(maker, self._history.take_undo(), "undo", now_s)

    def redo(self, maker: LinkMaker, now_s: float) -> list[LinkEvent]:
        """Do again what was undone last.

        Raises:
            ControlError: As `undo`.
        """
        return self._replay(maker, self._history.take_redo(), "redo", now_s)

    def restore(self, maker: LinkMaker, scene: Scene, now_s: float) -> list[LinkEvent]:
        """Make the links of ``scene``, now or when their ports appear.

        Cut are the links of the scene that was active, and those between two ports that ``scene`` names, if they are
        not its own. All others stay.
        """
        self._look(maker, now_s)
        before, after = self._scene, ActiveScene(scene.name, scene.links)
        named = {port for link in scene.links for port in link}
        shown, old = self.view.shown_links, before.links if before else frozenset[Link]()
        cut = {link for link in shown - scene.links if link in old or named.issuperset(link)}
        step = LinkStep(f"restore {scene.name}", tuple(sorted(scene.links - shown)), tuple(sorted(cut)), before, after)
        self.wanted.add(scene.links)
        self._history.add(step)
        events = self._finish(maker, step, now_s)
        made = len(scene.links & self.view.graph.links)
        self.events.append((RESTORED, scene.name, f"{made} of {len(scene.links)}"))
        return events

    def keep_scene(self, scene: Scene) -> None:
        """Want the links of a scene that was just saved: it is the active one."""
        self.adopt_scene(ActiveScene(scene.name, scene.links))

    def leave_scene(self, name: str) -> None:
        """The scene ``name`` was deleted: it is no longer active. Its links stay."""
        if self._scene is not None and self._scene.name == name:
            self._scene = None
            self._publish_view(self.view.graph)

    def _replay(self, maker: LinkMaker, step: LinkStep, verb: str, now_s: float) -> list[LinkEvent]:
        """Do what is left to do of ``step``."""
        self._look(maker, now_s)
        shown = self.view.shown_links
        left = replace(
            step,
            made=tuple(link for link in step.made if link not in self.view.graph.links),
            cut=tuple(link for link in step.cut if link in shown),
        )
        if not left.made and not left.cut and step.before == step.after:
            raise ControlError(
                f"{step.text}: nothing is left to {verb}, other programs have changed these connections since",
                f"{verb} once more for the next step, or connect and cut by hand",
            )
        return self._finish(maker, left, now_s)

    def _finish(self, maker: LinkMaker, step: LinkStep, now_s: float, done: Collection[Link] = ()) -> list[LinkEvent]:
        """Cut and make what ``step`` says, but for what is ``done``, and want it so.

        What cannot be made now is made by `update` as soon as its ports are there.
        """
        # cut first: a gap is better than a loop that howls
        cut = [link for link in step.cut if link not in self.view.graph.links or self._try_disconnect(maker, link)]
        self.wanted.remove(cut, now_s)
        self.wanted.add(step.made)
        due = self.wanted.list_due(self.view.pairs, now_s)
        made = [link for link in step.made if link in done or (link in due and self._try_connect(maker, link))]
        self.wanted.note_made(made, now_s)
        self._note_scene(step, cut)
        events = [(CUT, *link) for link in cut]
        events += [(CONNECTED if link in made else AWAY, *link) for link in step.made]
        self.events.extend((CUT, *link) for link in cut)
        maker.wait_until_shown(made, cut)
        self._look(maker, now_s)
        return events

    def _note_scene(self, step: LinkStep, cut: Iterable[Link]) -> None:
        """Which scene is active after ``step``, and what has been cut of it."""
        if step.before != step.after and _get_name(self._scene) == _get_name(step.before):
            self._scene = step.after
        elif self._scene is not None:
            links = self._scene.links
            self._scene = replace(self._scene, cut=(self._scene.cut | (links & set(cut))) - set(step.made))

    def _look(self, maker: LinkMaker, now_s: float) -> None:
        graph = maker.read()
        if graph is self.view.graph and not graph.gone and not self.wanted.is_waiting:
            return  # as with the last look
        changes = self.wanted.observe(graph, now_s)
        for event, links in (
            (CONNECTED, changes.connected), (RESTORED, changes.restored), (CUT, changes.cut), (AWAY, changes.away),
        ):  # fmt: skip
            self.events.extend((event, *link) for link in links)
        if self._scene is not None and changes.cut:
            self._scene = replace(self._scene, cut=self._scene.cut | (self._scene.links & set(changes.cut)))
        self._publish_view(graph)

    def _publish_view(self, graph: PortGraph) -> None:
        away = tuple(self.wanted.list_away())
        before = self.view
        if graph is not before.graph or away != before.away:
            own = frozenset(link for link in graph.links if self.own in map(get_client, link))
            self.view = PatchbayView(graph, self._find_pairs(graph, away), away, self._scene, own)
        elif self._scene != before.scene:
            self.view = replace(before, scene=self._scene)

    def _find_pairs(self, graph: PortGraph, away: Iterable[Link]) -> Pairs:
        """The pairs of all ports, those that are away included; found anew where ports changed."""
        ports = _add_away(graph.ports.values(), away)
        paired = tuple((port.name, port.group) for port in ports)
        if paired == self._paired:
            return self.view.pairs
        self._paired = paired
        return find_pairs(ports)

    def _list_known_ports(self) -> dict[str, Port]:
        return {port.name: port for port in _add_away(self.view.graph.ports.values(), self.view.away)}

    def _try_connect(self, maker: LinkMaker, link: Link) -> bool:
        """Connect; False where a port is not ready yet (ports show before their client is active) or has just gone."""
        try:
            maker.connect(link)
        except DriverError as error:
            log.debug("%s waits: %s", format_link(link), error)
            return False
        return True

    def _try_disconnect(self, maker: LinkMaker, link: Link) -> bool:
        try:
            maker.disconnect(link)
        except DriverError as error:
            log.warning("%s cannot be cut: %s", format_link(link), error)
            return False
        return True


def _get_name(scene: ActiveScene | None) -> str:
    return scene.name if scene else ""


def _add_away(ports: Iterable[Port], away: Iterable[Link]) -> list[Port]:
    """``ports``, and behind them those of ``away`` that are missing, with the kind of the port at the other end."""
    found = {port.name: port for port in ports}
    for link in away:
        kinds = [found[port].kind for port in link if port in found]
        for port, is_source in zip(link, (True, False), strict=True):
            if port not in found:
                found[port] = Port(port, kinds[0] if kinds else "audio", is_source)
    return list(found.values())
