"""Pickup of faders that set something else, or nothing, for a while: they must not jump when they come back."""

from __future__ import annotations

import pytest

from tests.controllers.rig import DeviceRig

FADER = """
[[input]]
midi = "cc 7"
encoder = "absolute"
set = "stems.vocals.gain_db"
layer = "one"
[[input]]
midi = "note 1"
button = "momentary"
hold_layer = "two"
"""


@pytest.mark.parametrize(
    "other",
    [
        "",
        'set = "stems.drums.gain_db"\npickup = true',
        'set = "stems.drums.gain_db"\npickup = false',
        'set = "stems.vocals.gain_db"\npickup = false\nrange = [-60, -59]',
        'strip = 40\nfunction = "fader"',
    ],
)
def test_a_fader_that_moved_while_it_set_something_else_does_not_jump(other: str) -> None:
    entry = f'[[input]]\nmidi = "cc 7"\nencoder = "absolute"\nlayer = "two"\n{other}\n' if other else ""
    rig = DeviceRig(FADER + entry, device="strips = 40", top='layers = ["one", "two"]', pickup=True)
    rig.send("B0 07 14")
    rig.send("90 01 7F")
    for position in ("28", "50", "7E"):
        rig.send(f"B0 07 {position}")
    rig.send("90 01 00")
    rig.bus.set("stems.vocals.gain_db", 0.0, "test")
    rig.send("B0 07 7F")
    assert rig.bus.get("stems.vocals.gain_db") == 0.0
    rig.send("B0 07 60")
    assert rig.bus.get("stems.vocals.gain_db") == pytest.approx(-60 + 72 * 0x60 / 127)
