"""Virtual MIDI ports of one direction, which other programs see as a device of that name.

Windows lets no program make them: there a port of loopMIDI that has the name is opened (untried).
"""

from __future__ import annotations

import time
from typing import Any

import rtmidi

from bridge.controllers.ports.rtmidi_system import FLUSH_S, QUEUE_MESSAGES
from bridge.core.midi_stream import MidiStream
from bridge.errors import DriverError

LOOPMIDI_FIX = "install loopMIDI and make a port of this name there"


class VirtualInput:
    """A port called ``name`` that others send to. ``api``: one of rtmidi's numbers. Polled by one thread.

    Raises:
        DriverError: It cannot be made.
    """

    def __init__(self, api: int, name: str) -> None:
        self._stream = MidiStream()
        self._port = rtmidi.MidiIn(api, name=name, queue_size_limit=QUEUE_MESSAGES)
        self._port.ignore_types(sysex=False, timing=False, active_sense=True)
        _offer(self._port, name)

    def receive(self) -> list[bytes]:
        """The messages since the last call, oldest first."""
        messages: list[bytes] = []
        while len(messages) < QUEUE_MESSAGES and (received := self._port.get_message()) is not None:
            messages.append(bytes(received[0]))
        return [whole for message in messages for whole in self._stream.feed(message)]

    def close(self) -> None:
        """Close it."""
        self._port.close_port()


class VirtualOutput:
    """A port called ``name`` that others receive from. ``api``: one of rtmidi's numbers.

    Raises:
        DriverError: It cannot be made.
    """

    def __init__(self, api: int, name: str) -> None:
        self._port, self._flush_s = rtmidi.MidiOut(api, name=name), FLUSH_S.get(api, 0.0)
        self._sent_s = float("-inf")
        _offer(self._port, name)

    def send(self, message: bytes) -> None:
        """Send one whole message, now."""
        self._port.send_message(message)
        self._sent_s = time.monotonic()

    def close(self) -> None:
        """Close it, once all that was sent has left."""
        time.sleep(max(0.0, self._sent_s + self._flush_s - time.monotonic()))
        self._port.close_port()


def _offer(port: Any, name: str) -> None:
    try:
        if port.get_current_api() != rtmidi.API_WINDOWS_MM:
            port.open_virtual_port(name)
            return
        found = [at for at, other in enumerate(port.get_ports()) if other.lower().startswith(name.lower())]
        if not found:
            raise DriverError(f"there is no MIDI port {name!r}: Windows lets no program make one", LOOPMIDI_FIX)
        port.open_port(found[0], name=name)
    except rtmidi.RtMidiError as error:
        raise DriverError(f"the MIDI port {name!r} cannot be offered: {error}", "run sideman doctor") from error
