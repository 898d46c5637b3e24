"""Connections of our ports: remembered while the server or a peer is away, restored when it is back."""

from __future__ import annotations

import logging
import time
from typing import Any

from bridge.drivers.libjack import import_jack, read_aliases, read_connected_names, read_port_names

log = logging.getLogger(__name__)

SHOWN_S, SHOWN_TRIES = 0.01, 10  # longer than a period of 4096 frames
UNDONE_S = 1.0
"""A link is missing for so long, both its ports there, before it counts as undone by the user. A peer that quits loses
its links first and its ports a moment later; so does a server that dies while it is asked."""
Link = tuple[str, str]
"""(source port, destination port), full names."""


def read_links(client: Any) -> set[Link]:
    """Every link of ``client``'s ports, as the server has them."""
    links: set[Link] = set()
    for port in (*client.inports, *client.midi_inports):
        links |= {(other, port.name) for other in read_connected_names(client, port)}
    for port in (*client.outports, *client.midi_outports):
        links |= {(port.name, other) for other in read_connected_names(client, port)}
    return links


def _connect(client: Any, link: Link) -> bool:
    """Connect; False where the peer is not ready yet (its ports show before it is active) or was quicker."""
    try:
        client.connect(*link)
    except import_jack().JackError as error:
        log.debug("%s to %s waits: %s", *link, error)
        return False
    return True


def _wait_until_shown(client: Any, links: list[Link]) -> set[Link]:
    """Wait until the server shows ``links``, from its next cycle on; returns those that it shows."""
    wanted, shown = set(links), set[Link]()
    for _ in range(SHOWN_TRIES):
        shown = wanted & read_links(client)
        if shown == wanted:
            break
        time.sleep(SHOWN_S)
    return shown


class Connections:
    """The connections that the user wants for one client.

    A link that stays away for ``undone_s`` seconds although its ports stay was undone by the user and is forgotten.
    One that vanished with a port is kept, and made again when the port is back.
    """

    def __init__(self, undone_s: float = UNDONE_S) -> None:
        self._undone_s = undone_s
        self.wanted: set[Link] = set()
        self.present: set[Link] = set()
        """At the last update. Replaced as a whole, so any thread may read it."""
        self.aliases: dict[str, tuple[str, ...]] = {}
        """Of the ports in `present`, their other names. Replaced as a whole, too."""
        self._ports: set[str] = set()
        self._missing: dict[Link, float] = {}  # since when, although both ports stay

    def forget_server(self) -> None:
        """Forget the present links of a server that went away; they stay wanted."""
        self.present, self._ports, self._missing = set(), set(), {}

    def update(self, client: Any) -> list[Link]:
        """Learn the user's changes since the last call, then restore lost links; returns the links made now.

        ``client``: an active jack.Client.
        """
        ports, present, now = read_port_names(client), read_links(client), time.monotonic()
        stayed = self._ports & ports
        absent = (self.present | self._missing.keys()) - present
        self._missing = {link: self._missing.get(link, now) for link in absent if stayed.issuperset(link)}
        undone = {link for link, since in self._missing.items() if now - since >= self._undone_s}
        self.wanted = (self.wanted | present) - undone
        restored = []
        for link in sorted(self.wanted - present - self._missing.keys()):
            if ports.issuperset(link) and _connect(client, link):
                restored.append(link)
        present |= _wait_until_shown(client, restored)
        linked = {name for link in present for name in link}
        # before `present`, so that who reads a link finds its names
        self.aliases = {name: self.aliases.get(name) or read_aliases(client, name) for name in linked}
        self.present, self._ports = present, ports
        return restored
