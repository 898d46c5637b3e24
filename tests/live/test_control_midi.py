"""Control MIDI on a real server: nothing is lost on its way in or out, and a button acts in the next cycle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from bridge.bench.callback import run_busy_loop
from bridge.core.audio import STEMS
from bridge.core.events import Midi, TimedEvent
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_driver import CONTROL_IN, CONTROL_OUT, JackDriver
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.runtime.control_midi import ControlMidi, Switch
from bridge.runtime.graph import Graph
from bridge.runtime.wiring import wire
from tests.live.rig import ask_server
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

RATE, PERIOD = 48000, 128
RAMP = 240  # 5 ms
CLIENT = "sideman"


@dataclass(frozen=True)
class Rig:
    """A running graph without engines, and Python's end of its control ports."""

    server: DummyServer
    graph: Graph
    driver: JackDriver
    control_midi: ControlMidi


@contextmanager
def control_rig(server: DummyServer, client: str = CLIENT) -> Iterator[Rig]:
    with (
        Graph(wire({}, RATE, {}), PERIOD, {}, {}) as graph,
        ControlMidi(graph.control_context) as control_midi,
        JackDriver(graph, client, server.name) as driver,
    ):
        yield Rig(server, graph, driver, control_midi)


@pytest.fixture
def rig(module_server: DummyServer) -> Iterator[Rig]:
    with control_rig(module_server) as opened:
        yield opened


