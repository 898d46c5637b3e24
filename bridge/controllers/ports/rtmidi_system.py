"""MIDI system of the machine through python-rtmidi: ALSA, CoreMIDI or WinMM, and JACK on request.

Input is polled; rtmidi's callbacks are never used. With JACK they run Python in JACK's own thread: beside a busy Python
thread that cost 47 messages and thousands of xruns in 8 s, polling none. That is also why mido's ports are not used:
mido's rtmidi backend installs a callback in every input, has no setting for the length of the queue, and does not wait
for what was sent before it closes.

rtmidi does not notice that a device is gone: its port stays open, takes messages, and nothing arrives. So whoever opens
a port watches the list of names (`bridge.controllers.devices.device_watch`).

Untried, because no such system was at hand: CoreMIDI, WinMM and a real ALSA device; this module ran on JACK. CoreMIDI
refreshes its list of names only while the run loop of the main thread runs, so on macOS a device that is plugged in
later may stay unseen until the next start. With JACK the list is that of the server it started on: when the server
is gone, it stays as it was; the wheel of python-rtmidi has its own libjack, so PipeWire's JACK is out of its reach; and
a process with a JACK client of its own must not use it (see `bridge.settings.ControllerSettings`).
"""

from __future__ import annotations

import logging
import re
import time
from types import TracebackType
from typing import Any, Self

import rtmidi

from bridge.controllers.ports.midi_port import PortGoneError
from bridge.controllers.ports.port_names import get_system
from bridge.core.midi_stream import MidiStream
from bridge.errors import ConfigError, DriverError, did_you_mean

log = logging.getLogger(__name__)

QUEUE_MESSAGES = 8192
"""Messages that wait to be polled. rtmidi's own 1024 lost half of a burst of 2000 (4096 kept all). These are 0.8 s
of 10,000 messages a second."""
LONGEST_SYSEX = 16000
"""Bytes of the longest message that arrived whole through rtmidi; 19,000 and more vanish without an error."""
FLUSH_S = {rtmidi.API_UNIX_JACK: 0.1, rtmidi.API_LINUX_ALSA: 0.02, rtmidi.API_MACOSX_CORE: 0.05}
"""Time from the last message to the closing of a port. JACK sends in its next period, and a client that closes before
that takes the message with it; 0.1 s are two periods of 2048 frames at 44.1 kHz. WinMM sends before it returns."""
CONNECT_S = 0.1
"""Time from the opening of a port of JACK to its first use. The server connects it in its next period; what was sent
in this one went nowhere, in one opening of twenty beside other work."""
END_S = 0.05
"""Time from the closing of a port of JACK to its release. Freed at once it ended the process with a segmentation fault
in 3 of 8 runs with 80 ports on a busy machine, with this pause in none of 5:
presumably JACK's thread was still in it."""
ALSA = int(rtmidi.API_LINUX_ALSA)

_APIS = {
    "alsa": rtmidi.API_LINUX_ALSA,
    "coremidi": rtmidi.API_MACOSX_CORE,
    "winmm": rtmidi.API_WINDOWS_MM,
    "jack": rtmidi.API_UNIX_JACK,
}
_OWN_API = {"linux": "alsa", "macos": "coremidi", "windows": "winmm"}
_INSTEAD = "controllers reach Sideman through its JACK port control_in all the same"
_INDEX = re.compile(r" (?P<index>\d+)$")


