"""Wanted links: what the user connected, remembered while a port is away, and forgotten once the user cuts it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.routing.pairs import Pairs
from bridge.routing.port_graph import Link, PortGraph, get_client

UNDONE_S = 1.0
"""A link is missing for so long, both its ports there, before it counts as cut by the user. A peer that quits loses
its links first and its ports a moment later; so does a server that dies while it is asked."""
SETTLE_S = 0.2
"""Links are restored so long after the last port of their clients came or went: a client that starts registers its
ports one by one (RaySession waits as long)."""
MEASURE_CLIENT = "sideman-measure"
"""Beginning of the names of clients that measure latency. Nobody wants to have their links back."""
PAIR_S = 2.0
"""Time that one side of a pair waits for the port of the other; then it is restored alone."""


@dataclass(frozen=True, slots=True)
class LinkChanges:
    """What one look found. ``away``: wanted links that left with a port. ``cut``: by the user, some time ago."""

    connected: tuple[Link, ...] = ()
    restored: tuple[Link, ...] = ()
    cut: tuple[Link, ...] = ()
    away: tuple[Link, ...] = ()


class WantedLinks:
    """The links that the user wants: those of the client ``own``, and others that were asked for.

    A link that stays away for ``undone_s`` seconds although its ports stay was cut by the user, and is forgotten. One
    that vanished with a port is kept, and is due again when the port is back.
    """

    def __init__(
        self, own: str, undone_s: float = UNDONE_S, settle_s: float = SETTLE_S, pair_s: float = PAIR_S
    ) -> None:
        self._own, self._undone_s, self._settle_s, self._pair_s = own, undone_s, settle_s, pair_s
        self.links: set[Link] = set()
        self._present: frozenset[Link] = frozenset()
        self._ports: set[str] = set()
        self._missing: dict[Link, float] = {}  # since when, although both ports stay
        self._cutting: dict[Link, float] = {}  # cut by us, until when a late look may show it
        self._making: dict[Link, float] = {}  # made by us, until when a late look may not show it
        self._restoring: set[Link] = set()
        self._events_s: dict[str, float] = {}  # of each client, when a port of its came or went last
        self._is_new = True

    @property
    def is_waiting(self) -> bool:
        """Whether time alone may bring a change: the graph must be observed even if it is the same."""
        return bool(self._missing or self._cutting or self._making)

    def forget_present(self) -> None:
        """Forget the links of a server that went away; they stay wanted."""
        self._present, self._ports, self._missing, self._cutting, self._making = frozenset(), set(), {}, {}, {}

    def add(self, links: Iterable[Link]) -> None:
        """Want ``links`` from now on."""
        for link in links:
            self.links.add(link)
            self._missing.pop(link, None)
            self._cutting.pop(link, None)

    def remove(self, links: Iterable[Link], now_s: float) -> None:
        """Want ``links`` no more; they have been cut, or could not be made."""
        for link in links:
            self.links.discard(link)
            self._missing.pop(link, None)
            self._restoring.discard(link)
            self._making.pop(link, None)
            self._cutting[link] = now_s + self._undone_s
        self._present -= self._cutting.keys()

    def observe(self, graph: PortGraph, now_s: float) -> LinkChanges:
        """Learn what changed since the last look."""
        ports = set(graph.ports)
        self._cutting = {one: end_s for one, end_s in self._cutting.items() if one in graph.links and now_s < end_s}
        self._making = {one: end_s for one, end_s in self._making.items() if one not in graph.links and now_s < end_s}
        present = frozenset(one for one in graph.links if one not in self._cutting and not is_temporary(one))
        for name in (self._ports ^ ports) | graph.gone:
            self._events_s[get_client(name)] = now_s
        stayed = (self._ports & ports) - graph.gone
        absent = (self._present | self._missing.keys()) - present
        before, self._missing = self._missing, {}
        undone, away = [], []
        for link in sorted(absent):
            since_s = before.get(link, now_s)
            if not stayed.issuperset(link):
                if link in self.links:
                    away.append(link)
            elif now_s - since_s >= self._undone_s:
                undone.append(link)
            else:
                self._missing[link] = since_s
        new = sorted(present - self._present - before.keys())
        restored = tuple(link for link in new if link in self._restoring)
        connected = () if self._is_new else tuple(link for link in new if link not in self._restoring)
        self._restoring -= set(new)
        self.links |= {link for link in present if self._own in (get_client(link[0]), get_client(link[1]))}
        self.links.difference_update(undone)
        self._present, self._ports, self._is_new = present, ports, False
        return LinkChanges(connected, restored, tuple(undone), tuple(away))

    def list_due(self, pairs: Pairs, now_s: float) -> list[Link]:
        """List the links that can be made now: the two of a pair together, while both are wanted."""
        absent = self.links - self._present - self._missing.keys() - self._making.keys()
        if not absent:
            return []
        ready = {link for link in absent if self._ports.issuperset(link) and self._age(link, now_s) >= self._settle_s}
        partners: dict[tuple[str, str] | None, list[Link]] = defaultdict(list)
        for link in self.links:
            partners[find_pair_key(link, pairs)].append(link)
        partners[None] = []
        due = []
        for link in sorted(ready):
            whole = all(one in ready or one in self._present for one in partners[find_pair_key(link, pairs)])
            if whole or self._age(link, now_s) >= self._pair_s:
                due.append(link)
        return due

    def note_made(self, links: Iterable[Link], now_s: float) -> None:
        """Note that ``links`` have been made; one of the next looks shows them."""
        self._making.update(dict.fromkeys(links, now_s + self._undone_s))

    def note_restored(self, links: Iterable[Link], now_s: float) -> None:
        """Note that ``links`` have been made because they were due."""
        links = list(links)
        self._restoring.update(links)
        self.note_made(links, now_s)

    def list_away(self) -> list[Link]:
        """List the wanted links that are not there, but for those that may have been cut, or made, just now."""
        return sorted(self.links - self._present - self._missing.keys() - self._making.keys())

    def _age(self, link: Link, now_s: float) -> float:
        """Seconds since a port of either client came or went."""
        return now_s - max(self._events_s.get(get_client(port), float("-inf")) for port in link)


def is_temporary(link: Link) -> bool:
    """Whether it belongs to a measurement."""
    return any(port.startswith(MEASURE_CLIENT) for port in link)


def find_pair_key(link: Link, pairs: Pairs) -> tuple[str, str] | None:
    """What the links of one pair to another have in common; None where an end has no pair."""
    source, destination = pairs.by_port.get(link[0]), pairs.by_port.get(link[1])
    return (source.full_name, destination.full_name) if source and destination else None
