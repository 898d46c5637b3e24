"""Modes of devices: entered first and left last, kept awake, and noticed when the user changes them at the device."""

from __future__ import annotations

import pytest

from bridge.controllers.ports.session import has_pattern
from tests.mappings.shipped import read_shipped

MODES = {
    "korg_nanokontrol2": ("F0 42 40 00 01 13 00 00 00 01 F7", "F0 42 40 00 01 13 00 00 00 00 F7"),
    "novation_launch_control_xl": ("F0 00 20 29 02 11 77 08 F7", "B8 00 00"),
    "novation_launch_control_xl_3": ("9F 0C 7F", "9F 0C 00"),
    "akai_apc_mini_mk2": ("F0 47 7F 4F 62 00 01 00 F7", "F0 47 7F 4F 62 00 01 00 F7"),
    "novation_launchpad_x": ("F0 00 20 29 02 0C 0E 01 F7", "F0 00 20 29 02 0C 0E 00 F7"),
    "novation_launchpad_mini_mk3": ("F0 00 20 29 02 0D 0E 01 F7", "F0 00 20 29 02 0D 0E 00 F7"),
    "novation_launchkey_mk3": ("9F 0C 7F", "9F 0C 00"),
    "novation_launchkey_mk4": ("F0 00 20 29 02 14 02 7F F7", "F0 00 20 29 02 14 02 00 F7"),
    "novation_launchkey_mini_mk4": ("F0 00 20 29 02 13 02 7F F7", "F0 00 20 29 02 13 02 00 F7"),
    "arturia_minilab_3": ("F0 00 20 6B 7F 42 02 02 40 6A 21 F7", "F0 00 20 6B 7F 42 02 02 40 6A 20 F7"),
}
"""What switches a device's mode on, and off: the first message that it gets, and the last one."""
STEPS_ON = {
    "novation_launch_control_xl_3": ("B6 45 7F", "B6 48 7F", "B6 49 7F"),
    "novation_launchkey_mk4": ("B6 45 7F",),
    "novation_launchkey_mini_mk4": ("B6 45 7F",),
}
"""What makes encoders send steps; undone by the same with 0."""


@pytest.mark.parametrize("name", MODES)
def test_the_mode_is_entered_first_and_left_last(name: str) -> None:
    mapping = read_shipped(name)
    assert mapping.init[0] == bytes.fromhex(MODES[name][0])
    assert mapping.exit[-1] == bytes.fromhex(MODES[name][1])


@pytest.mark.parametrize("name", STEPS_ON)
def test_encoders_are_made_to_send_steps_in_the_mode_and_no_longer_before_it_is_left(name: str) -> None:
    mapping = read_shipped(name)
    for message in STEPS_ON[name]:
        assert bytes.fromhex(message) in mapping.init[1:]
        assert bytes.fromhex(message)[:2] + b"\x00" in mapping.exit[:-1]


@pytest.mark.parametrize("name", ["presonus_faderport_2", "presonus_faderport_8"])
def test_the_faderport_is_kept_awake_each_second(name: str) -> None:
    mapping = read_shipped(name)
    assert mapping.keepalive == bytes.fromhex("A0 00 00")
    assert mapping.device.keepalive is not None
    assert mapping.device.keepalive.every_s == 1


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("akai_apc_mini_mk2", "F0 47 7F 4F 62 00 01 02 F7", "F0 47 7F 4F 62 00 01 00 F7"),  # drum mode
        ("novation_launch_control_xl", "F0 00 20 29 02 11 77 00 F7", "F0 00 20 29 02 11 77 08 F7"),
        ("novation_launchkey_mk3", "BF 03 01", "BF 03 02"),
        ("novation_launchkey_mk4", "B6 1D 01", "B6 1D 02"),
    ],
)
def test_another_mode_on_the_device_is_noticed_and_the_right_one_too(name: str, wrong: str, right: str) -> None:
    (warning,) = read_shipped(name).warnings
    assert has_pattern(bytes.fromhex(wrong), warning.pattern)
    assert not has_pattern(bytes.fromhex(wrong), warning.unless)
    assert has_pattern(bytes.fromhex(right), warning.unless)
    assert not any(has_pattern(message, warning.pattern) for message in map(bytes.fromhex, ("90 00 7F", "B0 30 00")))
