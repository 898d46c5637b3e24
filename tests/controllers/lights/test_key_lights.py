"""Lights of keys that have nothing to show: actions, steps and the bank are lit wherever their layer is."""

from __future__ import annotations

import pytest

from bridge.errors import ConfigError
from tests.controllers.rig import DeviceRig

KEYS = """
[[input]]
midi = "note 1"
button = "momentary"
hold_layer = "shift"
led = { on = "90 {n} 7F", off = "90 {n} 00" }
[[input]]
midi = "note 2"
button = "momentary"
action = "transport.panic"
layer = "main"
led = { on = "90 {n} 05", off = "90 {n} 00" }
[[input]]
midi = "note 3"
button = "momentary"
set = "stems.drums.gain_db"
step = -3
layer = "shift"
led = { on = "90 {n} 03", off = "90 {n} 00" }
[[input]]
midi = "note 4"
button = "momentary"
bank = 1
led = { on = "90 {n} 01", off = "90 {n} 00" }
"""


def test_a_key_without_a_state_is_lit_where_its_layer_is() -> None:
    rig = DeviceRig(KEYS, device="strips = 2", top='layers = ["main", "shift"]')
    assert set(rig.take()) >= {"90 02 05", "90 04 01"}
    rig.send("90 01 7F")
    assert set(rig.take()) == {"90 01 7F", "90 02 00", "90 03 03"}
    rig.send("90 03 7F", "90 03 00")
    assert rig.take() == []
    rig.send("90 01 00")
    assert set(rig.take()) == {"90 01 00", "90 02 05", "90 03 00"}


def test_an_action_has_no_value_to_show() -> None:
    key = '[[input]]\nmidi = "note 2"\nbutton = "momentary"\naction = "transport.panic"\nled = { value = "90 {n} {v}" }'
    with pytest.raises(ConfigError, match=r"input 1 \(note 2\): led.value: the button sets no control"):
        DeviceRig(key)
