"""X-Touch and extender: the shipped mappings on simulated devices, from the handshake to the goodbye."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.controllers.mcu.simulated_x_touch import SimulatedXTouch
from tests.controllers.mcu.x_touch.x_touch_desk import (
    CHANNELS,
    MAINS,
    PARTS,
    STRIPS,
    TICK_S,
    Desk,
    to_position,
)


def test_it_is_confirmed_and_shows_strips_levels_and_faders(desk: Desk, device: SimulatedXTouch) -> None:
    assert desk.devices[0][2].state == "confirmed"
    assert device.read(0) == [*STRIPS, *PARTS[:3]]
    assert device.read(1) == ["0.0dB"] * 5 + [""] * 3
    assert device.faders[:5] == [to_position(0)] * 5
    assert device.faders[8] == to_position(0)
    assert device.rings == [0x20 + ring for ring in (6, 6, 6, 1, 4, 11, 6, 1)]
    assert device.leds[0x34] == 0x7F  # of the two pages of the lower line, the values
    assert device.leds[0x36 + 5] == 0x7F  # pop


def test_a_clone_that_never_answers_works_as_a_port() -> None:
    desk = Desk("behringer_x_touch", has_handshake=False)
    desk.run(3.0)
    device, _, session = desk.devices[0]
    assert session.state == "port"
    assert device.read(0)[:5] == STRIPS
    device.press(0x10)
    desk.run(0.1)
    assert desk.get("stems.drums.mute") == 1.0
    assert device.leds[0x10] == 0x7F


@pytest.mark.parametrize("traffic", [b"\xf8", b"\xfe", b"\xf0\x00\x00\x66\x15\x03ABCDEFG\xf7"])
def test_other_traffic_does_not_confirm_it(traffic: bytes) -> None:
    desk = Desk("behringer_x_touch", has_handshake=False)
    device, _, session = desk.devices[0]
    for _ in range(100):
        device.inbox += [traffic] * 5
        desk.run(0.1)
        assert session.state == "port"


def test_main_unit_and_extender_show_one_row_of_strips_that_moves_together() -> None:
    desk = Desk("behringer_x_touch", "behringer_x_touch_extender")
    desk.run(1.0)
    main, extender = (device for device, _, _ in desk.devices)
    assert [session.state for _, _, session in desk.devices] == ["confirmed", "confirmed"]
    assert main.read(0) + extender.read(0) == [*STRIPS, *PARTS] + [""] * 6
    extender.press(0x10 + 1)
    desk.run(0.1)
    assert desk.get("accompaniment.band.guitar.mute") == 1.0
    assert extender.leds[0x11] == 0x7F
    main.press(0x31)  # all strips are in sight: the bank stays where it is
    desk.run(0.1)
    assert main.read(0)[0] == "Drums"


def test_the_bank_moves_names_faders_lights_and_colours(desk: Desk, device: SimulatedXTouch) -> None:
    desk.set("stems.vocals.gain_db", -20.0)
    desk.set("accompaniment.band.pad.mute", True)
    device.press(0x31)
    device.press(0x31)
    desk.run(0.5)
    assert device.read(0) == [*STRIPS[2:], *PARTS]
    assert device.faders[0] == to_position(-20.0)
    assert device.faders[3] == 0
    assert device.leds[0x10 + 6] == 0x7F
    device.press(0x2E)
    desk.run(0.5)
    assert device.read(0)[0] == "Drums"
    assert device.leds[0x10 + 6] == 0x00


def test_the_colours_of_all_strips_are_one_message_and_no_name_is_in_the_dark() -> None:
    desk = Desk("behringer_x_touch", "behringer_x_touch_extender")
    desk.run(1.0)
    for device, port, _ in desk.devices:
        assert all(colour > 0 for name, colour in zip(device.read(0), device.colours, strict=True) if name)
        sent = [message for message in port.sent if message[0] == 0xF0 and message[5] == 0x72]
        assert len(sent) == 2  # the goodbye to whoever was there before, and the one of now
    main, extender = (device for device, _, _ in desk.devices)
    assert len(set(main.colours[:5])) == 5
    assert extender.colours[2:] == [0] * 6


def test_the_lower_line_shows_the_chord_on_the_page_of_the_song(desk: Desk, device: SimulatedXTouch) -> None:
    desk.bus.publish("accompaniment.chord", 1000, "F#m7b5", 0.9)
    device.press(0x35)
    desk.run(0.5)
    assert device.read(1) == ["F#m7b5", "", "", "pop", "auto", "50%", "50%", "0%"]
    desk.bus.publish("mir.tempo", 1000, 123.4, 0.9)
    desk.bus.publish("accompaniment.chord", 2000, "Cmaj7/E", 0.9)
    desk.run(0.5)
    assert device.read(1)[:3] == ["Cmaj7/E", "", "123.4"]
    device.press(0x34)
    desk.run(0.5)
    assert device.read(1) == ["0.0dB"] * 5 + [""] * 3


def test_of_the_display_only_what_changed_is_sent(desk: Desk, device: SimulatedXTouch) -> None:
    device.received.clear()
    _, port, _ = desk.devices[0]
    port.log.clear()
    desk.set("stems.vocals.gain_db", -6.0)
    desk.run(0.5)
    texts = [message for message in device.received if message[5:6] == b"\x12"]
    assert texts == [b"\xf0\x00\x00\x66\x14\x12" + bytes((0x38 + 14,)) + b"-6.0dB \xf7"]


def test_the_beat_flashes(desk: Desk, device: SimulatedXTouch) -> None:
    for number in range(4):
        desk.bus.publish("mir.beat", 1000 * number, number, 4, 120.0, 0.9, number)
        desk.run(0.02)
        assert device.leds[0x72] == 0x7F
        desk.run(0.3)
        assert device.leds[0x72] == 0x00


@pytest.mark.parametrize("name", [*MAINS, "behringer_x_touch_extender"])
def test_at_the_end_it_is_dark_and_its_motors_rest(name: str) -> None:
    desk = Desk(name)
    device = desk.devices[0][0]
    for item in desk.bus.registry.controls:
        if item.kind == "switch" and "reserve" not in item.name:
            desk.set(item.name, True)
    desk.run(2.0)
    for channel in CHANNELS:
        desk.bus.publish("meters", channel, -3.0, -10.0, *[-60.0] * 4)
    desk.run(0.5)
    assert not device.is_dark()
    assert name not in MAINS or min(device.meters[:5]) > 0
    session, faders = desk.devices[0][2], list(device.faders)
    session.close(desk.now_s)
    desk.run(3.0)
    assert session.is_closed
    assert device.is_dark()
    assert device.faders == faders


def test_what_was_unplugged_shows_all_again_when_it_is_back(desk: Desk, device: SimulatedXTouch) -> None:
    desk.set("stems.drums.mute", True)
    desk.run(0.5)
    shown = device.lcd.copy(), device.colours, device.leds, device.rings, device.faders
    device.switch_on()
    desk.devices[0][1].log.clear()
    desk.devices[0][2].start(desk.now_s)
    desk.run(2.0)
    leds = {note: value for note, value in device.leds.items() if note in shown[2]}
    assert (device.lcd, device.colours, leds, device.rings, device.faders) == shown


def test_a_strip_that_does_not_exist_does_nothing(desk: Desk, device: SimulatedXTouch) -> None:
    device.press(0x31)
    device.press(0x31)
    desk.run(0.5)
    before = dict(desk.bus.values())
    for message in ("E6 00 00", "90 0E 7F", "90 0E 00", "EF 00 40", "90 7F 7F", "90 6E 7F", "90 6E 00"):
        device.inbox.append(bytes.fromhex(message))
    desk.run(0.5)
    assert dict(desk.bus.values()) == before


traffic = st.one_of(
    st.binary(max_size=20),
    st.tuples(st.integers(0x80, 0xEF), st.integers(0, 127), st.integers(0, 127)).map(bytes),
    st.binary(max_size=20).map(lambda data: b"\xf0\x00\x00\x66\x14" + bytes(byte & 0x7F for byte in data) + b"\xf7"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(traffic, max_size=80))
def test_any_traffic_is_survived_and_the_controls_stay_in_range(messages: list[bytes]) -> None:
    desk = Desk("behringer_x_touch")
    device, port, session = desk.devices[0]
    for message in messages:
        device.inbox.append(message)
        desk.run(TICK_S)
    device.inbox += [bytes((0x90, note, 0)) for note in range(128)]
    desk.run(12.0)
    port.log.clear()
    device.received.clear()
    desk.run(3.0)
    assert len(port.log) <= 2  # nothing is said for ever but the question who it is
    assert not session.is_gone
    for control in desk.bus.registry.controls:
        assert control.low <= desk.get(control.name) <= control.high
