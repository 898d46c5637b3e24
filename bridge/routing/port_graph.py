"""Port graph: ports and links of all clients of the audio system, as they were seen at one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

Link: TypeAlias = tuple[str, str]
"""(source port, destination port), full names."""

AUDIO, MIDI = "audio", "midi"
"""Kinds of ports. Links join ports of one kind."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port of any client.

    Attributes:
        name: The full name, ``client:port``.
        kind: `AUDIO` or `MIDI`.
        is_source: Whether signals come out of it.
        is_physical: Whether it is one of the sound card's, or of a MIDI device's.
        title: The pretty name that its client gave it; empty where it has none.
        aliases: Other names, such as a MIDI device's own.
        group: The port group that its client put it in; empty where it is in none.
        latency_frames: The most that lies before a source, or behind a destination.
    """

    name: str
    kind: str = AUDIO
    is_source: bool = True
    is_physical: bool = False
    title: str = ""
    aliases: tuple[str, ...] = ()
    group: str = ""
    latency_frames: int = 0

    @property
    def client(self) -> str:
        """The part of the name in front of the colon."""
        return get_client(self.name)

    @property
    def short_name(self) -> str:
        """The part of the name behind the colon."""
        return get_short_name(self.name)


@dataclass(frozen=True, slots=True)
class PortGraph:
    """``ports``: by full name. ``gone``: ports that left since the last look, some of which may be back."""

    ports: Mapping[str, Port] = field(default_factory=dict)
    links: frozenset[Link] = frozenset()
    gone: frozenset[str] = frozenset()


class LinkMaker(Protocol):
    """Access to the links of an audio system that runs."""

    def read(self) -> PortGraph:
        """All ports and links at this moment."""
        ...

    def connect(self, link: Link) -> None:
        """Connect two ports, or find them connected. Raises: DriverError: the audio system refuses."""
        ...

    def disconnect(self, link: Link) -> None:
        """Cut a link, or find it cut. Raises: DriverError: the audio system refuses."""
        ...

    def wait_until_shown(self, made: Collection[Link], cut: Collection[Link]) -> None:
        """Wait until `read` shows what was done; for a moment only."""
        ...


def get_client(port: str) -> str:
    """The client of a port's full name."""
    return port.partition(":")[0]


def get_short_name(port: str) -> str:
    """A port's full name without the client."""
    return port.partition(":")[2]


def make_graph(ports: Iterable[Port], links: Iterable[Link] = (), gone: Iterable[str] = ()) -> PortGraph:
    """A graph of ``ports`` and ``links``."""
    return PortGraph({port.name: port for port in ports}, frozenset(links), frozenset(gone))


def format_link(link: Link) -> str:
    """The link as a person writes it; the key of its row in the reading ``routing.link``."""
    return f"{link[0]} > {link[1]}"