class RtmidiPort:
    """The open ports of one device; a `MidiPort`."""

    def __init__(self, name: str, midi_in: rtmidi.MidiIn, midi_out: rtmidi.MidiOut | None, flush_s: float) -> None:
        self._stream = MidiStream()
        self._name, self._in, self._out, self._flush_s = name, midi_in, midi_out, flush_s
        self._sent_s = float("-inf")

    @property
    def name(self) -> str:
        return self._name

    @property
    def incomplete(self) -> int:
        """Messages that were not whole."""
        return self._stream.incomplete

    def receive(self) -> list[bytes]:
        messages: list[bytes] = []
        try:
            # not for ever: a device that sends faster than this reads must not hold up all others
            while len(messages) < QUEUE_MESSAGES and (received := self._in.get_message()) is not None:
                messages.append(bytes(received[0]))
        except rtmidi.RtMidiError as error:
            raise _report_gone(self._name, error) from error
        # to a system exclusive message without an end rtmidi adds all that follows it, up to the next end
        return [whole for message in messages for whole in self._stream.feed(message)]

    def send(self, message: bytes) -> None:
        if self._out is None:
            return
        if len(message) > LONGEST_SYSEX:
            log.warning("%s: a message of %d bytes is not sent; at most %d", self._name, len(message), LONGEST_SYSEX)
            return
        try:
            self._out.send_message(message)
        except rtmidi.RtMidiError as error:
            raise _report_gone(self._name, error) from error
        self._sent_s = time.monotonic()

    def close(self) -> None:
        time.sleep(max(0.0, self._sent_s + self._flush_s - time.monotonic()))
        for port in (self._in, self._out):
            if port is not None:
                _end(port)


class RtmidiSystem:
    """The machine's MIDI ports by name; a `MidiSystem`, and a context manager that ends it.

    ``api``: one of rtmidi's numbers. ``lists``: a client that opens nothing, for the names of each direction. They
    stay: a new client for every list costs more, and some systems show each one to the user.
    """

    def __init__(self, api: int, lists: tuple[rtmidi.MidiIn, rtmidi.MidiOut], client: str) -> None:
        self.api = api
        self._lists, self._client = lists, client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def api_name(self) -> str:
        """ALSA, CoreMIDI ... as rtmidi calls it."""
        return get_api_name(self.api)

    def list_inputs(self) -> list[str]:
        return self._hide_own(_list_names(self._lists[0]))

    def list_outputs(self) -> list[str]:
        return self._hide_own(_list_names(self._lists[1]))

    def open(self, input_name: str, output_name: str, input_nth: int = 0, output_nth: int = 0) -> RtmidiPort:
        midi_in = self._make_input(self._client)
        midi_out = None
        try:
            _open_by_name(midi_in, input_name, input_nth, "in")
            if output_name:
                midi_out = rtmidi.MidiOut(self.api, name=self._client)
                _open_by_name(midi_out, output_name, output_nth, "out")
        except BaseException as error:
            for port in (midi_in, midi_out):
                if port is not None:
                    _end(port)
            if isinstance(error, rtmidi.RtMidiError):
                raise _report_gone(input_name, error) from error
            raise
        if self.api == rtmidi.API_UNIX_JACK:
            time.sleep(CONNECT_S)
        return RtmidiPort(input_name, midi_in, midi_out, FLUSH_S.get(self.api, 0.0))

    def open_virtual(self, name: str) -> RtmidiPort:
        """Offer a pair of ports called ``name`` to other programs, which find them by that name in the next session.

        CoreMIDI gives them another unique number each time, which rtmidi cannot set (untried).

        Raises:
            DriverError: Windows has no virtual ports: there the loopMIDI ports "``name`` in" and "``name`` out" are
                opened, and must exist.
        """
        if self.api == rtmidi.API_WINDOWS_MM:
            return self._open_loops(name)
        midi_in, midi_out = self._make_input(name), None
        try:
            midi_in.open_virtual_port(name)
            midi_out = rtmidi.MidiOut(self.api, name=name)
            midi_out.open_virtual_port(name)
        except BaseException as error:
            for port in (midi_in, midi_out):
                if port is not None:
                    _end(port)
            if isinstance(error, rtmidi.RtMidiError):
                raise DriverError(f"the MIDI ports {name!r} cannot be offered: {error}", _INSTEAD) from error
            raise
        return RtmidiPort(name, midi_in, midi_out, FLUSH_S.get(self.api, 0.0))

    def close(self) -> None:
        """End the clients that list names; open ports are not touched."""
        for port in self._lists:
            _end(port)

    def _open_loops(self, name: str) -> RtmidiPort:
        # one loopMIDI port is both an input and an output: what is sent to it comes back, hence two
        try:
            return self.open(f"{name} in", f"{name} out")
        except PortGoneError as error:
            raise DriverError(
                f"there are no MIDI ports {name!r}: Windows lets no program make them",
                f"install loopMIDI and make two ports there: {name} in, {name} out",
            ) from error

    def _make_input(self, client: str) -> rtmidi.MidiIn:
        midi_in = rtmidi.MidiIn(self.api, name=client, queue_size_limit=QUEUE_MESSAGES)
        # clock and active sensing say nothing about a fader, and would fill the queue
        midi_in.ignore_types(sysex=False, timing=True, active_sense=True)
        return midi_in

    def _hide_own(self, names: list[str]) -> list[str]:
        own = self._client.lower()
        return [name for name in names if not name.lower().startswith(own)]


