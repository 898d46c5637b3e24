"""Port graph: sources and destinations of the audio system and their links, pairs as one, for the matrix."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tui.core.session import Record, Session
from tui.core.values import read_number, read_text

READINGS = ("routing.port", "routing.link", "sideman")
OWN_ORDER = ("in", "drums", "bass", "vocals", "other", "mix", "band")
"""Our own ports in the order of the mixer."""
KINDS = ("audio", "midi")
SUFFIXES = ("/audio_in", "/audio_out", "/midi_in", "/midi_out")
"""Ardour's, behind the name of a track."""
MADE, AWAY = "made", "away"
CHANNELS = "LR"
MONO = "●"
MIDI = "M"
FREE = "·"
_PAIR = re.compile(r"^(.*?)[ _\-.]?(1|2|l|r|left|right)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port, or the two of a stereo pair: a row or a column of the matrix.

    Attributes:
        client: Its client.
        label: The pretty name, without the client.
        kind: ``audio`` or ``midi``.
        ports: Full names, the left one first.
        pair: The name of the pair; empty for a port.
        physical: Whether it belongs to a device.
        is_away: Whether it is only known from a link that waits for it.
        latency_frames: What JACK says of its delay.
    """

    client: str
    label: str
    kind: str
    ports: tuple[str, ...]
    pair: str = ""
    physical: bool = False
    is_away: bool = False
    latency_frames: int = 0

    @property
    def name(self) -> str:
        """Client and label."""
        return f"{self.client} {self.label}"

    @property
    def address(self) -> str:
        """What the actions of routing call it: the full name of the port, or of the pair."""
        return f"{self.client}:{self.pair.removeprefix(f'{self.client}:')}" if self.pair else self.ports[0]


@dataclass(frozen=True, slots=True)
class Crossing:
    """What lies between a source and a destination: the links that are there, made or away, and those that a whole
    pair lacks. ``is_crossed``: left goes to right, so that such a pair is completed port by port."""

    made: tuple[tuple[str, str], ...] = ()
    away: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    is_possible: bool = True
    is_crossed: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every channel that can be is connected."""
        return bool(self.made) and not self.missing and not self.away


@dataclass(slots=True)
class PortGraph:
    """Rows and columns of the matrix, and the state of each link by source and destination port."""

    sources: list[Endpoint] = field(default_factory=list)
    destinations: list[Endpoint] = field(default_factory=list)
    links: dict[tuple[str, str], str] = field(default_factory=dict)

    def find_crossing(self, source: Endpoint, destination: Endpoint) -> Crossing:
        """The links between two endpoints, and those that are missing to make a pair whole."""
        if source.kind != destination.kind:
            return Crossing(is_possible=False)
        all_links = [(one, other) for one in source.ports for other in destination.ports]
        made = tuple(one for one in all_links if self.links.get(one) == MADE)
        away = tuple(one for one in all_links if self.links.get(one) == AWAY)
        there = {*made, *away}
        straight, crossed = _list_whole(source, destination)
        is_crossed = bool(there & set(crossed)) and not there & set(straight)
        missing = [one for one in (crossed if is_crossed else straight) if one not in there]
        return Crossing(made, away, tuple(missing), is_crossed=is_crossed)

    def draw_crossing(self, source: Endpoint, destination: Endpoint) -> str:
        """The cell: a letter for each channel of the destination: what feeds it. Brackets: wanted, and away."""
        crossing = self.find_crossing(source, destination)
        if not crossing.is_possible:
            return ""
        if not crossing.made and not crossing.away:
            return FREE
        letters = [self._draw_channel(source, one, bool(crossing.made)) for one in destination.ports]
        text = "".join(letters)
        return f"({text})" if crossing.away else text

    def _draw_channel(self, source: Endpoint, destination: str, is_mixed: bool) -> str:
        """What feeds a port; in lower case where that is away and other channels are made."""
        feeding = [at for at, one in enumerate(source.ports) if (one, destination) in self.links]
        if not feeding:
            return "."
        away = all(self.links[source.ports[at], destination] == AWAY for at in feeding)
        if source.kind == "midi":
            letter = MIDI
        elif len(source.ports) == 1:
            return "○" if away and is_mixed else MONO
        else:
            letter = "+" if len(feeding) > 1 else CHANNELS[feeding[0]]
        return letter.lower() if away and is_mixed else letter

    def list_away(self) -> list[tuple[str, str]]:
        """The links that wait for a port."""
        return [link for link, state in self.links.items() if state == AWAY]


def _list_whole(source: Endpoint, destination: Endpoint) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The links of a whole pair, side by side and crossed; a port goes to both channels of a pair."""
    ports, others = source.ports, destination.ports
    straight = [
        (ports[min(at, len(ports) - 1)], others[min(at, len(others) - 1)]) for at in range(max(len(ports), len(others)))
    ]
    crossed = list(zip(ports, reversed(others), strict=False)) if len(ports) == len(others) == 2 else []
    return straight, crossed


def sort_naturally(text: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts numbers inside names by their size: in 2 before in 10."""
    parts = re.split(r"(\d+)", text[:200].lower())
    return tuple((0, int(one)) if one.isdecimal() else (1, one) for one in parts if one)


def find_own_client(session: Session) -> str:
    """The name of the sidecar's own JACK client."""
    return read_text(session.read("sideman"), "name") or "sideman"


def make_graph(session: Session, pairs: bool = True, hidden: frozenset[str] = frozenset(), find: str = "") -> PortGraph:
    """The matrix of the session's ports. ``pairs``: stereo pairs as one. ``hidden``: clients that are left out."""
    ports = session.read_rows("routing.port")
    links = {
        (read_text(one, "source"), read_text(one, "destination")): read_text(one, "state")
        for one in session.read_rows("routing.link")
    }
    own = find_own_client(session)
    ends = {"out": _group_ports(ports, "out", pairs), "in": _group_ports(ports, "in", pairs)}
    ends["out"] += _find_away_ends(ports, [one[0] for one in links], [one[1] for one in links], pairs)
    ends["in"] += _find_away_ends(ports, [one[1] for one in links], [one[0] for one in links], pairs)
    shown = {
        side: sorted((one for one in several if one.client not in hidden), key=lambda one: _sort(one, own))
        for side, several in ends.items()
    }
    words = find.lower().split()
    return PortGraph(_filter(shown["out"], words, own), _filter(shown["in"], words, ""), links)


def _filter(ends: list[Endpoint], words: list[str], kept: str) -> list[Endpoint]:
    """The endpoints with all of ``words`` in their names, and those of the client ``kept``, to connect them with.

    All of them where no name has the words.
    """
    found = [one for one in ends if all(word in f"{one.name} {one.kind}".lower() for word in words)]
    return [one for one in ends if one in found or one.client == kept] if found else ends


def _sort(end: Endpoint, own: str) -> tuple[object, ...]:
    """Audio first, our own client first, devices last; the ports of a client in the order in which they came."""
    kind = KINDS.index(end.kind) if end.kind in KINDS else len(KINDS)
    place = OWN_ORDER.index(end.label) if end.client == own and end.label in OWN_ORDER else len(OWN_ORDER)
    return kind, end.client != own, end.physical, sort_naturally(end.client), place


def _group_ports(ports: list[Record], direction: str, pairs: bool) -> list[Endpoint]:
    groups: dict[tuple[str, ...], list[Record]] = {}
    for one in ports:
        if one.get("direction") == direction:
            client, port, pair = (read_text(one, name) for name in ("client", "port", "pair"))
            key = (client, read_text(one, "kind"), pair, "" if pairs and pair else port)
            groups.setdefault(key, []).append(one)
    found = []
    for (_, _, pair, _), members in groups.items():
        if len(members) == 2 and pairs and pair:
            found.append(_make_endpoint(members, pair))
        else:
            found.extend(_make_endpoint([one], "") for one in members)
    return found


def _make_endpoint(members: list[Record], pair: str) -> Endpoint:
    members = sorted(members, key=lambda one: sort_naturally(read_text(one, "port")))
    first = members[0]
    client = read_text(first, "client")
    label = pair or read_text(first, "name") or read_text(first, "port")
    label = label.removeprefix(f"{client}:")
    return Endpoint(
        client,
        _shorten(label),
        read_text(first, "kind"),
        tuple(read_text(one, "port") for one in members),
        pair,
        read_number(first, "physical") > 0,
        latency_frames=int(read_number(first, "latency_frames")),
    )


def _shorten(label: str) -> str:
    """``label`` without what a DAW adds to the name of each track."""
    for suffix in SUFFIXES:
        before, found, behind = label.partition(suffix)
        if found and before and (not behind or behind.strip().isdecimal()):
            return before + behind
    return label


def _find_away_ends(ports: list[Record], ends: list[str], others: list[str], pairs: bool) -> list[Endpoint]:
    """Endpoints of links whose ports are not there, of the kind of the other end, paired by their names."""
    kinds = {read_text(one, "port"): read_text(one, "kind") for one in ports}
    groups: dict[tuple[str, str], list[str]] = {}
    for end, other in zip(ends, others, strict=True):
        if end not in kinds:
            matched = _PAIR.match(end)
            base = matched.group(1) if matched and pairs else end
            several = groups.setdefault((base, kinds.get(other, KINDS[0])), [])
            if end not in several:
                several.append(end)
    found = []
    for (base, kind), members in groups.items():
        members.sort(key=sort_naturally)
        for several in [members] if len(members) == 2 else [[one] for one in members]:
            client, _, label = (base if len(several) == 2 else several[0]).partition(":")
            pair = base if len(several) == 2 else ""
            found.append(Endpoint(client, _shorten(label or client), kind, tuple(several), pair, is_away=True))
    return found
