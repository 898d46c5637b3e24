"""MIDI systems of the machine by name, and what each of them lacks.

python-rtmidi is loaded on use: its wheel needs ALSA's library on Linux, and a machine without it has no MIDI devices,
but a sidecar.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import DriverError

if TYPE_CHECKING:
    from bridge.controllers.ports.rtmidi_system import RtmidiSystem

log = logging.getLogger(__name__)

CLIENT = "Sideman"
SEQUENCER = Path("/dev/snd/seq")
RTMIDI_FIX = "Debian, Ubuntu: sudo apt-get install libasound2; elsewhere install Sideman again"
_INSTEAD = "controllers reach Sideman through its JACK port control_in all the same"


def open_midi_system(api: str = "", client: str = CLIENT) -> RtmidiSystem | None:
    """The MIDI system called ``api`` (alsa, coremidi, winmm or jack), or the machine's own; None where there is none.

    Then one line of the log says what is missing.

    Raises:
        ConfigError: There is no API of that name.
    """
    missing = find_missing(api)
    if missing is None:
        from bridge.controllers.ports import rtmidi_system

        try:
            return rtmidi_system.open_system(rtmidi_system.get_api(api), client)
        except DriverError as error:
            missing = error
    log.info("MIDI devices: %s; %s", missing, _INSTEAD)
    return None


def find_missing(api: str = "") -> DriverError | None:
    """What the MIDI system called ``api`` lacks on this machine, with the fix; None where nothing is known to lack.

    Raises:
        ConfigError: There is no API of that name.
    """
    try:
        from bridge.controllers.ports import rtmidi_system
    except (ImportError, OSError) as error:
        return DriverError(f"python-rtmidi does not load ({error})", RTMIDI_FIX)
    number = rtmidi_system.get_api(api)
    if not rtmidi_system.is_compiled(number):
        name = rtmidi_system.get_api_name(number)
        return DriverError(f"this python-rtmidi has no {name}", "install it from its own wheel")
    # asked before rtmidi, because ALSA's library complains on the terminal
    if number == rtmidi_system.ALSA:
        if not SEQUENCER.exists():
            return DriverError(f"ALSA's sequencer {SEQUENCER} is missing", "load it: sudo modprobe snd-seq")
        if not os.access(SEQUENCER, os.R_OK | os.W_OK):
            return DriverError(
                f"no rights for ALSA's sequencer {SEQUENCER}", "sudo usermod -aG audio $USER, log in anew"
            )
    return None
