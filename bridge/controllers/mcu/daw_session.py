"""DAW session: the device session with a DAW, for which Sideman is a Mackie Control behind a pair of ports."""

from __future__ import annotations

from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import DeviceTable, PortPatterns
from bridge.controllers.mcu.daw_surface import DawSurface
from bridge.controllers.mcu.handshake import DeviceHandshake
from bridge.controllers.mcu.protocol import NOTE_TOUCH, STRIPS, UNIT_MAIN, make_note
from bridge.controllers.ports.midi_port import MidiPort
from bridge.controllers.ports.session import DeviceSession

PORT_NAME = "Sideman MCU"
"""Name of both ports. DAWs keep it in their settings, so it never changes."""


def make_daw_session(port: MidiPort, surface: DawSurface) -> DeviceSession:
    """Make the session for the open ``port``: "port" while it is offered, "confirmed" once a DAW has proved itself.

    A DAW that has no handshake is served in the state "port". At the end every fader is let go.
    """
    return DeviceSession(port, surface, _make_mapping(), DeviceHandshake(UNIT_MAIN))


def _make_mapping() -> Mapping:
    """What a session must know of the DAW: how it is left. It has no inputs of a mapping file."""
    return Mapping(
        name=PORT_NAME,
        doc="Sideman as a Mackie Control of a DAW",
        source="",
        verified="docs",
        path="",
        device=DeviceTable(input=PortPatterns(), protocol="mcu", unit=UNIT_MAIN, strips=STRIPS),
        inputs=(),
        feedback=(),
        strips=(),
        exit=tuple(make_note(NOTE_TOUCH + strip, 0) for strip in range(STRIPS)),
    )
