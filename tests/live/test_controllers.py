"""Controllers on a real server: a virtual device mutes the sound, gets its lights, and is left as it was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bridge.app import Sidecar
from bridge.core.events import Midi, TimedEvent
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from tests.live.rig import NO_ENGINES, sidecar_on
from tests.waiting import until

pytestmark = pytest.mark.live

RATE, PERIOD = 48000, 128
LONG_S = 400
NAME = "Test Pads"
INIT, EXIT = b"\xb0\x7e\x01", b"\xb0\x7e\x00"
PRESS, RELEASE = b"\xb0\x30\x7f", b"\xb0\x30\x00"
LIT, DARK = b"\xb0\x30\x7f", b"\xb0\x30\x00"
MAPPING = """
schema = 1
name = "Test Pads"
[device]
input.linux = ["Test Pads"]
init = ["B0 7E 01"]
exit = ["B0 7E 00"]
[[input]]
midi = "cc 48"
button = "latched"
set = "stems.other.mute"
led = { on = "B0 {n} 7F", off = "B0 {n} 00" }
[[input]]
midi = "cc 7"
encoder = "absolute"
set = "stems.other.gain_db"
pickup = false
"""


class TestPads:
    """A device on a server: plays ``events`` to control_in once it is started, and keeps what control_out sends it."""

    __test__ = False

    def __init__(self, server: DummyServer, events: list[TimedEvent], length_s: int = LONG_S) -> None:
        ports = Ports(play=("out",), record=("in",), midi_play="midi_out", midi_record=("midi_in",))
        self.recorder = JackRecorder(NAME, server.name, length_s * RATE, ports)
        self.recorder.load(np.ones((1, length_s * RATE), np.float32), events)

    def __enter__(self) -> TestPads:
        self.recorder.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.recorder.__exit__(None, None, None)

    def connect(self, client: str = "sideman") -> None:
        ports = {"out": "in_1", "in": "mix_1", "midi_out": "control_in", "midi_in": "control_out"}
        self.recorder.connect({ours: f"{client}:{theirs}" for ours, theirs in ports.items()})

    @property
    def messages(self) -> list[bytes]:
        """What it was sent so far."""
        return [one.payload.data for one in self.recorder.read_midi("midi_in") if isinstance(one.payload, Midi)]


def at(second: float, message: bytes) -> TimedEvent:
    return TimedEvent(round(second * RATE), Midi(message))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "test_pads.toml").write_text(MAPPING)
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    return tmp_path


@contextmanager
def pads_on(
    server: DummyServer, events: list[TimedEvent], length_s: int = LONG_S
) -> Iterator[tuple[Sidecar, TestPads]]:
    """A sidecar without engines and a device, connected, set up and started."""
    with sidecar_on(server, NO_ENGINES) as sidecar, TestPads(server, events, length_s) as pads:
        start_together(pads.recorder, margin_frames=RATE // 2)
        pads.connect()
        until("the set-up", lambda: INIT in pads.messages)
        yield sidecar, pads


def test_a_button_mutes_the_sound_and_its_light_tells(module_server: DummyServer, config: Path) -> None:
    events = [at(3, PRESS), at(3.1, RELEASE), at(5, PRESS), at(5.1, RELEASE)]
    with pads_on(module_server, events, 8) as (sidecar, pads):
        until("the light", lambda: LIT in pads.messages)
        assert sidecar.bus.get("stems.other.mute") == 1.0
        until("darkness", lambda: pads.messages[-1] == DARK)
        assert sidecar.bus.get("stems.other.mute") == 0.0
        pads.recorder.wait(60)
        sound = pads.recorder.recorded[0]
    assert sound[4 * RATE : 5 * RATE].max() == 0.0
    assert np.allclose(sound[6 * RATE : 7 * RATE], 1.0)
    assert pads.messages[:3] == [EXIT, INIT, DARK]
