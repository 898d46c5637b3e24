"""Mackie Control check: by which ports a DAW finds Sideman as a control surface."""

from __future__ import annotations

from collections.abc import Callable

from bridge.controllers.mcu.daw_session import PORT_NAME
from bridge.controllers.ports.midi_systems import find_missing
from bridge.controllers.ports.port_names import get_system
from bridge.doctor.finding import Finding
from bridge.drivers.audio_system import PORTAUDIO
from bridge.errors import DriverError
from bridge.settings import Settings

NAME = "Mackie Control"
OVER_JACK = 'a DAW on JACK: control_in = "mcu" under [controllers] in sideman.toml'


def check_mcu(
    settings: Settings, find: Callable[[str], DriverError | None] = find_missing, system: str | None = None
) -> Finding:
    """What a DAW adds as a Mackie Control. No port is opened.

    ``find``: what the MIDI system of that name lacks. ``system``: of `get_system`, by default this machine's.
    """
    wanted = settings.controllers
    if wanted.control_in == "mcu":
        if settings.audio.system == PORTAUDIO:
            fix = 'leave control_in out, or set [audio] system = "jack"'
            return Finding(NAME, "warn", "control_in is a port of JACK, and the sidecar runs on audio devices", fix)
        client = settings.jack.client
        return Finding(NAME, "ok", f"over JACK: connect the DAW to {client}:control_in and {client}:control_out")
    if not (wanted.midi and wanted.mcu):
        return Finding(NAME, "ok", "off", "for the mixer of a DAW: midi and mcu = true under [controllers]")
    missing = find(wanted.api)
    if missing is not None:
        return Finding(NAME, "ok", f"no ports for a DAW: {missing.message}", f"{missing.hint}; {OVER_JACK}")
    if (system or get_system()) == "windows":
        fix = f"make them in loopMIDI: {PORT_NAME} in, {PORT_NAME} out"
        return Finding(NAME, "ok", "needs two ports of loopMIDI, because Windows lets no program make ports", fix)
    return Finding(NAME, "ok", f"sideman run offers the ports {PORT_NAME}; add them in the DAW (docs/mcu.md)")
