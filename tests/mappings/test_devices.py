"""Devices on their shipped mappings: messages from the makers' lists do what they must, and light the right bytes."""

from __future__ import annotations

import pytest

from bridge.core.control import parse_value
from tests.mappings.device import ShippedDevice
from tests.mappings.sheets import GAINS, INTENSITY, SHEETS, STEMS, STYLE, SWING
from tests.mappings.shipped import NAMES, registry

each = pytest.mark.parametrize("name", SHEETS)


def test_every_shipped_mapping_has_a_second_opinion_or_is_a_mackie_control() -> None:
    others = {name for name in NAMES if name not in SHEETS}
    assert all("touch" in name or "mackie" in name for name in others), others


@each
def test_faders_and_knobs_set_their_controls_over_the_whole_range(name: str) -> None:
    for status, control in SHEETS[name].faders:
        device, declared = ShippedDevice(name), registry().get_control(control)
        device.sweep(status)
        assert device.get(control) == declared.high, (status, control)
        device.send(f"{status} 00")
        assert device.get(control) == declared.low


@each
def test_switches_go_on_and_off(name: str) -> None:
    for press, release, control in SHEETS[name].switches:
        device = ShippedDevice(name)
        device.send(press)
        assert device.get(control) == 1, (press, control)
        device.send(release)
        assert device.get(control) == 1
        device.send(press, release)
        assert device.get(control) == 0


@each
def test_choices_are_made_by_a_press(name: str) -> None:
    device = ShippedDevice(name)
    for press, release, control, word in SHEETS[name].choices:
        device.send(press, *filter(None, [release]))
        assert device.get(control) == parse_value(registry().get_control(control), word), (press, word)


@each
def test_what_is_held_ends_with_the_finger(name: str) -> None:
    for press, release, control in SHEETS[name].held:
        device = ShippedDevice(name)
        device.send(press)
        assert device.get(control) == 1, (press, control)
        device.send(release)
        assert device.get(control) == 0


@each
def test_actions_are_triggered_once(name: str) -> None:
    for press, release, action, argument in SHEETS[name].actions:
        device = ShippedDevice(name)
        device.send(press, *filter(None, [release]))
        assert device.actions == [(action, argument)], press


@each
def test_lights_are_the_bytes_of_the_makers_list(name: str) -> None:
    for control, value, message in SHEETS[name].lights:
        device = ShippedDevice(name)
        number = parse_value(registry().get_control(control), value)
        if device.get(control) == number:  # it is so from the start
            assert message in device.sent, (control, message)
            continue
        device.forget()
        device.set(control, value)
        assert message in device.sent, (control, message, device.sent)


@each
def test_a_held_layer_has_its_own_keys(name: str) -> None:
    sheet = SHEETS[name]
    for press, release, control, word in sheet.below:
        device = ShippedDevice(name)
        before = {stem: device.get(f"stems.{stem}.solo") for stem in STEMS}
        device.send(sheet.layer[0], press, release, sheet.layer[1])
        assert device.get(control) == parse_value(registry().get_control(control), word), (press, word)
        assert {stem: device.get(f"stems.{stem}.solo") for stem in STEMS} == before


@each
def test_the_release_of_a_key_sends_no_light_that_is_wrong(name: str) -> None:
    """After a press and a release the device shows what is true."""
    for press, release, control in SHEETS[name].switches:
        device = ShippedDevice(name)
        device.send(press, release)
        device.forget()
        device.take()
        assert device.sent == [], (press, control)


@pytest.mark.parametrize(
    ("name", "press", "release", "lit", "dark"),
    [
        ("akai_apc_mini_mk2", "90 64 7F", "90 64 00", "90 64 01", "90 64 00"),
        ("akai_apc_mini_mk2", "90 00 7F", "90 00 00", "96 00 0D", "90 00 0D"),
        ("akai_midi_mix", "90 01 7F", "90 01 00", "90 01 7F", "90 01 00"),
        ("behringer_x_touch", "90 10 7F", "90 10 00", "90 10 7F", "90 10 00"),
    ],
)
def test_a_light_that_the_device_changes_at_the_release_is_sent_again(
    name: str, press: str, release: str, lit: str, dark: str
) -> None:
    device = ShippedDevice(name)
    for message in (lit, dark):
        device.forget()
        device.send(press)
        device.send(release)
        assert device.sent == [message, message]