class Controller:
    """A MIDI device: a recorder of what ``control_out`` sends that plays to ``control_in``."""

    def __init__(self, server: DummyServer, events: list[TimedEvent], frames: int = RATE) -> None:
        ports = Ports(play=("out",), record=("in",), midi_play="midi_out", midi_record=("midi_in",))
        self.recorder = JackRecorder("controller", server.name, frames, ports)
        self.recorder.load(np.ones((1, frames), np.float32), events)

    def __enter__(self) -> Controller:
        self.recorder.__enter__()
        self.recorder.connect(
            {
                "out": f"{CLIENT}:in_1",
                "in": f"{CLIENT}:mix_1",
                "midi_out": f"{CLIENT}:{CONTROL_IN}",
                "midi_in": f"{CLIENT}:{CONTROL_OUT}",
            }
        )
        return self

    def __exit__(self, *error: object) -> None:
        self.recorder.__exit__(None, None, None)

    def start(self) -> None:
        """Once the new connections carry messages: JACK confirms them before that."""
        start_together(self.recorder, margin_frames=RATE // 4)

    def read(self) -> list[bytes]:
        """The messages that it got."""
        return [event.payload.data for event in self.recorder.read_midi("midi_in") if isinstance(event.payload, Midi)]


def make_storm(rate_hz: int, seconds: float) -> list[TimedEvent]:
    """So many control changes a second, each another."""
    count = int(rate_hz * seconds)
    return [
        TimedEvent(k * RATE // rate_hz, Midi(bytes((0xB0 | k >> 14 & 0xF, k >> 7 & 0x7F, k & 0x7F))))
        for k in range(count)
    ]


def test_a_storm_arrives_whole_and_at_its_frames_beside_a_python_spinner(rig: Rig) -> None:
    storm = make_storm(10_000, 3.0)
    got: list[tuple[int, bytes]] = []
    with Controller(rig.server, storm, 4 * RATE) as controller, run_busy_loop(True):
        controller.start()
        while controller.recorder.position < 3.5 * RATE:
            if rig.control_midi.wait(0.1):
                got += rig.control_midi.receive()
    assert [message for _, message in got] == [event.payload.data for event in storm if isinstance(event.payload, Midi)]
    assert rig.control_midi.lost == rig.control_midi.incomplete == 0
    if controller.recorder.skipped == 0:
        starts = {frame - event.frame for (frame, _), event in zip(got, storm, strict=True)}
        assert len(starts) == 1  # the offsets in the cycle are kept


def test_what_is_sent_arrives_in_order(rig: Rig) -> None:
    sent = [bytes((0x90, k >> 7, k & 0x7F)) for k in range(5000)]
    with Controller(rig.server, [], 60 * RATE) as controller:
        controller.start()
        until("the start", lambda: controller.recorder.position > 0)
        for message in sent:
            rig.control_midi.send(message)
        assert rig.control_midi.flush(HANG_S)
        until("the last one", lambda: len(controller.read()) >= len(sent))
        assert controller.read() == sent


def test_the_last_message_before_the_driver_leaves_arrives(module_server: DummyServer) -> None:
    last = [bytes((0xB0, k & 0x7F, 0)) for k in range(3000)]
    with control_rig(module_server) as rig, Controller(module_server, [], 60 * RATE) as controller:
        controller.start()
        until("the start", lambda: controller.recorder.position > 0)
        rig.graph.set_midi_muted(True)  # leaving mutes the MIDI ports, not this one
        for message in last:
            rig.control_midi.send(message)
        rig.driver.__exit__(None, None, None)
        position = controller.recorder.position
        until("more cycles", lambda: controller.recorder.position > position + 4 * PERIOD)
        assert controller.read() == last


@pytest.mark.parametrize(("size", "piece"), [(302, 6), (4000, 256), (30000, 16384)])
def test_a_long_message_is_whole_however_it_is_cut(rig: Rig, size: int, piece: int) -> None:
    message = bytes((0xF0, *(k % 128 for k in range(size - 2)), 0xF7))
    pieces = [message[at : at + piece] for at in range(0, size, piece)]
    probe = b"\x90\x00\x00"
    got: list[bytes] = []

    def is_there() -> bool:
        got.extend(message for _, message in rig.control_midi.receive() if message != probe)
        return bool(got)

    with control_rig(rig.server, "sender") as sender:  # sends each piece as an event

        def is_carried() -> bool:
            sender.control_midi.send(probe)
            return bool(rig.control_midi.receive())

        link = f"sender:{CONTROL_OUT}", f"{CLIENT}:{CONTROL_IN}"
        ask_server(sender.driver, lambda: sender.driver.client.connect(*link))
        until("a message over the new connection", is_carried)
        for part in pieces:
            sender.control_midi.send(part)
        until("the message", is_there)
    assert got == [message]
    assert rig.control_midi.incomplete == 0


def test_a_mute_button_acts_at_once_while_python_is_busy(rig: Rig) -> None:
    unity = dict.fromkeys(STEMS, 1.0)
    silent = unity | {"other": 0.0}
    press = RATE // 2
    with Controller(rig.server, [TimedEvent(press, Midi(b"\xb0\x30\x7f"))]) as controller:
        rig.control_midi.set_switches({Switch(0xB0, 0x30, True): (silent, silent)})
        controller.start()
        # Python reads nothing before half of a second later: what the callback anticipates is all there is
        controller.recorder.wait(HANG_S)
        assert len(rig.control_midi.receive()) == 1
    course = controller.recorder.recorded[0]
    if controller.recorder.skipped:
        pytest.skip("the machine skipped cycles")
    first = int(np.flatnonzero(course[press - PERIOD :] < 1.0)[0]) - PERIOD
    assert -PERIOD < first <= 2 * PERIOD  # a cycle of the server between the clients, and the start of this one
    assert not course[press + first + RAMP : press + first + RATE // 4].any()


def test_a_new_server_is_a_new_generation_and_nothing_sent_is_lost(module_server: DummyServer) -> None:
    with control_rig(module_server) as rig:
        before = rig.control_midi.generation
        module_server.kill()
        until("noticing", lambda: not rig.driver.is_connected)
        module_server.restart()
        until("coming back", lambda: rig.driver.reconnections == 1 and rig.driver.is_connected)
        assert rig.control_midi.generation == before + 1
        with Controller(module_server, [TimedEvent(100, Midi(b"\xb0\x30\x7f"))], 60 * RATE) as controller:
            controller.start()
            until("a message", lambda: rig.control_midi.wait(0.1))
            assert [message for _, message in rig.control_midi.receive()] == [b"\xb0\x30\x7f"]
            rig.control_midi.send(b"\xb0\x30\x01")
            until("its light", lambda: controller.read() == [b"\xb0\x30\x01"])
