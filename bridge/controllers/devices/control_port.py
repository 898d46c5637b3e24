"""Control port: the controller behind the JACK ports control_in and control_out, and which mapping it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bridge.controllers.devices.device_readings import SILENT, DeviceRow
from bridge.controllers.devices.device_sessions import SessionFactory, make_unmapped
from bridge.controllers.devices.device_watch import is_same_device
from bridge.controllers.learning.device_naming import make_title
from bridge.controllers.learning.mapping_editor import LearnDevice
from bridge.controllers.mappings.mapping import Mapping as ControllerMapping
from bridge.controllers.mappings.strips import make_strips
from bridge.controllers.mcu.daw_session import PORT_NAME, make_daw_session
from bridge.controllers.mcu.daw_surface import DawSurface
from bridge.controllers.ports.midi_port import MidiPort
from bridge.controllers.ports.port_names import get_system, rate_name, select_patterns
from bridge.controllers.ports.session import DeviceSession

DEVICE = "control_in"
"""The name of the device in the readings, while nothing is connected."""
DAW = "mcu"
"""In place of a mapping's name: a DAW is connected, for which Sideman is a Mackie Control."""
SETTLE_CYCLES = 2
"""JACK says that ports are connected before the cycle in which they are: what is sent in between is lost."""
UNKNOWN = "no mapping is for a device of this name; sideman learn makes one"


