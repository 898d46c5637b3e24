"""Fuzz target: what a Mackie Control sends and what a DAW sends to one, through both ends of the handshake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mido

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.strips import make_strips
from bridge.controllers.mcu.daw_surface import DawSurface
from bridge.controllers.mcu.handshake import MAX_ANSWERS, DeviceHandshake, HostHandshake
from bridge.core.midi_stream import MidiStream
from tests.fuzz.target import Target

REGISTRY = make_sidecar_registry({})
UNIT = 0x14
HEAD = bytes((0xF0, 0x00, 0x00, 0x66, UNIT))
TICK_S = 0.02
SETTLED = 100
"""Ticks of silence, in which nothing may be left to send."""


def read(data: bytes, folder: Path) -> None:
    """Messages in any order and pieces: answers are MIDI and few, controls stay in range, silence follows silence."""
    bus, host, device = Bus(REGISTRY), HostHandshake(UNIT), DeviceHandshake(UNIT)
    surface, stream = DawSurface(bus, make_strips(REGISTRY)), MidiStream()
    answers = host.start(0.0) + device.start(0.0)
    now_s = 0.0
    for at in range(0, len(data), 64):
        now_s += TICK_S
        for message in stream.feed(data[at : at + 64]):
            answers += host.receive(message, now_s) + device.receive(message, now_s)
            surface.receive(message, now_s)
        assert surface.take_output(now_s) == []  # nobody but the DAW has changed anything
    assert len(answers) <= 2 + 3 * MAX_ANSWERS * (1 + now_s // 5)
    for message in answers:
        mido.Message.from_bytes(message)
    bus.set("stems.bass.gain_db", -33.3, "other")
    bus.set("stems.bass.mute", True, "other")
    sent = []
    for _ in range(5 * SETTLED):
        now_s += TICK_S
        sent += surface.take_output(now_s)
    assert len(sent) <= 3 + 2 * 3  # touch, move, let go; three presses
    for control in REGISTRY.controls:
        assert control.low <= bus.get(control.name) <= control.high


def make_seeds() -> Iterator[bytes]:
    """A DAW that shows its song, and one with a handshake; a device that answers."""
    names = b"".join(name.ljust(7) for name in (b"Drums", b"Bass", b"Vocals", b"Other"))
    show = HEAD + b"\x12\x00" + names.ljust(112) + b"\xf7"
    faders = b"".join(bytes((0xE0 + i, 0x10 * i, 0x60)) for i in range(9))
    lights = b"".join(bytes((0x90, note, 0x7F)) for note in range(0x20))
    yield show + faders + lights
    yield faders + lights + show + b"\xe1\x00\x00" * 40 + HEAD + b"\x12\x07Kick   \xf7" + b"\xe1\x7f\x7f"
    yield HEAD + b"\x00\xf7" + HEAD + b"\x02" + b"1234567" + b"\x05\x05\x7b\x2f\xf7" + HEAD + b"\x13\x00\xf7"
    yield HEAD + b"\x01" + b"1234567" + b"\x01\x02\x03\x04\xf7" + HEAD + b"\x03" + b"1234567\xf7" + HEAD + b"\x14V1\xf7"


TARGET = Target(
    name="mcu",
    read=read,
    seeds=make_seeds,
    tokens=(
        HEAD, HEAD + b"\x12\x00", HEAD + b"\x12\x38", HEAD + b"\x01", HEAD + b"\x04", b"\xf7", b"Bass   ", b"\xf8",
        b"\xe1\x00\x00", b"\xe1\x7f\x7f", b"\xe8", b"\x90\x11\x7f", b"\x90\x11\x01", b"\x90\x09\x00", b"\xd0",
    ),
    modules=(
        "bridge.controllers.mcu.daw_surface", "bridge.controllers.mcu.handshake", "bridge.controllers.mcu.host_view",
        "bridge.controllers.mcu.protocol", "bridge.controllers.mcu.strip_link", "bridge.core.midi_stream",
    ),
    mutations=500,
)  # fmt: skip
