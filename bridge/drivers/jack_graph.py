"""JACK graph: all ports and links of a server, read through one client; connects and cuts them."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from bridge.drivers.graph_watch import GraphWatch
from bridge.drivers.jack_metadata import JackMetadata, PortMetadata
from bridge.drivers.libjack import CAPTURE, PLAYBACK, LatencyRange, import_jack, load, read_strings
from bridge.errors import DriverError
from bridge.routing.port_graph import AUDIO, MIDI, Link, Port, PortGraph

IS_INPUT, IS_PHYSICAL = 0x1, 0x4  # JackPortFlags
EEXIST = 17  # jack_connect: they are connected already
KINDS = {b"32 bit float mono audio": AUDIO, b"8 bit raw midi": MIDI}
"""Kinds by JACK's names; ports of others are left out."""
SHOWN_S, SHOWN_TRIES = 0.01, 10  # longer than a period of 4096 frames
REREAD_LOOKS = 4
"""Every so many looks all is read even if no change was noticed: libjack loses a notification now and then."""
RENEW_LOOKS = 10 * REREAD_LOOKS
"""Every so many looks all ports are looked up by their names again, which takes as long as all else."""
_NOBODY = PortMetadata()


class JackGraph:
    """Links of the server of ``client``, as `bridge.routing.port_graph.LinkMaker`. For one thread.

    ``watch``: of the same client; without it every look reads all.
    """

    def __init__(self, client: Any, watch: GraphWatch | None = None, metadata: JackMetadata | None = None) -> None:
        self._client, self._watch, self._metadata = client, watch, metadata
        self._graph = PortGraph()
        self._handles: dict[str, Any] = {}
        self._seen: tuple[object, ...] = ()
        self._looks = 0
        self._properties = -1
        self._range = LatencyRange()

    @property
    def is_changed(self) -> bool:
        """Whether a change was noticed since the last look."""
        return self._watch is not None and self._make_stamp() != self._seen

    def read(self) -> PortGraph:
        """All ports and links; the same object as before where nothing changed."""
        stamp = self._make_stamp()
        self._looks += 1
        if self._watch is not None and stamp == self._seen and self._looks % REREAD_LOOKS:
            return self._forget_gone()
        if self._metadata is not None and self._watch is not None and self._watch.property_changes != self._properties:
            self._properties = self._watch.property_changes
            self._metadata.ask()
        gone = self._find_gone()
        # where a notification was lost, a handle may be that of a port that left: its memory keeps the name
        is_sure = self._watch is not None and self._looks % RENEW_LOOKS != 0
        known = {name: one for name, one in self._handles.items() if is_sure and name not in gone}
        self._handles = self._find_handles(read_all_ports(self._client), known)
        found = (self._read_port(name, handle) for name, handle in self._handles.items())
        ports = {port.name: port for port in found if port is not None}
        links = frozenset(self._read_links(ports))
        self._seen = stamp
        if gone or links != self._graph.links or ports != self._graph.ports:
            self._graph = PortGraph(ports, links, gone)
            return self._graph
        return self._forget_gone()

    def forget_stamp(self) -> None:
        """Read all with the next look."""
        self._seen = ()

    def connect(self, link: Link) -> None:
        """Connect two ports, or find them connected. Raises: DriverError."""
        source, destination = (name.encode() for name in link)
        answer = import_jack()._lib.jack_connect(self._client._ptr, source, destination)
        if answer not in (0, EEXIST):
            raise DriverError("JACK refuses to connect these ports", "its client may be starting or ending; try again")
        self.forget_stamp()

    def disconnect(self, link: Link) -> None:
        """Cut a link, or find it cut. Raises: DriverError."""
        source, destination = (name.encode() for name in link)
        lib = import_jack()._lib
        if lib.jack_disconnect(self._client._ptr, source, destination) and self._is_connected(link):
            raise DriverError("JACK refuses to cut this connection", "its client may be starting or ending; try again")
        self.forget_stamp()

    def wait_until_shown(self, made: Collection[Link], cut: Collection[Link]) -> None:
        """Wait until the server shows what was done, from its next cycle on, or for a tenth of a second."""
        for _ in range(SHOWN_TRIES):
            if all(map(self._is_connected, made)) and not any(map(self._is_connected, cut)):
                return
            time.sleep(SHOWN_S)

    def _is_connected(self, link: Link) -> bool:
        jack = import_jack()
        handle = jack._lib.jack_port_by_name(self._client._ptr, link[0].encode())
        return bool(handle) and link[1] in read_strings(
            jack._lib.jack_port_get_all_connections(self._client._ptr, handle)
        )

    def _make_stamp(self) -> tuple[object, ...]:
        """Different after any change that was noticed."""
        watch, metadata = self._watch, self._metadata
        changes = (watch.changes, watch.property_changes) if watch else ()
        return (*changes, metadata.readings if metadata else 0)

    def _forget_gone(self) -> PortGraph:
        """The last graph; that ports left is said once."""
        if self._graph.gone:
            self._graph = replace(self._graph, gone=frozenset())
        return self._graph

    def _find_gone(self) -> frozenset[str]:
        """The names of ports that left since the last look: in JACK 2 a handle is the port's number."""
        numbers = self._watch.take_left() if self._watch is not None else set[int]()
        if not numbers:
            return frozenset()
        ffi = import_jack()._ffi
        return frozenset(name for name, one in self._handles.items() if int(ffi.cast("uintptr_t", one)) in numbers)

    def _find_handles(self, names: list[str], known: dict[str, Any]) -> dict[str, Any]:
        """libjack's handle of each port: that of ``known``, or looked up, which takes longer where there are many."""
        lib = import_jack()._lib
        found = {name: known.get(name) or lib.jack_port_by_name(self._client._ptr, name.encode()) for name in names}
        return {name: handle for name, handle in found.items() if handle}

    def _read_port(self, name: str, handle: Any) -> Port | None:
        """The port; None where it has gone, or is of a kind that nobody here connects."""
        jack = import_jack()
        lib, ffi = jack._lib, jack._ffi
        if _read_name(handle) != name:
            return None  # it has gone since it was listed
        known = self._graph.ports.get(name)
        flags = int(lib.jack_port_flags(handle))
        is_source = not flags & IS_INPUT
        kind = KINDS.get(ffi.string(lib.jack_port_type(handle)), "")
        if not kind:
            return None
        data = _NOBODY
        if self._metadata is not None and self._metadata.ports:
            data = self._metadata.ports.get(int(lib.jack_port_uuid(handle)), _NOBODY)
        # others than those of MIDI devices are for nobody's eyes
        aliases = _read_aliases(handle) if kind == MIDI else ()
        latency = self._read_latency(handle, CAPTURE if is_source else PLAYBACK)
        port = Port(name, kind, is_source, bool(flags & IS_PHYSICAL), data.title, aliases, data.group, latency)
        return known if port == known else port

    def _read_latency(self, handle: Any, mode: int) -> int:
        pointer = int(import_jack()._ffi.cast("uintptr_t", handle))
        load().jack_port_get_latency_range(pointer, mode, ctypes.byref(self._range))
        return int(self._range.max)

    def _read_links(self, ports: dict[str, Port]) -> list[Link]:
        lib = import_jack()._lib
        links = []
        for name, port in ports.items():
            if port.is_source and lib.jack_port_connected(self._handles[name]):
                found = lib.jack_port_get_all_connections(self._client._ptr, self._handles[name])
                links += [(name, other) for other in read_strings(found) if other in ports]
        return links


def read_all_ports(client: Any) -> list[str]:
    """The full names of all ports on the server, in its order."""
    return list(read_strings(import_jack()._lib.jack_get_ports(client._ptr, b"", b"", 0)))


def _read_name(handle: Any) -> str:
    jack = import_jack()
    name = jack._lib.jack_port_name(handle)
    return jack._ffi.string(name).decode(errors="replace") if name else ""


def _read_aliases(handle: Any) -> tuple[str, ...]:
    """Other names of a port, such as a MIDI device's own."""
    jack = import_jack()
    size = int(jack._lib.jack_port_name_size())
    buffers = [jack._ffi.new("char[]", size) for _ in range(2)]
    count = int(jack._lib.jack_port_get_aliases(handle, jack._ffi.new("char*[2]", buffers)))
    return tuple(jack._ffi.string(buffer).decode(errors="replace") for buffer in buffers[: max(0, count)])
