"""Device MIDI: virtual MIDI ports in place of JACK's, where the audio runs on devices, which carry no MIDI.

A thread passes messages between the ports and the rings of the stream (`bridge.drivers.portaudio.stream_midi`). It
looks every two milliseconds. What is sent goes out when the device plays its frame, as far as PortAudio knows that.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from bridge.control.bus import ActionHandler
from bridge.controllers.ports.midi_systems import find_missing
from bridge.core.latency import MIDI_PORTS
from bridge.core.midi import CONTINUE as GO_ON
from bridge.core.midi import NOTE_OFF, NOTE_ON, START, STOP
from bridge.drivers.portaudio.device_stream import DeviceStream
from bridge.drivers.portaudio.portaudio_driver import PortAudioDriver
from bridge.drivers.portaudio.stream_argument import LOG_DAC, LOG_NOW, MidiRecord
from bridge.errors import BridgeError, DriverError
from bridge.runtime.graph import Graph
from bridge.runtime.service import Service

log = logging.getLogger(__name__)

POLL_S = 0.002
MOST_LAG_S = 0.5
"""Longest time from a callback to the output of its first frame that is believed."""
PREFIX = "Sideman "
IN_PORT = "midi_in"


class InPort(Protocol):
    """A port that others send to."""

    def receive(self) -> list[bytes]: ...
    def close(self) -> None: ...


class OutPort(Protocol):
    """A port that others receive from."""

    def send(self, message: bytes) -> None: ...
    def close(self) -> None: ...


Ports = tuple[InPort, tuple[OutPort, ...]]
"""The input, and an output for each of MIDI_PORTS."""


def open_virtual_ports(api: str = "") -> Ports:
    """The ports "Sideman midi_in", "Sideman accompaniment" and so on, of the MIDI system called ``api``.

    Raises:
        BridgeError: There is no MIDI system, or it has no virtual ports.
    """
    if (missing := find_missing(api)) is not None:
        raise missing
    from bridge.controllers.ports.rtmidi_system import get_api  # both need rtmidi, which may not load
    from bridge.controllers.ports.virtual_ports import VirtualInput, VirtualOutput

    number = get_api(api)
    opened: list[InPort | OutPort] = []
    try:
        source = VirtualInput(number, f"{PREFIX}{IN_PORT}")
        opened.append(source)
        sinks = []
        for name in MIDI_PORTS:
            sinks.append(VirtualOutput(number, f"{PREFIX}{name}"))
            opened.append(sinks[-1])
    except BaseException:
        for port in opened:
            port.close()
        raise
    return source, tuple(sinks)


class SoundingNotes:
    """The notes that sound on one port, and whether its clock runs."""

    def __init__(self) -> None:
        self._notes: set[tuple[int, int]] = set()
        self._clock_runs = False

    def follow(self, message: bytes) -> None:
        """``message`` was sent."""
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if message[0] in (START, GO_ON, STOP):
            self._clock_runs = message[0] != STOP
        elif kind == NOTE_ON and message[2] > 0:
            self._notes.add((channel, message[1]))
        elif kind in (NOTE_ON, NOTE_OFF):
            self._notes.discard((channel, message[1]))

    def release(self) -> list[bytes]:
        """The messages after which nothing sounds, and no clock runs."""
        messages = [bytes((NOTE_OFF | channel, note, 64)) for channel, note in sorted(self._notes)]
        if self._clock_runs:
            messages.append(bytes((STOP,)))
        self._notes.clear()
        self._clock_runs = False
        return messages


class DeviceMidi:
    """Passes messages between ``ports`` and one stream after the other. Used by one thread."""

    def __init__(self, ports: Ports) -> None:
        self._source, self._sinks = ports
        self._sounding = tuple(SoundingNotes() for _ in self._sinks)
        self._stream: DeviceStream | None = None
        self._waiting: list[MidiRecord] = []
        self.lost = 0
        """Messages that came in while no stream ran, or that were too long, or too many at once."""

    def update(self, stream: DeviceStream | None) -> None:
        """Pass on what is there. ``stream``: the present one; None while the device is gone."""
        if stream is not self._stream:
            self.release()
            self._stream = stream
            if stream is not None:
                stream.argument.open_midi_output()
        received = self._source.receive()
        now = None if stream is None else stream.find_frame()
        if stream is None or now is None:
            self.lost += len(received)
            return
        lead = stream.argument.read_length()  # as with JACK a message is a period late, and keeps its place
        self.lost += sum(not stream.argument.write_midi(now + lead, message) for message in received)
        self._waiting += stream.argument.read_midi()
        if self._waiting:
            self._send_due(now - find_lag(stream))

    def _send_due(self, frame: int) -> None:
        due = [record for record in self._waiting if record.frame <= frame]
        self._waiting = [record for record in self._waiting if record.frame > frame]
        for record in sorted(due, key=lambda one: one.frame):
            self._send(record.port, record.data)

    def _send(self, port: int, message: bytes) -> None:
        self._sinks[port].send(message)
        self._sounding[port].follow(message)

    def release(self) -> None:
        """End all notes and clocks, and forget what waits."""
        self._waiting.clear()
        for port, sounding in enumerate(self._sounding):
            for message in sounding.release():
                self._sinks[port].send(message)

    def close(self) -> None:
        """End all notes, and close the ports."""
        self.release()
        self._source.close()
        for sink in self._sinks:
            sink.close()


def find_lag(stream: DeviceStream) -> int:
    """Frames from a callback to the output of its first frame, as the device says; 0 where it does not."""
    row = stream.argument.read_last()
    lag_s = float(row[LOG_DAC] - row[LOG_NOW])
    return round(lag_s * stream.plan.rate) if 0.0 < lag_s <= MOST_LAG_S else 0


class DeviceMidiService(Service):
    """Offers the ports while a sidecar runs on devices. ``find_driver``: raises DriverError while no audio runs.

    ``open_ports``: makes them. Where that fails, the log says why, and the music plays without.
    """

    def __init__(self, find_driver: Callable[[], object], open_ports: Callable[[], Ports] = open_virtual_ports) -> None:
        self._find_driver, self._open_ports = find_driver, open_ports
        self._stop = threading.Event()
        self._has_graph = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> DeviceMidiService:
        try:
            midi = DeviceMidi(self._open_ports())
        except BridgeError as error:
            log.warning("no MIDI ports: %s", error)
            return self
        self._thread = threading.Thread(target=self._run, args=(midi,), name="device-midi", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def handlers(self) -> dict[str, ActionHandler]:
        """None."""
        return {}

    def attach(self, graph: Graph) -> None:  # noqa: ARG002
        """Pass messages on from now on."""
        self._has_graph.set()

    def detach(self) -> None:
        """Release what sounds: the graph is about to go."""
        self._has_graph.clear()

    def _run(self, midi: DeviceMidi) -> None:
        problem = ""
        while not self._stop.wait(POLL_S):
            try:
                midi.update(self._find_stream())
            except Exception as error:
                if str(error) != problem:  # each failure is logged once
                    log.exception("passing MIDI on failed; it is tried again")
                problem = str(error)
        midi.close()

    def _find_stream(self) -> DeviceStream | None:
        if not self._has_graph.is_set():
            return None
        try:
            driver = self._find_driver()
        except DriverError:
            return None
        return driver.stream if isinstance(driver, PortAudioDriver) else None
