"""PortAudio rig: ``sideman run --audio portaudio`` as a user starts it, on a jackd by PortAudio's host API for JACK."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.core.control import Reading
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.drivers.portaudio.output_routes import USUAL
from bridge.errors import BridgeError
from bridge.installed_controls import make_registry
from bridge.osc.client import OscClient
from bridge.path_measurement import LEVEL, measure_impulse_delay
from bridge.settings import Settings
from tests.live.conftest import PatientServer
from tests.sidecar_process import SidecarProcess
from tests.waiting import HANG_S, until

SETTINGS = """schema = 1
[engines]
separation = "separation.dsp"
mir = ""
accompaniment = ""
synth = ""
[controllers]
midi = false
"""
"""One worker, stems and a delay, and no device of the machine is opened."""
CHANNELS = 2 * len(USUAL)
RETURNS = tuple(f"in_{channel + 1}" for channel in range(CHANNELS))


class Server(Protocol):
    """A JACK server, jackd or PipeWire."""

    @property
    def env(self) -> dict[str, str]:
        """The environment of its clients."""
        ...


class WideServer(PatientServer):
    """A jackd whose device has an output for each channel of each audio path."""

    def _command(self) -> list[str]:
        return [*super()._command(), "-C", "2", "-P", str(CHANNELS)]


def skip_without_portaudio() -> None:
    """The test is skipped where PortAudio, or its host API for JACK, cannot be had."""
    probe = "import sounddevice; print([api['name'] for api in sounddevice.query_hostapis()])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("sounddevice (extra portaudio) or libportaudio2 is not installed (apt-get install libportaudio2)")


class PortAudioSidecar(SidecarProcess):
    """A running ``sideman run --audio portaudio`` on ``server``."""

    def __init__(self, server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
        super().__init__(process, log)
        self.server = server

    def set(self, control: str, value: float) -> None:
        """Set a control, by its OSC address."""
        with OscClient(port=self.port) as client:
            client.send(control, value)
            client.request("/ping")  # messages are handled in order

    def says(self, name: str, **fields: str) -> bool:
        """Whether the reading ``name`` has these values."""
        return fields.items() <= self.read(name).items()

    def read(self, name: str) -> dict[str, str]:
        """The reading ``name`` by its fields, of the last row; empty where there is none yet."""
        self.is_running()
        reading = make_registry(Settings()).find(name)
        assert isinstance(reading, Reading)
        address = f"/{name.replace('.', '/')}"
        try:
            with OscClient(port=self.port) as client:
                replies = client.gather("/get", address, done="/get/done", timeout_s=2.0)
        except BridgeError:
            return {}
        rows = [args for replied, args in replies if replied == address]
        return dict(zip(reading.fields, map(str, rows[-1]), strict=False)) if rows else {}

    def read_latency(self, path: str, field: str = "declared") -> int:
        """The declared latency of a path, in frames, or another field of its row; below 0 while it is not known."""
        with OscClient(port=self.port) as client:
            replies = client.gather("/get", "/latency", done="/get/done", timeout_s=2.0)
        reading = make_registry(Settings()).find("latency")
        assert isinstance(reading, Reading)
        place = reading.fields.index(field)
        rows = (args for address, args in replies if address == "/latency" and args[0] == path)
        return next((int(str(row[place])) for row in rows), -1)

    def measure(self, path: str, server: DummyServer) -> int:
        """Frames from an impulse sent into the device's input to its return on the path's channel, in ping mode.

        UNMEASURED where it did not come back.
        """
        self.set(f"/latency/{path}/ping", 1)
        rate, frames = server.rate, server.rate
        sent = np.zeros((2, frames), np.float32)
        sent[:, 1000] = LEVEL
        channel = 2 * USUAL.index(path)
        sender = JackRecorder("send", server.name, frames, Ports(play=("out_1", "out_2")))
        receiver = JackRecorder("return", server.name, frames, Ports(record=("in_1", "in_2")))
        sender.load(sent)
        with sender, receiver:
            sender.connect({"out_1": "sideman:in_0", "out_2": "sideman:in_1"})
            receiver.connect({f"in_{side + 1}": f"sideman:out_{channel + side}" for side in range(2)})
            start_together(sender, receiver, margin_frames=rate // 4)
            receiver.wait(HANG_S)
            sender.wait(HANG_S)
            found = measure_impulse_delay(receiver.recorded, 1000)
        self.set(f"/latency/{path}/ping", 0)
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it as a user does; returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(HANG_S)


@contextmanager
def open_sidecar(
    server: Server, folder: Path, arguments: Sequence[str] = (), settings: str = SETTINGS
) -> Iterator[PortAudioSidecar]:
    """A sidecar that runs on ``server`` by PortAudio; where it still does behind the context, it is killed."""
    (folder / "sideman.toml").write_text(settings, encoding="utf-8")
    log = folder / "run.log"
    command = [sys.executable, "-P", "-m", "bridge", "run", "--audio", "portaudio", "--port", "0", *arguments]
    env = server.env | {CONFIG_HOME_VARIABLE: str(folder), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    sidecar = PortAudioSidecar(server, process, log)
    try:
        until("the start", lambda: sidecar.is_running() and sidecar.port != 0)
        yield sidecar
        if process.poll() is None:
            sidecar.end()
    finally:
        sys.stdout.write(sidecar.output)  # shown where the test failed
        if process.poll() is None:
            process.kill()
        process.wait()
