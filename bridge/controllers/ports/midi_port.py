"""MIDI port pair: what the controllers need of an open device, whichever MIDI system carries it."""

from __future__ import annotations

from typing import Protocol

from bridge.errors import DriverError


class PortGoneError(DriverError):
    """The device of a port was unplugged, or another program took it."""


class MidiPort(Protocol):
    """The open input and output of one device. Its methods are called by one thread.

    Messages are whole: a system exclusive message is one bytes object from F0 to F7.
    """

    @property
    def name(self) -> str:
        """The name of the port, as the MIDI system shows it."""
        ...

    @property
    def incomplete(self) -> int:
        """Messages that ended before they were whole."""
        ...

    def receive(self) -> list[bytes]:
        """The messages that arrived since the last call, oldest first.

        Raises:
            PortGoneError: The device is gone.
        """
        ...

    def send(self, message: bytes) -> None:
        """Send one whole message.

        Raises:
            PortGoneError: The device is gone.
        """
        ...

    def close(self) -> None:
        """Close both ports, once all that was sent has left."""
        ...


class MidiSystem(Protocol):
    """A MIDI system of the machine (ALSA, CoreMIDI, WinMM, JACK): its ports by name. Used by one thread."""

    def list_inputs(self) -> list[str]:
        """The names of the ports that can be received from, now. Two of them may be equal."""
        ...

    def list_outputs(self) -> list[str]:
        """The names of the ports that can be sent to, now."""
        ...

    def open(self, input_name: str, output_name: str, input_nth: int = 0, output_nth: int = 0) -> MidiPort:
        """Open a device's ports; ``output_name`` is empty where it has no output.

        ``input_nth`` and ``output_nth``: which one of several ports with that name, from 0.

        Raises:
            PortGoneError: A port is gone, or taken by another program.
        """
        ...
