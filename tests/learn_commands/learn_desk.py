"""Rig of the commands of controllers: a sidecar's Bus with MIDI learn, a server, and a running command."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.learning.learn_binding import LearnBinding
from bridge.controllers.learning.mapping_editor import LearnDevice
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.ports.port_names import get_system
from bridge.osc.server import OscServer
from tests.controllers.simulated_devices import send_controller, send_key
from tests.waiting import HANG_S, POLL_S, until

ROOT = Path(__file__).parent.parent.parent
UP_DOWN = [*range(40, 100, 5), *range(95, 20, -5)]
VOCALS = "stems.vocals.gain_db"


class Desk:
    """A sidecar's Bus with MIDI learn and a server; one device, which `move` moves once something is learned."""

    def __init__(self, folder: Path) -> None:
        self.bus = Bus(make_sidecar_registry({}))
        self.bus.add_handler("controllers.reload", lambda: None)
        self.file = folder / "mappings" / "box.toml"
        self.takes: list[str] = []
        self.updates = 0
        self.learn = LearnBinding(self.bus, self.list_devices, lambda: None)
        for name, handler in self.learn.handlers().items():
            self.bus.add_handler(name, handler)
        self.bus.publish("controllers.device", "Box", "box", "Box MIDI 1", "", "port", "hold Shift to see the lights")
        self.bus.add_handler("learn.take", self.takes.append)
        self._left = threading.Event()
        self.port = 0

    def list_devices(self) -> list[LearnDevice]:
        return [LearnDevice("Box", "Box MIDI 1", "", self.read_mapping())]

    def read_mapping(self) -> Mapping | None:
        return read_mapping(self.file, self.bus.registry) if self.file.exists() else None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Runs until left."""
        with OscServer(self.bus, port=0) as server:
            self.port = server.port
            updates = threading.Thread(target=self._update)
            updates.start()
            try:
                yield
            finally:
                self._left.set()
                updates.join()

    def _update(self) -> None:
        while not self._left.wait(POLL_S):
            self.learn.update(time.monotonic())
            self.updates += 1

    def move(self, number: int = 79, values: list[int] = UP_DOWN) -> None:
        for _, message in send_controller(8, number, values):
            self.learn.observe("Box", message, time.monotonic())

    def press(self, number: int = 36) -> None:
        for _, message in send_key(9, number, [100, 0]):
            self.learn.observe("Box", message, time.monotonic())

    def wait_for_updates(self, count: int) -> None:
        last = self.updates + count
        until(f"{count} updates", lambda: self.updates >= last)

    def wait_for_start(self) -> None:
        until("learning began", lambda: self.learn.listening)


class Command:
    """A running ``sideman``. ``terminal``: in one of 80 columns, on which `type` types. ``read``: what it prints into
    a pipe is read while it runs."""

    def __init__(self, desk: Desk, *arguments: str, terminal: bool = False, read: bool = False) -> None:
        self._master = -1
        env = os.environ | {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
        stream: int = subprocess.PIPE
        keys: int = subprocess.DEVNULL
        if terminal:
            self._master, follower = pty.openpty()
            stream = keys = follower
        elif read:
            self._master, follower = os.pipe()
            stream = follower
        command = [sys.executable, "-m", "bridge.cli", *arguments]
        if "--port" not in arguments:
            command += ["--port", str(desk.port)]
        errors = subprocess.STDOUT if self._master >= 0 else subprocess.PIPE
        self._process = subprocess.Popen(
            command,
            stdin=keys,
            stdout=stream,
            stderr=errors,
            env=env,
            cwd=ROOT,
        )
        self.shown = ""
        if self._master >= 0:
            os.close(follower)
            self._reader = threading.Thread(target=self._read)
            self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 4096)
            except OSError:  # Linux: the other end is closed
                return
            if not data:
                return
            self.shown += data.decode()

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """As Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def wait_for(self, text: str) -> None:
        until(f"{text!r} was shown", lambda: text in self.shown or self._process.poll() is not None)
        assert text in self.shown

    def finish(self) -> tuple[int, str, str]:
        """Exit status, standard output and standard error, which in a terminal is in the output."""
        if self._master >= 0:
            status = self._process.wait(HANG_S)
            self._reader.join()
            os.close(self._master)
            return status, self.shown, ""
        out, err = self._process.communicate(timeout=HANG_S)
        return self._process.returncode, out.decode(), err.decode()


MAPPING = f"""\
schema = 1
name = "Box"
[device]
input.{get_system()} = ["Box"]
[[input]]
midi = "cc 1"
encoder = "absolute"
set = "stems.vocals.gain_db"
"""
