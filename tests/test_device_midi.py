"""Virtual MIDI ports in place of JACK's: messages keep their frames, and nothing hangs when the device goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from bridge.core.latency import MIDI_PORTS, PATHS
from bridge.core.midi import NOTE_OFF
from bridge.device_midi import DeviceMidi, SoundingNotes
from bridge.runtime.shared import slots as w
from tests.drivers.portaudio.stream_rig import StreamRig, noise, open_stream
from tests.runtime.callback_driver import PLAN, RATE, note_off, note_on

PORT = MIDI_PORTS.index("accompaniment")
BITS = 1 << PATHS.index("accompaniment")


class FakePort:
    """A port whose other end is the test."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self.is_closed = False

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def receive(self) -> list[bytes]:
        taken, self.received = self.received, []
        return taken

    def close(self) -> None:
        self.is_closed = True


class MidiRig:
    """Ports and a stream whose accompaniment sends what comes in."""

    def __init__(self, rig: StreamRig) -> None:
        self.rig = rig
        self.source, self.sinks = FakePort(), tuple(FakePort() for _ in MIDI_PORTS)
        self.midi = DeviceMidi((self.source, self.sinks))
        self.stream: Any = SimpleNamespace(
            argument=rig.argument, plan=SimpleNamespace(rate=RATE), find_frame=lambda: rig.argument.frame
        )
        rig.set_cycle()
        rig.graph.state[w.PING] = BITS

    def play(self, periods: int = 1) -> None:
        """So many callbacks, the ports served after each."""
        for _ in range(periods):
            self.rig.call(noise(128))
            self.midi.update(self.stream)

    @property
    def sent(self) -> list[bytes]:
        """What the accompaniment's port has sent, note-offs of the start left out."""
        return self.sinks[PORT].sent


@contextmanager
def open_midi() -> Iterator[MidiRig]:
    """A rig that has run for some callbacks."""
    with open_stream(("mix",), plan=PLAN) as rig:
        opened = MidiRig(rig)
        opened.play(4)
        opened.sent.clear()
        yield opened


def test_a_message_that_comes_in_goes_out_again_at_its_port_and_at_no_other() -> None:
    with open_midi() as rig:
        rig.source.received = [note_on(60), note_off(60)]
        rig.play(4)
        assert rig.sent == [note_on(60), note_off(60)]
        assert not any(sink.sent for place, sink in enumerate(rig.sinks) if place != PORT)
        assert rig.midi.lost == 0


def test_a_message_waits_until_its_frame_is_played() -> None:
    with open_midi() as rig:
        rig.rig.argument.write_midi(rig.rig.argument.frame + 100, note_on(61))
        frame = rig.rig.argument.frame
        rig.rig.call(noise(128))
        rig.stream.find_frame = lambda: frame + 99
        rig.midi.update(rig.stream)
        assert rig.sent == []
        rig.stream.find_frame = lambda: frame + 100
        rig.midi.update(rig.stream)
        assert rig.sent == [note_on(61)]


def test_what_sounds_is_released_when_the_device_goes_and_when_the_sidecar_leaves() -> None:
    with open_midi() as rig:
        rig.source.received = [note_on(60), note_on(62, channel=3)]
        rig.play(4)
        rig.sent.clear()
        rig.midi.update(None)
        assert sorted(rig.sent) == [note_off(60), note_off(62, channel=3)]
        rig.source.received = [note_on(64)]
        rig.midi.update(None)
        assert rig.midi.lost == 1  # nothing can play it, now or later
        rig.play(2)
        rig.source.received = [note_on(65)]
        rig.play(4)
        rig.sent.clear()
        rig.midi.close()
        assert rig.sent == [note_off(65)]
        assert rig.source.is_closed
        assert all(sink.is_closed for sink in rig.sinks)


def test_a_message_that_is_too_long_for_the_callback_is_counted() -> None:
    with open_midi() as rig:
        rig.source.received = [b"\xf0" + bytes(100) + b"\xf7"]
        rig.play(3)
        assert rig.sent == []
        assert rig.midi.lost == 1


def test_a_clock_that_runs_is_stopped_and_one_that_was_stopped_is_not() -> None:
    sounding = SoundingNotes()
    for message in (b"\xfa", b"\xf8", note_on(1), note_on(2), note_off(1), bytes((0x90, 2, 0)), note_on(3)):
        sounding.follow(message)
    assert sounding.release() == [bytes((NOTE_OFF, 3, 64)), b"\xfc"]
    assert sounding.release() == []
    for message in (b"\xfb", b"\xfc"):
        sounding.follow(message)
    assert sounding.release() == []
