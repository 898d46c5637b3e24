"""MIDI devices through rtmidi on a real JACK server: opened, unplugged, renamed, flushed, and nothing lost.

The devices are JACK clients with virtual ports. Each test has its own clock; only what arrives is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import rtmidi

from bridge.controllers.devices.device_watch import DeviceWatch
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.ports.midi_port import PortGoneError
from bridge.controllers.ports.midi_systems import open_midi_system
from bridge.controllers.ports.rtmidi_system import CONNECT_S, QUEUE_MESSAGES, RtmidiPort, RtmidiSystem
from bridge.controllers.ports.virtual_ports import VirtualInput, VirtualOutput
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.semaphores import find_stale
from tests.controllers.fake_midi import FakeSurface, make_mapping
from tests.waiting import until

pytestmark = pytest.mark.live

INIT, EXIT = "F0 01 01 F7", "F0 01 00 F7"
LIGHT = bytes((0x90, 5, 1))
STEP_S = 0.002


@pytest.fixture
def system(module_server: DummyServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RtmidiSystem]:
    """The JACK server's MIDI ports, as Sideman sees them."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", module_server.name)
    opened = open_midi_system("jack")
    for _ in range(20):
        if opened is None or not find_stale():
            break
        # a first client that met a stale semaphore of another never runs (see bridge.drivers.semaphores)
        opened.close()
        opened = open_midi_system("jack")
    assert opened is not None
    with opened:
        yield opened


@contextmanager
def device(client: str = "MIDI Mix") -> Iterator[RtmidiPort]:
    """A device that is plugged in: an input and an output of ``client``."""
    midi_in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=client, queue_size_limit=QUEUE_MESSAGES)
    midi_in.ignore_types(sysex=False)
    midi_in.open_virtual_port("MIDI Mix MIDI 1")
    midi_out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=client)
    midi_out.open_virtual_port("MIDI Mix MIDI 1")
    port = RtmidiPort(client, midi_in, midi_out, flush_s=0.1)
    try:
        yield port
    finally:
        port.close()


def open_other() -> RtmidiSystem:
    """The same server, as another program sees it."""
    other = open_midi_system("jack", client="Other")
    assert other is not None
    return other


@dataclass
class Rig:
    """A watch on the system, in virtual time, with the surface of its one device."""

    system: RtmidiSystem
    surface: FakeSurface = field(default_factory=FakeSurface)
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.watch = DeviceWatch(
            self.system,
            [make_mapping("MIDI Mix", init=[INIT], exit=[EXIT])],
            self.make_surface,
            system_name="linux",
        )

    def make_surface(self, _mapping: Mapping, _name: str) -> FakeSurface:
        self.surface.shown[5] = 1
        return self.surface

    def run_until(self, what: str, holds: Callable[[], bool], step_s: float = STEP_S) -> None:
        """Update until it holds."""

        def update() -> bool:
            self.now_s += step_s
            self.watch.update(self.now_s)
            return holds()

        until(what, update)

    def state(self) -> str:
        return self.watch.devices[0].state if self.watch.devices else ""

    def close(self) -> None:
        self.watch.close(self.now_s)
        self.run_until("the end", lambda: self.watch.is_closed)


@pytest.fixture
def rig(system: RtmidiSystem) -> Iterator[Rig]:
    made = Rig(system)
    yield made
    made.close()


def listen(port: RtmidiPort, got: list[bytes], wanted: int) -> Callable[[], bool]:
    """A condition: ``got`` has ``wanted`` messages that arrived at ``port``."""

    def holds() -> bool:
        got.extend(port.receive())
        return len(got) >= wanted

    return holds


def test_a_device_is_set_up_lit_and_received(rig: Rig) -> None:
    got: list[bytes] = []
    with device() as port:
        rig.run_until("its lights", listen(port, got, 3))
        assert got == [bytes.fromhex(EXIT), bytes.fromhex(INIT), LIGHT]
        port.send(b"\xb0\x13\x40")
        rig.run_until("its fader", lambda: rig.surface.received == [b"\xb0\x13\x40"])


def test_a_device_that_vanishes_is_missed_and_is_lit_when_it_returns_behind_a_bridge(rig: Rig) -> None:
    with device():
        rig.run_until("the device", lambda: rig.state() == "port")
    rig.run_until("its absence", lambda: rig.state() == "missing")
    assert rig.surface.released == 1
    got: list[bytes] = []
    with device("Midi-Bridge") as port:
        returned_s = rig.now_s
        rig.run_until("its lights", listen(port, got, 3))
        assert rig.now_s - returned_s < 2.0 + 1.0  # virtual: the rest is how long JACK took to carry them
        assert got == [bytes.fromhex(EXIT), bytes.fromhex(INIT), LIGHT]


def count_threads_and_files() -> tuple[int, int]:
    """Threads and open files of this process."""
    return len(list(Path("/proc/self/task").iterdir())), len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to count threads")
def test_forty_unplugs_leave_no_thread_and_no_file_open(rig: Rig) -> None:
    counts = []
    for _ in range(40):
        with device():
            rig.run_until("the device", lambda: rig.state() == "port", 0.1)
        rig.run_until("its absence", lambda: rig.state() == "missing", 0.1)
        counts.append(count_threads_and_files())
    assert max(counts[10:]) <= max(counts[:10])


def test_the_last_message_before_the_port_closes_arrives(system: RtmidiSystem) -> None:
    for turn in range(20):
        rig, got = Rig(system), list[bytes]()
        with device() as port:
            rig.run_until("the device", listen(port, got, 3))
            for key in range(64):
                rig.surface.shown[key + 10] = 2 + turn
            rig.now_s += STEP_S
            rig.watch.update(rig.now_s)
            rig.close()
            # three at its start, one for each light; then what leaves it
            until("the exit message", listen(port, got, 3 + 64 + 1))
            assert got[-1] == bytes.fromhex(EXIT)


