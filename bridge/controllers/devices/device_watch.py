"""Device watch: opens every device that has a mapping, notices when one leaves, and takes it up again when it returns.

MIDI systems do not say that a device is gone, so the names of all ports are listed once a second. What returns under
another number or prefix is the same device again: it keeps its surface, and its lights are sent again. A port that
another program has is tried again at growing intervals, and so is a list that cannot be had, so that nothing that fails
costs more than what works.

Two units of one model are two devices with the same mapping. Where their ports have the same name, and one of them
comes or goes, nobody can say which one it was: then both are opened anew.

Devices without a mapping are opened only while `DeviceWatch.listen` says so, as MIDI learn needs it: on Windows nobody
else can have a port that is open.

A device that leaves and returns under the very same name between two lists is not noticed; `DeviceWatch.reopen` helps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.ports.midi_port import MidiSystem
from bridge.controllers.ports.port_assignment import assign_ports, find_unsure, list_unassigned
from bridge.controllers.ports.port_names import PortPair, SystemName, get_system
from bridge.controllers.ports.session import DeviceSession, Handshake, Surface
from bridge.errors import DriverError

log = logging.getLogger(__name__)

LIST_S = 1.0
"""Time between two lists of names: a device that returns is open within this and one update."""
LONGEST_WAIT_S = 30.0
"""Longest time between two attempts at what failed before."""
SETTLED_S = 10.0
"""A device that was open for so long is no failure: when it fails later, the first attempt follows at once."""
NO_OUTPUT = "it has no output, so no lights"

DeviceState = Literal["port", "confirmed", "missing", "taken"]


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """A device that is or was there. ``name``: the mapping's, with a number from the second unit on.

    ``state``: "port" while it is open, "confirmed" once it answered as its mapping expects, "missing" while it is
    unplugged, "taken" while its port cannot be opened; ``detail`` says why, and what to do. ``since_s``: when that
    began. ``input`` and ``output``: the names of its ports.
    """

    name: str
    mapping: Mapping
    input: str
    output: str
    state: DeviceState
    detail: str
    since_s: float


class _Device:
    """A unit with its surface, which it keeps while it is away."""

    def __init__(self, name: str, mapping: Mapping, surface: Surface, pair: PortPair, now_s: float) -> None:
        self.name, self.mapping, self.surface, self.pair = name, mapping, surface, pair
        self.session: DeviceSession | None = None
        self.is_present = True
        self.state: DeviceState = "missing"
        self.detail = ""
        self.since_s = self.opened_s = self.retry_s = now_s
        self.wait_s = 0.0

    def set_state(self, state: DeviceState, detail: str, now_s: float) -> None:
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail, self.since_s = state, detail, now_s

    def return_as(self, pair: PortPair, now_s: float) -> None:
        """It is there, with these ports. Where it was away, whatever failed before is forgotten."""
        self.pair = pair
        if not self.is_present:
            self.is_present = True
            self.wait_s, self.retry_s = 0.0, now_s

    def abandon(self, now_s: float) -> None:
        """Close its port without its exit messages: the device is gone, or another has it."""
        if self.session is not None:
            self.session.abandon(now_s)
            self.session = None

    def delay_retry(self, now_s: float) -> None:
        """Wait twice as long as last time for the next attempt."""
        self.wait_s = min(LONGEST_WAIT_S, max(LIST_S, 2 * self.wait_s))
        self.retry_s = now_s + self.wait_s


class DeviceWatch:
    """All devices of a MIDI system that have a mapping. Used by one thread; times as in `DeviceSession`.

    ``mappings``: of two that fit a port equally well the first is taken. ``make_surface``: for a mapping and the name
    of the device, which is another one for each unit. ``make_handshake``: None for a device that has none.
    ``is_taken``: whether the port of that name is connected elsewhere in Sideman, as to `control_in`.
    ``make_unmapped``: an empty mapping for the port of a name that no mapping fits.
    """

    def __init__(
        self,
        system: MidiSystem,
        mappings: Sequence[Mapping],
        make_surface: Callable[[Mapping, str], Surface],
        *,
        make_handshake: Callable[[Mapping], Handshake | None] = lambda _mapping: None,
        is_taken: Callable[[str], bool] = lambda _name: False,
        on_warning: Callable[[str, str], None] | None = None,
        make_unmapped: Callable[[str], Mapping] | None = None,
        system_name: SystemName | None = None,
    ) -> None:
        self._system, self._mappings = system, tuple(mappings)
        self._make_surface, self._make_handshake = make_surface, make_handshake
        self._is_taken, self._on_warning = is_taken, on_warning
        self._make_unmapped = make_unmapped
        self._is_listening = False
        self._unmapped: dict[str, Mapping] = {}
        self._system_name = system_name or get_system()
        self._devices: list[_Device] = []
        self._leaving: list[tuple[DeviceSession, PortPair]] = []
        self._names: tuple[list[str], list[str]] | None = None
        self._list_s = float("-inf")
        self._list_wait_s = 0.0
        self._is_closing = False

    @property
    def devices(self) -> tuple[DeviceStatus, ...]:
        """Every device that was there since the start, in the order in which they came."""
        return tuple(
            DeviceStatus(d.name, d.mapping, d.pair.input, d.pair.output, d.state, d.detail, d.since_s)
            for d in self._devices
        )

    @property
    def sessions(self) -> tuple[DeviceSession, ...]:
        """The open devices."""
        return tuple(device.session for device in self._devices if device.session is not None)

    @property
    def is_closed(self) -> bool:
        """Whether all devices were left, after `close`."""
        return self._is_closing and not self._devices and not self._leaving

    def update(self, now_s: float) -> None:
        """Serve all open devices; once a second look which ones there are. Call it every few milliseconds."""
        if not self._is_closing and now_s >= self._list_s:
            self._list_s = now_s + LIST_S
            self._look(now_s)
        for device in self._devices:
            if device.session is not None:
                device.session.update(now_s)
                self._judge(device, device.session, now_s)
        self._finish_leaving(now_s)

    def replace_mappings(self, mappings: Sequence[Mapping], now_s: float) -> None:
        """Go on with other mappings. A device whose `device` table did not change stays open and gets a new surface."""
        self._mappings = tuple(mappings)
        self._names = None
        self._list_s = now_s
        by_name = {mapping.name: mapping for mapping in reversed(self._mappings)}
        listened = [device for device in self._devices if device.mapping in self._unmapped.values()]
        for device in [device for device in self._devices if device not in listened]:
            mapping = by_name.get(device.mapping.name)
            if mapping is not None and mapping == device.mapping:
                device.mapping = mapping
            elif mapping is not None and is_same_device(mapping, device.mapping):
                device.mapping, surface = mapping, self._make_surface(mapping, device.name)
                if device.session is not None:
                    device.session.replace_surface(surface, mapping, now_s)
                else:
                    device.surface.close()
                device.surface = surface
            else:
                self._leave(device, now_s)

    def listen(self, is_listening: bool, now_s: float) -> None:
        """Open the inputs that no mapping fits as well, or close them again."""
        if is_listening != self._is_listening:
            self._is_listening, self._names, self._list_s = is_listening, None, now_s

    def reopen(self, now_s: float) -> None:
        """Open every device anew, as if all had been unplugged for a moment."""
        for device in self._devices:
            device.abandon(now_s)
            device.retry_s = now_s
        self._names = None
        self._list_s = now_s

    def close(self, now_s: float) -> None:
        """Leave all devices. Those that take their exit messages slowly need `update` until `is_closed`."""
        self._is_closing = True
        for device in list(self._devices):
            self._leave(device, now_s)
        self._finish_leaving(now_s)

    def _look(self, now_s: float) -> None:
        """List the ports; open what came, give up what left, try again what is due."""
        try:
            names = self._system.list_inputs(), self._system.list_outputs()
        except DriverError as error:
            if not self._list_wait_s:
                log.warning("%s", error)
            self._list_wait_s = min(LONGEST_WAIT_S, max(LIST_S, 2 * self._list_wait_s))
            self._list_s = now_s + self._list_wait_s
            return
        self._list_wait_s = 0.0
        if names != self._names:
            self._compare(names, now_s)
            self._names = names
        for device in self._devices:
            if device.is_present:
                self._open_if_due(device, now_s)

    def _compare(self, names: tuple[list[str], list[str]], now_s: float) -> None:
        unsure = set() if self._names is None else find_unsure(self._names[0], names[0])
        if self._names is not None:
            unsure |= find_unsure(self._names[1], names[1])
        pairs = assign_ports(self._mappings, *names, self._system_name) + self._find_unmapped(names[0])
        left = {id(pair): (mapping, pair) for mapping, pair in pairs}
        for device in list(self._devices):
            found = next((p for m, p in left.values() if m is device.mapping and p == device.pair), None)
            if found is not None and not {found.input, found.output} & unsure:
                del left[id(found)]
                device.return_as(found, now_s)
            elif device.is_present:
                device.is_present = False
                device.abandon(now_s)
                device.set_state("missing", "", now_s)
                if not any(device.mapping is mapping for mapping in self._mappings):
                    self._leave(device, now_s)
        for mapping, pair in left.values():
            self._take_up(mapping, pair, now_s)

    def _find_unmapped(self, inputs: list[str]) -> list[tuple[Mapping, PortPair]]:
        """While listening, the inputs that no mapping fits, each with an empty mapping that stays the same."""
        make = self._make_unmapped if self._is_listening else None
        if make is None:
            self._unmapped.clear()
            return []
        pairs = list_unassigned(self._mappings, inputs, self._system_name)
        self._unmapped = {pair.input: self._unmapped.get(pair.input) or make(pair.input) for pair in pairs}
        return [(self._unmapped[pair.input], pair) for pair in pairs]

    def _take_up(self, mapping: Mapping, pair: PortPair, now_s: float) -> None:
        """Give the ports to a device that was away, rather to one whose ports had these names; else to a new one."""
        away = [device for device in self._devices if device.mapping is mapping and not device.is_present]
        device = next((device for device in away if device.pair == pair), away[0] if away else None)
        if device is None:
            names, name, unit = {device.name for device in self._devices}, mapping.name, 1
            while name in names:
                unit += 1
                name = f"{mapping.name} {unit}"
            device = _Device(name, mapping, self._make_surface(mapping, name), pair, now_s)
            self._devices.append(device)
        device.return_as(pair, now_s)

    def _open_if_due(self, device: _Device, now_s: float) -> None:
        pair = device.pair
        if self._is_taken(pair.input):
            device.abandon(now_s)
            device.set_state("taken", f"{pair.input} is connected to control_in", now_s)
            device.retry_s = now_s
            return
        if device.session is not None or now_s < device.retry_s or any(pair == other for _, other in self._leaving):
            return
        try:
            port = self._system.open(pair.input, pair.output, pair.input_nth, pair.output_nth)
        except DriverError as error:
            if device.state != "taken":
                log.warning("%s: %s", device.name, error)
            device.set_state("taken", str(error), now_s)
            device.delay_retry(now_s)
            return
        on_warning = None if self._on_warning is None else _bind_warning(self._on_warning, device.name)
        handshake = self._make_handshake(device.mapping)
        device.session = DeviceSession(port, device.surface, device.mapping, handshake, on_warning)
        device.opened_s = now_s
        device.session.start(now_s)
        self._judge(device, device.session, now_s)

    def _judge(self, device: _Device, session: DeviceSession, now_s: float) -> None:
        if not session.is_gone:
            device.set_state(session.state, session.warning or ("" if device.pair.output else NO_OUTPUT), now_s)
            return
        if now_s - device.opened_s > SETTLED_S:
            device.wait_s = 0.0
        device.session = None
        device.set_state("missing", session.failure, now_s)
        device.delay_retry(now_s)

    def _leave(self, device: _Device, now_s: float) -> None:
        """Forget the device; its exit messages are sent first, its surface is closed after them."""
        self._devices.remove(device)
        if device.session is None:
            device.surface.close()
            return
        device.session.close(now_s)
        self._leaving.append((device.session, device.pair))

    def _finish_leaving(self, now_s: float) -> None:
        for session, pair in list(self._leaving):
            session.update(now_s)
            if session.is_closed or session.is_gone:
                self._leaving.remove((session, pair))
                session.surface.close()


def is_same_device(first: Mapping, second: Mapping) -> bool:
    """Whether two mappings put the device into the same state, so that one can follow the other while it is open."""
    return (first.device, first.init, first.init_expect, first.exit, first.keepalive) == (
        second.device,
        second.init,
        second.init_expect,
        second.exit,
        second.keepalive,
    )


def _bind_warning(on_warning: Callable[[str, str], None], name: str) -> Callable[[str], None]:
    return lambda text: on_warning(name, text)
