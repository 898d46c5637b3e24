"""Random use of the shipped mappings, seen from the device: bytes in and bytes out, without a look into the controller.

At the end nothing is held, and the messages that the device got have set each light as sending all of them again does.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from tests.mappings.device import ShippedDevice
from tests.mappings.shipped import NAMES, read_shipped, registry

STATUS = {
    MessageKind.CC: 0xB0,
    MessageKind.NOTE: 0x90,
    MessageKind.PROGRAM: 0xC0,
    MessageKind.PITCH_BEND: 0xE0,
}
PLACES = {"F0 00 20 29": 9, "F0 00 20 6B": 10, "F0 00 01 06": 8, "F0 00 00 66": 7}
"""How many bytes of a system exclusive message say which light it is for, by its beginning."""
CHANGED = (
    "stems.drums.mute",
    "stems.other.solo",
    "stems.vocals.gain_db",
    "accompaniment.band.style",
    "accompaniment.band.section",
    "accompaniment.band.keys.mute",
    "accompaniment.band.intensity",
    "synth.gain_db",
)
HELD = ("accompaniment.band.fill", "accompaniment.band.dropout")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("message"), st.integers(0, 400), st.sampled_from([0, 0, 1, 63, 64, 65, 100, 127, 127])),
        st.tuples(st.just("change"), st.integers(0, len(CHANGED) - 1), st.integers(0, 7)),
        st.tuples(st.just("unplug"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


def build(spec: MessageSpec, value: int) -> bytes:
    status = STATUS[spec.kind] | spec.channel
    if spec.kind is MessageKind.PROGRAM:
        return bytes([status, spec.number])
    if spec.kind is MessageKind.PITCH_BEND:
        return bytes([status, 0, value])
    return bytes([status, spec.number, value])


def find_light(message: str) -> str:
    """The bytes that say which light it is. The channel of a note may be its brightness, so it does not count."""
    if message[0] == "F":
        place = message[: PLACES[message[:11]] * 3 - 1]
        # the X-Touch takes all its colours in one message
        return message[:17] if message[:11] == "F0 00 00 66" and message[15:17] == "72" else place
    if message[0] == "9":
        return f"9 {message[3:5]}"
    if message[0] == "D":  # Mackie Control: the strip is the upper half of the value
        return message[:4] if message[:2] == "D0" else message[:2]
    return message[:2] if message[0] == "E" else message[:5]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None)
@given(steps)
def test_in_the_end_nothing_is_held_and_the_lights_are_true(name: str, chosen: list[tuple[str, int, int]]) -> None:
    device, specs = ShippedDevice(name), sorted({item.message for item in read_shipped(name).inputs}, key=str)
    for kind, which, value in chosen:
        device.now_s += 0.02
        if kind == "message":
            device.controller.receive(build(specs[which % len(specs)], value), device.now_s)
        elif kind == "change":
            control = registry().get_control(CHANGED[which % len(CHANGED)])
            device.bus.set(control.name, control.low + (control.high - control.low) * value / 7, "elsewhere")
        else:
            device.controller.release(device.now_s)
        if value % 3 == 0:
            device.take()
    device.controller.release(device.now_s)
    device.take()
    assert [device.get(control) for control in HELD] == [0, 0]
    assert device.controller.layer == "" or device.controller.layer in read_shipped(name).layers
    before = {find_light(message): message for message in device.sent}
    device.forget()
    device.controller.replay()
    device.take()
    assert before == {find_light(message): message for message in device.sent}
