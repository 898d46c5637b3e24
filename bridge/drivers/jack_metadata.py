"""JACK metadata: pretty names and port groups, read by a thread of its own.

libjack keeps them in a database that all clients of a user share, with locks that a killed client can leave behind. So
nobody waits for this thread: what it has not read is not known.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.drivers.libjack import import_jack

log = logging.getLogger(__name__)

PRETTY_NAME = "http://jackaudio.org/metadata/pretty-name"
PORT_GROUP = "http://jackaudio.org/metadata/port-group"


@dataclass(frozen=True, slots=True)
class PortMetadata:
    """What is known of a port; empty where nobody said anything."""

    title: str = ""
    group: str = ""


class JackMetadata:
    """Reads when asked. ``ports``: by the ports' UUIDs, replaced as a whole with each reading."""

    def __init__(self) -> None:
        self.ports: Mapping[int, PortMetadata] = {}
        self.readings = 0
        """How often something new was read."""
        self._asked = threading.Event()
        self._left = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Ask for a reading; returns at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="jack-metadata", daemon=True)
            self._thread.start()
        self._asked.set()

    def leave(self) -> None:
        """End the thread as soon as it is idle. Nobody waits for it."""
        self._left.set()
        self._asked.set()

    def _run(self) -> None:
        while True:
            self._asked.wait()
            if self._left.is_set():
                return
            self._asked.clear()
            try:
                found = read_metadata()
            except (import_jack().JackError, OSError, ValueError) as error:
                log.debug("JACK's metadata cannot be read: %s", error)
                continue
            if found != self.ports:
                self.ports = found
                self.readings += 1


def read_metadata() -> dict[int, PortMetadata]:
    """Pretty name and port group of each subject that has either, by UUID."""
    found = {}
    for uuid, properties in import_jack().get_all_properties().items():
        title, group = (_decode(properties.get(key)) for key in (PRETTY_NAME, PORT_GROUP))
        if title or group:
            found[int(uuid)] = PortMetadata(title, group)
    return found


def _decode(entry: tuple[bytes, str] | None) -> str:
    """The text of a property, on one line."""
    text = entry[0].decode(errors="replace") if entry else ""
    return " ".join(text.split())
