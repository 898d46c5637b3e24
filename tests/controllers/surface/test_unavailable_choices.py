"""Unavailable choices: buttons, encoders and faders pass over a chain whose file is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.file_choice import FileChoice
from tests.controllers.rig import DeviceRig

MIX = "inserts.mix.chain"
NAMES = ("b", "gone", "lost", "d", "last")
MAPPING = f"""
[[input]]
midi = "note 10"
button = "momentary"
set = "{MIX}"
step = 1
[[input]]
midi = "note 11"
button = "momentary"
set = "{MIX}"
step = -1
[[input]]
midi = "cc 1"
encoder = "twos_complement"
set = "{MIX}"
[[input]]
midi = "cc 2"
encoder = "absolute"
set = "{MIX}"
"""


@pytest.fixture
def rig() -> DeviceRig:
    bus = Bus(make_sidecar_registry({}, NAMES))
    missing = tuple(FileChoice(name, name, f"{name} is gone", "put it back") for name in ("gone", "last", "lost"))
    bus.registry.replace([replace(bus.registry.get_control(MIX), unavailable=missing)])
    return DeviceRig(MAPPING, bus=bus)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("90 0A 7F", ["b", "d", "off", "b"]),
        ("90 0B 7F", ["d", "b", "off", "d"]),
        ("B0 01 01", ["b", "d", "d", "d"]),
        ("B0 01 7F", ["off", "off"]),
    ],
)
def test_steps_pass_over_what_is_gone_in_both_directions(rig: DeviceRig, message: str, found: list[str]) -> None:
    seen = []
    for _ in found:
        rig.send(message, message[:6] + "00") if message.startswith("9") else rig.send(message)
        seen.append(("off", *NAMES)[int(rig.get(MIX))])
    assert seen == found


def test_a_fader_that_points_at_what_is_gone_changes_nothing_and_says_so_once(
    rig: DeviceRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.send("B0 02 19")
    assert rig.get(MIX) == 1
    for _ in range(3):
        rig.send("B0 02 33")
    assert rig.get(MIX) == 1
    assert caplog.text.count("gone is gone") == 1