@dataclass(frozen=True, slots=True)
class Peers:
    """What is connected to control_in (``sources``) and to control_out (``sinks``): of each port all its names."""

    sources: tuple[tuple[str, ...], ...] = ()
    sinks: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A mapping for what is connected. ``name``: of its file, "" without one. ``detail``: what the user should know.

    ``device``: the name of the device; ``port``: that of its port, empty while nothing is connected.
    """

    name: str = ""
    mapping: ControllerMapping | None = None
    device: str = DEVICE
    port: str = ""
    detail: str = "connect a controller to control_in and control_out"


def choose_mapping(peers: Peers, mappings: Mapping[str, ControllerMapping], wanted: str = "") -> Choice:
    """Choose the mapping by the names of the ports that are connected to control_in; ``wanted``: the name of its file.

    The port takes the messages of all that is connected, so only one device can have a mapping.
    """
    if wanted == DAW:
        return Choice(device=PORT_NAME, detail="connect the DAW's Mackie Control to control_in and control_out")
    rated = [(_rate_port(names, mapping), names, name) for names in peers.sources for name, mapping in mappings.items()]
    rating, names, name = max(rated, key=lambda one: one[0], default=(0, (), ""))
    if wanted:
        if wanted not in mappings:
            return Choice(detail=f"there is no mapping {wanted}; correct [controllers] control_in in sideman.toml")
        name = wanted
    elif rating == 0:
        if not peers.sources:
            return Choice()
        port = _choose_name(peers.sources[0])
        return Choice(device=make_title(port), port=port, detail=UNKNOWN)
    if not rating:
        names = peers.sources[0] if peers.sources else ()
    mapping, port = mappings[name], _choose_name(names)
    return Choice(name, mapping, mapping.name, port, _describe_peers(peers, port, mapping))


def _rate_port(names: tuple[str, ...], mapping: ControllerMapping) -> int:
    patterns = select_patterns(mapping.device.input, get_system())
    return max(rate_name(name, patterns) for name in names)


def _choose_name(names: tuple[str, ...]) -> str:
    """The most telling one: JACK calls the ports of devices ``system:midi_capture_1``, and their own names aliases."""
    return next((name for name in names if not name.startswith("system:")), names[0] if names else "")


def _describe_peers(peers: Peers, port: str, mapping: ControllerMapping) -> str:
    others = [shown for names in peers.sources if (shown := _choose_name(names)) != port]
    if others:
        return f"{', '.join(others)}: connected as well, and taken for the same device; disconnect it"
    if not peers.sources:
        return "connect it to control_in and control_out"
    has_lights = bool(mapping.feedback) or any(one.led is not None for one in mapping.inputs)
    if has_lights and not peers.sinks:
        return "nothing is connected to control_out, so it has no lights; connect the device's input to it"
    return ""


class ControlPort:
    """The session on control_in and control_out. Its methods are called by one thread.

    ``open_port``: opens the pair anew. ``read_peers``: returns what is connected at this moment, for each update.
    ``wanted``: the name of a mapping or DAW, empty to choose it by what is connected. ``wake``: see `SessionFactory`.
    ``has_device``: whether there is another device of that name. ``read_cycles``: returns how many cycles the server
    has run; None where cables carry messages as soon as they are noticed.
    """

    def __init__(
        self,
        open_port: Callable[[], MidiPort],
        sessions: SessionFactory,
        read_peers: Callable[[], Peers],
        wanted: str = "",
        wake: Callable[[], object] | None = None,
        has_device: Callable[[str], bool] = lambda _name: False,
        read_cycles: Callable[[], int] | None = None,
    ) -> None:
        self._has_device = has_device
        self._open_port, self._sessions, self._wake = open_port, sessions, wake
        self._read_peers, self._wanted = read_peers, wanted
        self._read_cycles = read_cycles
        self._peers = self._noticed = Peers()
        self._noticed_cycle = 0
        self._mappings: Mapping[str, ControllerMapping] | None = None
        self._choice = Choice()
        self.session: DeviceSession | None = None

    @property
    def is_connected(self) -> bool:
        """Whether anything is connected to either port."""
        return bool(self._noticed.sources or self._noticed.sinks)

    def update(self, mappings: Mapping[str, ControllerMapping], now_s: float) -> None:
        """Handle what arrived and send what is due, with the mapping that fits what is connected now."""
        session, peers = self.session, self._read_peers()
        if self._is_settling(peers):
            pass  # what is sent now may go nowhere
        elif session is None or session.is_gone or session.is_closed or peers != self._peers:
            # new cables may lead to a device that was never sent anything
            self._change(peers, mappings, now_s, starts_anew=True)
        elif mappings is not self._mappings:
            self._change(peers, mappings, now_s, starts_anew=False)
        if self.session is not None:
            self.session.update(now_s)

    def _is_settling(self, peers: Peers) -> bool:
        """Whether a cable to control_out is so new that the server may not carry anything over it yet."""
        if self._read_cycles is None:
            self._noticed = peers
            return False
        cycle = self._read_cycles()
        if peers != self._noticed:
            self._noticed, self._noticed_cycle = peers, cycle
        is_new = any(sink not in self._peers.sinks for sink in peers.sinks)
        # a new server counts from 0
        return is_new and 0 <= cycle - self._noticed_cycle < SETTLE_CYCLES

    def _change(self, peers: Peers, mappings: Mapping[str, ControllerMapping], now_s: float, starts_anew: bool) -> None:
        """Run the mapping that fits ``peers``; in the same session where only the entries of its file were edited."""
        before, choice = self._choice, choose_mapping(peers, mappings, self._wanted)
        if self._has_device(choice.device):
            choice = replace(choice, device=f"{choice.device} at {DEVICE}")
        mapping = make_unmapped(choice.device) if choice.mapping is None else choice.mapping
        is_edited = choice.mapping is not before.mapping
        if is_edited and not starts_anew and self.session is not None and is_same_device(self.session.mapping, mapping):
            surface = self._sessions.make_surface(mapping, choice.device, self._wake)
            self.session.replace_surface(surface, mapping, now_s)
        elif self._wanted == DAW and self.session is not None and not (self.session.is_gone or self.session.is_closed):
            if starts_anew and not peers.sources:
                self.session.surface.release(now_s)
            elif starts_anew:
                self.session.start(now_s)  # a DAW that was just connected may have shown everything already
        elif is_edited or starts_anew:
            if self.session is not None and not self.close(now_s):
                return  # a slow device is still being sent its exit messages
            self.session = self._make_session(mapping, choice.device)
            self.session.start(now_s)
        self._peers, self._mappings, self._choice = peers, mappings, choice

    def _make_session(self, mapping: ControllerMapping, device: str) -> DeviceSession:
        if self._wanted == DAW:
            bus = self._sessions.bus
            return make_daw_session(self._open_port(), DawSurface(bus, make_strips(bus.registry)))
        return self._sessions.make_session(self._open_port(), mapping, device, self._wake)

    def close(self, now_s: float) -> bool:
        """Leave the device as it was found; False where this takes time: call it again."""
        if self.session is None:
            return True
        self.session.close(now_s)
        self.session.update(now_s)
        if not (self.session.is_closed or self.session.is_gone):
            return False
        self.session.surface.close()
        self.session = None
        return True

    def describe(self) -> DeviceRow:
        """The row of the reading ``controllers.device``."""
        choice, peers = self._choice, self._peers
        sources, sinks = (", ".join(map(_choose_name, ports)) for ports in (peers.sources, peers.sinks))
        if self.session is None or not peers.sources:
            return DeviceRow(choice.device, choice.name, sources, sinks, "missing", choice.detail)
        session, detail = self.session, self.session.warning or choice.detail
        if isinstance(session.surface, DawSurface):
            detail = session.surface.describe()
        if not detail and session.state == "port" and session.mapping.init_expect:
            detail = SILENT
        return DeviceRow(choice.device, choice.name, sources, sinks, session.state, detail)

    def list_devices(self) -> list[LearnDevice]:
        """What can be learned from."""
        choice, sinks = self._choice, self._peers.sinks
        if not choice.port:
            return []
        return [LearnDevice(choice.device, choice.port, _choose_name(sinks[0]) if sinks else "", choice.mapping)]