def open_system(api: int, client: str) -> RtmidiSystem:
    """The MIDI system with this one of rtmidi's numbers. ``client``: our name in it.

    Raises:
        DriverError: It refuses us.
    """
    try:
        listing_in = rtmidi.MidiIn(api, name=client)
        try:
            return RtmidiSystem(api, (listing_in, rtmidi.MidiOut(api, name=client)), client)
        except rtmidi.RtMidiError:
            _end(listing_in)
            raise
    except rtmidi.RtMidiError as error:
        raise DriverError(f"{get_api_name(api)} refuses Sideman: {error}", "run sideman doctor") from error


def is_compiled(api: int) -> bool:
    """Whether this python-rtmidi can open that system."""
    return api in rtmidi.get_compiled_api()


def get_api_name(api: int) -> str:
    """ALSA, CoreMIDI ... as rtmidi calls it."""
    return str(rtmidi.get_api_display_name(api))


def get_api(api: str) -> int:
    """rtmidi's number of the MIDI system called ``api``; empty: the machine's own. Raises: ConfigError."""
    name = api or _OWN_API[get_system()]
    if name not in _APIS:
        raise ConfigError(f"controllers.api: there is no MIDI system {name!r}", did_you_mean(name, _APIS))
    return int(_APIS[name])


def _list_names(port: Any) -> list[str]:
    """The names, without the number that rtmidi puts behind each name on Windows."""
    try:
        names = [str(name) for name in port.get_ports()]
    except rtmidi.RtMidiError as error:
        raise DriverError(f"the MIDI ports cannot be listed: {error}", "run sideman doctor") from error
    if port.get_current_api() != rtmidi.API_WINDOWS_MM:
        return names
    return [strip_index(name, at) for at, name in enumerate(names)]


def strip_index(name: str, position: int) -> str:
    """``name`` without its own ``position`` in the list behind it: rtmidi makes Windows' equal names differ so."""
    found = _INDEX.search(name)
    return name[: found.start()] if found and int(found["index"]) == position else name


def _open_by_name(port: Any, name: str, nth: int, own_name: str) -> None:
    positions = [at for at, listed in enumerate(_list_names(port)) if listed == name]
    if nth >= len(positions):
        raise PortGoneError(f"{name}: there is no such MIDI port", "plug the device in again")
    port.open_port(positions[nth], name=own_name)
    # a device that came or went since has moved the numbers
    names = _list_names(port)
    if positions[nth] >= len(names) or names[positions[nth]] != name:
        raise PortGoneError(f"{name}: the list of MIDI ports changed", "nothing: it is tried again")


def _report_gone(name: str, error: Exception) -> PortGoneError:
    return PortGoneError(f"{name}: {error}", "plug the device in again, or close the program that uses it")


def _end(port: Any) -> None:
    """Close and free a port of rtmidi now, not when Python collects it."""
    port.close_port()
    if port.get_current_api() == rtmidi.API_UNIX_JACK:
        time.sleep(END_S)
    port.delete()
