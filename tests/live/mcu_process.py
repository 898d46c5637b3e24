"""Simulated X-Touch, or a DAW, in a process of its own: ``python -m tests.live.mcu_process KIND SERVER CLIENT``.

It is connected to control_in and control_out of ``CLIENT``. A process of its own, because python-rtmidi holds the
interpreter's lock while it opens a client, and JACK meanwhile waits for the Python callbacks of the sidecar's client.
Each line that it reads is the name of a method and its numbers; it answers each with a line of JSON: what is shown.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rtmidi

from bridge.controllers.mcu.handshake import HostHandshake
from bridge.drivers.dummy_server import DummyServer
from tests.controllers.mcu.simulated_daw import SimulatedDaw, Track
from tests.controllers.mcu.simulated_x_touch import SimulatedXTouch
from tests.waiting import HANG_S

PORTS = {"x_touch": ("X-Touch", "X-TOUCH_INT"), "daw": ("DAW", "Mackie Control")}
"""Client and port, by kind."""
POLL_S = 0.002


class PeerProcess:
    """The process, as the test sees it."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def do(self, *command: object) -> dict[str, Any]:
        """Do what the method of this name does; returns what is shown then."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(" ".join(map(str, command)) + "\n")
        self._child.stdin.flush()
        shown: dict[str, Any] = json.loads(self._child.stdout.readline())
        return shown

    def show(self) -> dict[str, Any]:
        """What is shown now."""
        return self.do("show")


@contextmanager
def peer_on(server: DummyServer, kind: str, client: str = "sideman") -> Iterator[PeerProcess]:
    """An ``x_touch``, or a ``daw``, that is connected to ``client``."""
    command = [sys.executable, "-m", "tests.live.mcu_process", kind, server.name, client]
    with subprocess.Popen(
        command, env=server.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as child:
        try:
            yield PeerProcess(child)
        finally:
            assert child.stdin is not None
            child.stdin.close()
            child.wait(HANG_S)


class XTouch(SimulatedXTouch):
    """The device, and what it shows."""

    def exchange(self) -> list[bytes]:
        """What it sends now."""
        messages, self.inbox = self.inbox, []
        return messages

    def show(self) -> dict[str, Any]:
        return {
            "upper": self.read(0),
            "lower": self.read(1),
            "leds": self.leds,
            "faders": self.faders,
            "is_dark": self.is_dark(),
        }


class Daw:
    """The DAW with its handshake, and what its mixer shows."""

    def __init__(self) -> None:
        self._daw = SimulatedDaw([Track("Kick"), Track("Drums"), Track("Bass")])
        self._handshake = HostHandshake(0x14)
        self._outbox: list[bytes] = []

    def receive(self, message: bytes) -> None:
        self._outbox += self._handshake.receive(message, time.monotonic())
        self._daw.receive(message, time.monotonic())

    def exchange(self) -> list[bytes]:
        """What it sends now."""
        messages, self._outbox = self._outbox, []
        return messages + self._daw.take_output(time.monotonic())

    def add_surface(self) -> None:
        """Its user adds Sideman as a Mackie Control."""
        self._outbox += self._handshake.start(time.monotonic())
        self._daw.connect(time.monotonic())

    def move(self, track: int, fader: int) -> None:
        self._daw.move(track, fader, time.monotonic())

    def mute(self, track: int) -> None:
        self._daw.click(track, "mute", time.monotonic())

    def show(self) -> dict[str, Any]:
        tracks = self._daw.tracks
        return {
            "faders": [track.fader for track in tracks],
            "mutes": [track.mute for track in tracks],
            "touched": sorted(self._daw.touched),
            "confirmed": self._handshake.is_confirmed,
        }


def open_ports(kind: str, client: str) -> tuple[Any, Any]:
    """Its output and input, connected. The output comes first: it gets the name without a number."""
    name, port = PORTS[kind]
    midi_out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
    midi_in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name, queue_size_limit=8192)
    midi_in.ignore_types(sysex=False, timing=True, active_sense=True)
    midi_out.open_port(midi_out.get_ports().index(f"{client}:control_in"), name=port)
    midi_in.open_port(midi_in.get_ports().index(f"{client}:control_out"), name=port)
    return midi_out, midi_in


def main(kind: str, server: str, client: str) -> None:
    os.environ["JACK_DEFAULT_SERVER"] = server
    peer = XTouch() if kind == "x_touch" else Daw()
    midi_out, midi_in = open_ports(kind, client)
    while True:
        while (received := midi_in.get_message()) is not None:
            peer.receive(bytes(received[0]))
        for message in peer.exchange():
            midi_out.send_message(message)
        if not select.select([sys.stdin], [], [], 0)[0]:
            time.sleep(POLL_S)
            continue
        words = sys.stdin.readline().split()
        if not words:
            break
        if words[0] != "show":
            getattr(peer, words[0])(*map(int, words[1:]))
        sys.stdout.write(json.dumps(peer.show()) + "\n")
        sys.stdout.flush()
    for port in (midi_out, midi_in):  # a client that dies holds up the server for seconds
        port.close_port()
        port.delete()


if __name__ == "__main__":
    main(*sys.argv[1:])
