"""JACK control port: the ports ``control_in`` and ``control_out`` as the MIDI port of one device."""

from __future__ import annotations

from bridge.controllers.ports.midi_port import PortGoneError
from bridge.runtime.control_midi import ControlMidi, OutputFullError

FLUSH_S = 0.5
"""More than enough: a hundred cycles of the usual length."""
NAME = "control_in"


class JackPort:
    """A `MidiPort` over ``control_midi``.

    It is gone once the client was connected to another server: the devices there must be set up, and get their
    lights, again. Then open a new one.
    """

    def __init__(self, control_midi: ControlMidi, name: str = NAME) -> None:
        self._midi, self._name = control_midi, name
        self._generation = control_midi.generation

    @property
    def name(self) -> str:
        """The name of the device that is connected, or of the port itself."""
        return self._name

    @property
    def incomplete(self) -> int:
        """Messages that ended before they were whole."""
        return self._midi.incomplete

    def receive(self) -> list[bytes]:
        """The messages that arrived since the last call, oldest first.

        Raises:
            PortGoneError: The client was connected to another server.
        """
        if self._midi.generation != self._generation:
            raise PortGoneError("the JACK server was replaced", "the devices there are set up again")
        return [message for _frame, message in self._midi.receive()]

    def send(self, message: bytes) -> None:
        """Send one whole message.

        Raises:
            PortGoneError: JACK takes no messages.
            DriverError: The message is too long.
        """
        try:
            self._midi.send(message)
        except OutputFullError as error:
            raise PortGoneError(error.message, error.hint) from error

    def close(self) -> None:
        """Return once all that was sent has reached the other clients, or no server runs."""
        self._midi.flush(FLUSH_S)