@pytest.mark.parametrize(
    ("name", "status", "control"),
    [
        ("novation_launch_control_xl_3", "BF 4D", INTENSITY),
        ("novation_launch_control_xl_3", "BF 50", SWING),
        ("novation_launchkey_mk4", "BF 55", GAINS[0]),
        ("novation_launchkey_mini_mk4", "BF 58", GAINS[3]),
    ],
)
def test_encoders_count_from_64(name: str, status: str, control: str) -> None:
    device, declared = ShippedDevice(name), registry().get_control(control)
    start, step = device.get(control), (declared.high - declared.low) / 100
    device.send(f"{status} 43")
    assert device.get(control) == pytest.approx(start + 3 * step)
    device.send(f"{status} 3F", f"{status} 3E")
    assert device.get(control) == pytest.approx(start)


@pytest.mark.parametrize(("name", "status"), [("presonus_faderport_2", "B0 3C"), ("presonus_faderport_8", "B0 10")])
def test_encoders_of_the_faderport_have_a_sign_bit(name: str, status: str) -> None:
    device = ShippedDevice(name)
    device.send(f"{status} 03")
    assert device.get(INTENSITY) == pytest.approx(0.53)
    device.send(f"{status} 41", f"{status} 41")
    assert device.get(INTENSITY) == pytest.approx(0.51)


def test_the_encoder_of_the_minilab_turns_through_the_styles() -> None:
    device = ShippedDevice("arturia_minilab_3")
    start = device.get(STYLE)
    device.send("B0 1C 41")
    assert device.get(STYLE) == start + 1
    device.send("B0 1C 3E")
    assert device.get(STYLE) == start - 1


@pytest.mark.parametrize("name", ["presonus_faderport_2", "presonus_faderport_8"])
def test_a_motor_fader_sets_its_stem_and_never_moves_under_a_finger(name: str) -> None:
    device = ShippedDevice(name)
    device.send("90 68 7F", "E0 00 40")  # touched, half way
    device.forget()
    device.set(GAINS[0], -60)
    assert not [message for message in device.sent if message.startswith("E0")]
    device.send("90 68 00")
    assert "E0 00 00" in device.sent


def test_the_only_fader_of_the_faderport_2_walks_over_the_stems() -> None:
    device = ShippedDevice("presonus_faderport_2")
    device.send("90 2F 7F", "90 2F 00", "90 10 7F", "90 10 00")
    assert (device.get("stems.drums.mute"), device.get("stems.bass.mute")) == (0, 1)
    device.send("90 2E 7F", "90 2E 00", "90 10 7F", "90 10 00")
    assert device.get("stems.drums.mute") == 1


def test_the_displays_of_the_faderport_8_have_names_and_meters() -> None:
    device = ShippedDevice("presonus_faderport_8")
    assert "F0 00 01 06 02 12 02 00 00 56 6F 63 61 6C 73 20 F7" in device.sent  # Vocals
    device.bus.publish("meters", "vocals", -6.0, -12.0, *[-60.0] * 4)
    device.take()
    assert any(message.startswith("D2") and message != "D2 00" for message in device.sent)


def test_the_display_of_the_launch_control_xl_3_has_the_chord() -> None:
    device = ShippedDevice("novation_launch_control_xl_3")
    device.bus.publish("mir.chord", 0, "Am7", 0.9)
    device.take()
    assert "F0 00 20 29 02 15 06 35 01 41 6D 37 20 20 20 20 20 20 20 20 20 F7" in device.sent


@pytest.mark.parametrize(
    ("name", "beat", "downbeat", "dark"),
    [
        ("akai_apc_mini_mk2", "93 1F 03", "96 1F 05", "90 1F 00"),
        ("novation_launchpad_x", "90 63 03", "90 63 05", "90 63 00"),
    ],
)
def test_a_light_flashes_with_the_beat(name: str, beat: str, downbeat: str, dark: str) -> None:
    device = ShippedDevice(name)
    for number, message in ((0, downbeat), (1, beat)):
        device.forget()
        device.bus.publish("mir.beat", 1000 * number, number, 4, 120.0, 0.9, number)
        device.take()
        assert device.sent == [message, dark]


def test_send_all_of_the_midi_mix_takes_what_it_can_and_moves_nothing_by_a_jump() -> None:
    """33 values in one burst; a fader far from the present value waits until it passes it."""
    device = ShippedDevice("akai_midi_mix")
    numbers = [*range(16, 32), *range(46, 63)]
    assert len(numbers) == 33
    for number in numbers:
        device.controller.receive(bytes([0xB0, number, 20]), device.now_s)
    device.take()
    assert device.get(GAINS[0]) == 0
    device.sweep("B0 13")
    assert device.get(GAINS[0]) == 12
