"""Controllers on a real server: a virtual device mutes the sound, gets its lights, and is left as it was found."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bridge.app import Sidecar
from bridge.bench.callback import run_busy_loop
from bridge.core.events import Midi, TimedEvent
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.drivers.libjack import import_jack
from bridge.signals import ENDING
from tests.conftest import StartServer
from tests.live.rig import NO_ENGINES, sidecar_on
from tests.live.test_leaving import end_of, read_to, sideman_run
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

    def __init__(self, server: DummyServer, events: list[TimedEvent], length_s: int = LONG_S, name: str = NAME) -> None:
        ports = Ports(play=("out",), record=("in",), midi_play="midi_out", midi_record=("midi_in",))
        self.recorder = JackRecorder(name, server.name, length_s * RATE, ports)
        self.recorder.load(np.ones((1, length_s * RATE), np.float32), events)

    def __enter__(self) -> TestPads:
        self.recorder.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.recorder.__exit__(None, None, None)

    def connect(self, client: str = "sideman") -> None:
        # control_out first: by control_in the mapping is chosen and its first messages are sent, and a cable to
        # control_out that is noticed after them has the device set up again
        ports = {"out": "in_1", "in": "mix_1", "midi_in": "control_out", "midi_out": "control_in"}
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


@contextmanager
def sideman_with_pads(server: DummyServer, config: Path, pads: TestPads) -> Iterator[subprocess.Popen[str]]:
    """``sideman run`` without engines, the device connected and set up."""
    (config / "sideman.toml").write_text(
        'schema = 1\n[engines]\nseparation = ""\nmir = ""\naccompaniment = ""\n[controllers]\nmidi = false\n'
    )
    before = len(pads.messages)
    with sideman_run(server, config) as child:
        read_to(child, "Ctrl-C ends it")
        pads.connect()
        until("the set-up", lambda: INIT in pads.messages[before:])
        yield child


def make_storm(start_s: float, end_s: float, rate_hz: int) -> list[TimedEvent]:
    """So many moves of the fader a second."""
    return [at(start_s + k / rate_hz, bytes((0xB0, 7, k % 128))) for k in range(int((end_s - start_s) * rate_hz))]


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_the_last_messages_of_a_sidecar_leave_the_device_as_it_was(
    module_server: DummyServer, config: Path, number: signal.Signals
) -> None:
    """In the middle of a storm of messages."""
    storm = make_storm(0, LONG_S, 1000)
    with TestPads(module_server, storm) as pads:
        start_together(pads.recorder)
        with sideman_with_pads(module_server, config, pads) as child:
            child.send_signal(number)
            assert end_of(child) == 0
        until("the exit message", lambda: pads.messages[-1] == EXIT)
        assert pads.messages.count(INIT) == 1


def test_after_a_sidecar_was_killed_the_next_one_leaves_the_mode_before_it_enters_it(
    module_server: DummyServer, config: Path
) -> None:
    with TestPads(module_server, []) as pads:
        start_together(pads.recorder)
        with sideman_with_pads(module_server, config, pads) as child:
            child.kill()
            end_of(child)
        before = len(pads.messages)
        assert EXIT not in pads.messages[pads.messages.index(INIT) :]
        with sideman_with_pads(module_server, config, pads) as child:
            assert pads.messages[before : before + 2] == [EXIT, INIT]
            child.send_signal(signal.SIGTERM)
            assert end_of(child) == 0
        until("the exit message", lambda: pads.messages[-1] == EXIT)


def test_a_storm_loses_nothing_and_ends_at_the_last_position(module_server: DummyServer, config: Path) -> None:
    """10,000 messages a second beside a busy Python thread."""
    storm = make_storm(3, 6, 10_000)
    with pads_on(module_server, [*storm, at(6.5, PRESS)], 8) as (sidecar, _), run_busy_loop(True):
        until("the last message", lambda: sidecar.bus.get("stems.other.mute") == 1.0)
        last = storm[-1].payload
        assert isinstance(last, Midi)
        control = sidecar.bus.registry.get_control("stems.other.gain_db")
        expected = control.low + (control.high - control.low) * last.data[2] / 127
        assert sidecar.bus.get("stems.other.gain_db") == pytest.approx(expected)
        until(
            "the counters",
            lambda: (row := sidecar.bus.get_latest("controllers.counters")) is not None and row[0] == len(storm) + 1,
        )
        row = sidecar.bus.get_latest("controllers.counters")
        assert row is not None
        assert row[2:] == (0, 0)
        # rows come in the order in which they were published; that of control_in without a device says "removed"
        device = (NAME, "test_pads", f"{NAME}:midi_out", f"{NAME}:midi_in", "port", "")
        assert device in sidecar.bus.get_rows("controllers.device")


def test_the_mapping_of_a_device_is_found_by_the_other_names_of_its_port(
    module_server: DummyServer, config: Path
) -> None:
    """JACK calls the ports of devices system:midi_capture_1, and has their own names as aliases."""
    with sidecar_on(module_server, NO_ENGINES) as sidecar:
        client = import_jack().Client("hidden", servername=module_server.name, no_start_server=True)
        with client:
            port = client.midi_outports.register("port")
            port.set_alias(f"alsa_pcm:{NAME}/midi_capture_1")
            client.connect(port, "sideman:control_in")
            until(
                "the device",
                lambda: any(row[:2] == (NAME, "test_pads") for row in sidecar.bus.get_rows("controllers.device")),
            )


@pytest.mark.parametrize("rate", [RATE, 44100])
def test_lights_are_sent_again_on_a_new_server(jack_server: StartServer, config: Path, rate: int) -> None:
    """At another rate, it is on another signal path too."""
    server = jack_server(RATE, PERIOD)
    with sidecar_on(server, NO_ENGINES) as sidecar:
        with TestPads(server, []) as pads:
            start_together(pads.recorder)
            pads.connect()
            sidecar.bus.set("stems.other.mute", 1, "test")
            until("the light", lambda: LIT in pads.messages)
            server.kill()
            until("the loss", lambda: not sidecar.is_connected)
        server.restart(rate=rate)
        until("the new server", lambda: sidecar.is_connected and sidecar.signal_path.graph.plan.rate == rate)
        with TestPads(server, []) as pads:
            start_together(pads.recorder)
            pads.connect()
            until("the light", lambda: pads.messages[-1:] == [LIT])
            assert pads.messages[:2] == [EXIT, INIT]
