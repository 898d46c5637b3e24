"""Simulated X-Touch in a process of its own: ``python -m tests.live.x_touch_process SERVER CLIENT``.

It is connected to control_in and control_out of ``CLIENT``. A process of its own, because python-rtmidi holds the
interpreter's lock while it opens a client, and JACK meanwhile waits for the Python callbacks of the sidecar's client.
Each line that it reads is a method of `SimulatedXTouch` and its numbers; it answers each with a line of JSON: what the
device shows.
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

from bridge.drivers.dummy_server import DummyServer
from tests.controllers.mcu.simulated_x_touch import SimulatedXTouch
from tests.waiting import HANG_S

NAME, PORT = "X-Touch", "X-TOUCH_INT"
POLL_S = 0.002


class XTouchProcess:
    """The process, as the test sees it."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def do(self, *command: object) -> dict[str, Any]:
        """Do what the method of this name does; returns what the device shows then."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(" ".join(map(str, command)) + "\n")
        self._child.stdin.flush()
        shown: dict[str, Any] = json.loads(self._child.stdout.readline())
        return shown

    def show(self) -> dict[str, Any]:
        """What the device shows now."""
        return self.do("show")


@contextmanager
def x_touch_on(server: DummyServer, client: str = "sideman") -> Iterator[XTouchProcess]:
    """A device that is connected to ``client``."""
    command = [sys.executable, "-m", "tests.live.x_touch_process", server.name, client]
    with subprocess.Popen(
        command, env=server.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as child:
        try:
            yield XTouchProcess(child)
        finally:
            assert child.stdin is not None
            child.stdin.close()
            child.wait(HANG_S)


def open_ports(client: str) -> tuple[Any, Any]:
    """The device's output and input, connected. The output comes first: it gets the name without a number."""
    midi_out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=NAME)
    midi_in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=NAME, queue_size_limit=8192)
    midi_in.ignore_types(sysex=False, timing=True, active_sense=True)
    midi_out.open_port(midi_out.get_ports().index(f"{client}:control_in"), name=PORT)
    midi_in.open_port(midi_in.get_ports().index(f"{client}:control_out"), name=PORT)
    return midi_out, midi_in


def main(server: str, client: str) -> None:
    os.environ["JACK_DEFAULT_SERVER"] = server
    device = SimulatedXTouch()
    midi_out, midi_in = open_ports(client)
    while True:
        while (received := midi_in.get_message()) is not None:
            device.receive(bytes(received[0]))
        for message in device.inbox:
            midi_out.send_message(message)
        device.inbox.clear()
        if not select.select([sys.stdin], [], [], 0)[0]:
            time.sleep(POLL_S)
            continue
        words = sys.stdin.readline().split()
        if not words:
            return
        if words[0] != "show":
            getattr(device, words[0])(*map(int, words[1:]))
        shown = {
            "upper": device.read(0),
            "lower": device.read(1),
            "leds": device.leds,
            "faders": device.faders,
            "meters": device.meters,
            "colours": device.colours,
            "is_dark": device.is_dark(),
        }
        sys.stdout.write(json.dumps(shown) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