def test_a_burst_and_a_storm_arrive_whole_and_in_order(rig: Rig) -> None:
    with device() as port:
        rig.run_until("the device", lambda: rig.state() == "port")
        sent = [bytes((0xB0 + turn, number, value)) for turn in range(4) for number in (1, 2) for value in range(128)]
        for turn in range(1, 21):
            for at in range(0, len(sent), 64):
                for message in sent[at : at + 64]:
                    port.send(message)
                rig.now_s += STEP_S
                rig.watch.update(rig.now_s)
            # the device's own ring has room for two bursts, whatever the server does meanwhile
            rig.run_until("the burst", lambda: len(rig.surface.received) >= turn * len(sent))  # noqa: B023
        assert rig.surface.received == sent * 20


def test_a_long_sysex_arrives_whole_in_both_directions(system: RtmidiSystem) -> None:
    long = b"\xf0" + bytes(at % 128 for at in range(8000)) + b"\xf7"
    got: list[bytes] = []
    with device() as port:
        ours = system.open(system.list_inputs()[0], system.list_outputs()[0])
        port.send(long)
        until("the device's message", listen(ours, got, 1))
        ours.send(long)
        until("our message", listen(port, got, 2))
        assert got == [long, long]
        ours.close()


def test_a_sysex_without_an_end_swallows_no_note(system: RtmidiSystem) -> None:
    got: list[bytes] = []
    with device() as port:
        ours = system.open(system.list_inputs()[0], system.list_outputs()[0])
        for piece in (b"\xf0\x01\x02", b"\x90\x01\x02", b"\xf7", b"\xf0\x03\xf8\x04\xf7", b"\xb0\x07\x40"):
            port.send(piece)
        until("what follows", listen(ours, got, 4))
        assert got == [b"\x90\x01\x02", b"\xf8", b"\xf0\x03\x04\xf7", b"\xb0\x07\x40"]
        assert ours.incomplete == 1
        ours.close()


def test_ports_that_are_gone_are_not_opened_and_leave_nothing_open(system: RtmidiSystem) -> None:
    with device():
        names = system.list_inputs()[0], system.list_outputs()[0]
        with pytest.raises(PortGoneError, match="no such MIDI port"):
            system.open(names[0], "MIDI Mix:other")
        with pytest.raises(PortGoneError, match="no such MIDI port"):
            system.open(names[0], names[1], input_nth=1)
        # what was opened first would be an input or output of ours that another client sees
        with open_other() as other:
            assert [name for name in other.list_outputs() if name.startswith("Sideman")] == []
    with pytest.raises(PortGoneError, match="plug the device in again"):
        system.open(*names)


def test_a_pair_of_virtual_ports_is_seen_by_others_under_its_name_and_not_by_us(system: RtmidiSystem, rig: Rig) -> None:
    port = system.open_virtual("Sideman MCU")
    with open_other() as host:
        assert [name for name in host.list_inputs() if "Sideman MCU" in name] != []
        assert [name for name in host.list_outputs() if "Sideman MCU" in name] != []
        assert system.list_inputs() == system.list_outputs() == []
        other = host.open(
            next(name for name in host.list_inputs() if "Sideman MCU" in name),
            next(name for name in host.list_outputs() if "Sideman MCU" in name),
        )
        got: list[bytes] = []
        other.send(b"\xe0\x00\x40")
        until("the host's fader", listen(port, got, 1))
        port.send(b"\x90\x10\x7f")
        until("our button", listen(other, got, 2))
        assert got == [b"\xe0\x00\x40", b"\x90\x10\x7f"]
        other.close()
    port.close()


def test_virtual_ports_of_one_direction_carry_messages_of_any_kind(system: RtmidiSystem) -> None:
    source, sink = VirtualInput(system.api, "Sideman midi_in"), VirtualOutput(system.api, "Sideman chords")
    peer = rtmidi.MidiOut(system.api, name="peer-out")
    listener = rtmidi.MidiIn(system.api, name="peer-in", queue_size_limit=QUEUE_MESSAGES)
    listener.ignore_types(sysex=False, timing=False)
    open_port(peer, "Sideman midi_in")
    open_port(listener, "Sideman chords")
    messages = [bytes((0x90, 60, 100)), b"\xf8", b"\xf0" + bytes(20) + b"\xf7", bytes((0x80, 60, 64))]
    received, sent_on = list[bytes](), list[bytes]()
    time.sleep(CONNECT_S)
    for message in messages:
        peer.send_message(message)
        sink.send(message)
    until("the input", lambda: len(gather(source, received)) >= len(messages))
    until("the output", lambda: take(listener, sent_on) >= len(messages))
    assert received == messages
    assert sent_on == messages
    for port in (source, sink):
        port.close()
    for other in (peer, listener):
        other.close_port()


def open_port(port: Any, words: str) -> None:
    """Connect ``port`` to the one whose name has ``words``, once it is there."""
    until(words, lambda: any(words in name for name in port.get_ports()))
    port.open_port(next(at for at, name in enumerate(port.get_ports()) if words in name))


def gather(port: VirtualInput, messages: list[bytes]) -> list[bytes]:
    """``messages`` with what came to ``port`` since."""
    messages += port.receive()
    return messages


def take(port: Any, messages: list[bytes]) -> int:
    """Append what came to ``messages``; returns how many there are."""
    while (found := port.get_message()) is not None:
        messages.append(bytes(found[0]))
    return len(messages)
