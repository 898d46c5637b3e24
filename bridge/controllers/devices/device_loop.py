"""Device loop: what is done for the system's MIDI devices each time their thread comes round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bridge.controllers.devices.daw_port import DawPort
from bridge.controllers.devices.device_readings import SILENT, BindingRow, DeviceRow, list_binding_rows
from bridge.controllers.devices.device_sessions import ObservedSurface, SessionFactory, log_warning, make_unmapped
from bridge.controllers.devices.device_watch import DeviceStatus, DeviceWatch
from bridge.controllers.learning.device_naming import make_title
from bridge.controllers.learning.mapping_editor import LearnDevice
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_store import MappingStore
from bridge.controllers.ports.midi_port import MidiPort, MidiSystem
from bridge.controllers.ports.session import DeviceSession


class DeviceLoop:
    """The devices of ``system``, and the ports for a DAW. One thread calls `update` and `close`.

    ``is_taken``: whether a port of this name reaches us another way, and is not to be opened. ``is_learning``: whether
    devices without a mapping are to be listened to. ``open_virtual``: None where a DAW is offered nothing.
    """

    def __init__(
        self,
        system: MidiSystem,
        store: MappingStore,
        sessions: SessionFactory,
        is_taken: Callable[[str], bool],
        is_learning: Callable[[], bool],
        open_virtual: Callable[[str], MidiPort] | None = None,
    ) -> None:
        self._store, self._is_learning = store, is_learning
        self._known: tuple[Mapping, ...] = ()
        self._watch = DeviceWatch(
            system,
            (),
            sessions.make_surface,
            make_handshake=sessions.make_handshake,
            is_taken=is_taken,
            on_warning=log_warning,
            make_unmapped=lambda port: make_unmapped(make_title(port)),
        )
        self._daw = None if open_virtual is None else DawPort(sessions, open_virtual)
        self._counted: list[DeviceSession] = []
        self._ended = (0, 0, 0)  # of sessions that ended

    @property
    def is_open(self) -> bool:
        """Whether a device or a DAW is there, and has to be polled."""
        return bool(self._watch.sessions) or (self._daw is not None and self._daw.is_busy)

    @property
    def counters(self) -> tuple[int, int, int]:
        """Messages received, sent and incomplete since the start."""
        return _add_counts(self._ended, self._counted)

    def update(self, now_s: float) -> None:
        """Handle what arrived and send what is due; look for devices once a second."""
        known = tuple(self._store.mappings.values())
        if known != self._known:
            self._known = known
            self._watch.replace_mappings(known, now_s)
        self._watch.listen(self._is_learning(), now_s)
        self._watch.update(now_s)
        if self._daw is not None:
            self._daw.update(now_s)
        self._count()

    def reopen(self, now_s: float) -> None:
        """Open every device anew, as if all had been unplugged for a moment."""
        self._watch.reopen(now_s)

    def close(self, now_s: float) -> bool:
        """Leave all devices as they were found; False where this takes time: call it again."""
        if self._daw is not None:
            self._daw.close(now_s)
            self._daw = None
        self._watch.close(now_s)
        self._watch.update(now_s)
        self._count()
        return self._watch.is_closed

    def describe(self) -> list[DeviceRow]:
        """The rows of the reading ``controllers.device``."""
        warnings = {
            session.surface.device: session.warning
            for session in self._watch.sessions
            if isinstance(session.surface, ObservedSurface)
        }
        rows = [
            self._describe_device(status, warnings.get(status.name, ""))
            for status in self._watch.devices
            if status.mapping.path
        ]
        return rows if self._daw is None else [*rows, self._daw.describe()]

    def list_bindings(self) -> Iterator[BindingRow]:
        """The rows of the reading ``controllers.binding``."""
        for session in self._watch.sessions:
            if isinstance(session.surface, ObservedSurface):
                yield from list_binding_rows(session.surface.device, session.surface.controller)

    def list_devices(self) -> list[LearnDevice]:
        """What can be learned from."""
        return [
            LearnDevice(one.name, one.input, one.output, one.mapping if one.mapping.path else None)
            for one in self._watch.devices
            if one.state in ("port", "confirmed")
        ]

    @staticmethod
    def _describe_device(status: DeviceStatus, warning: str) -> DeviceRow:
        detail = warning or status.detail
        if not detail and status.state == "port" and status.mapping.init_expect:
            detail = SILENT
        name = Path(status.mapping.path).stem
        return DeviceRow(status.name, name, status.input, status.output, status.state, detail)

    def _count(self) -> None:
        """Add up what sessions that ended had; none is forgotten before its last message has left."""
        current = self._watch.sessions
        ended = [one for one in self._counted if one not in current and (one.is_closed or one.is_gone)]
        self._ended = _add_counts(self._ended, ended)
        self._counted = [one for one in self._counted if one not in ended]
        self._counted += [one for one in current if one not in self._counted]


def _add_counts(counts: tuple[int, int, int], sessions: Iterable[DeviceSession]) -> tuple[int, int, int]:
    received, sent, incomplete = counts
    for session in sessions:
        received, sent = received + session.received, sent + session.sent
        incomplete += session.incomplete
    return received, sent, incomplete
