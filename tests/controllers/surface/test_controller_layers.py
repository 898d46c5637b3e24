"""Controller: layers, strips and banks of a device."""

from __future__ import annotations

import pytest

from bridge.control.bus import Bus
from bridge.controllers.mappings.strips import Bank
from tests.controllers.rig import DeviceRig, make_registry

MUTE = "stems.vocals.mute"
GAIN = "stems.vocals.gain_db"
BAND = "accompaniment.band"
INTENSITY = "accompaniment.band.intensity"
LAYERS = f"""
[[input]]
midi = "note 1"
button = "momentary"
hold_layer = "shift"
[[input]]
midi = "note 2"
button = "momentary"
hold_layer = "alt"
[[input]]
midi = "note 3"
button = "momentary"
select_layer = "alt"
[[input]]
midi = "note 10"
button = "momentary"
layer = "main"
set = "{MUTE}"
[[input]]
midi = "note 10"
button = "momentary"
layer = "shift"
set = "stems.vocals.solo"
[[input]]
midi = "note 10"
button = "momentary"
layer = "alt"
set = "stems.direct"
"""
THREE = 'layers = ["main", "shift", "alt"]'


def test_layers_are_held_nested_and_released_in_any_order() -> None:
    rig = DeviceRig(LAYERS, top=THREE)
    layers = []
    for message in ("90 01 7F", "90 02 7F", "90 01 00", "90 02 00", "90 02 7F", "90 01 7F", "90 01 00", "90 02 00"):
        rig.send(message)
        layers.append(rig.controller.layer)
    assert layers == ["shift", "alt", "alt", "main", "alt", "shift", "alt", "main"]


def test_a_layer_that_is_selected_stays_after_a_held_one() -> None:
    rig = DeviceRig(LAYERS, top=THREE)
    rig.send("90 01 7F", "90 03 7F", "90 03 00")
    assert rig.controller.layer == "shift"
    rig.send("90 01 00")
    assert rig.controller.layer == "alt"


STRIPS = """
[[input]]
midi = "note 16-17"
button = "momentary"
strip = 1
function = "mute"
[[input]]
midi = "cc 0-1"
encoder = "absolute"
strip = 1
function = "fader"
"""
BANKS = """
[[input]]
midi = "note 46"
button = "momentary"
bank = -2
[[input]]
midi = "note 47"
button = "momentary"
bank = 2
"""


def test_strips_follow_the_bank_and_a_held_mute_is_released_where_it_was_pressed() -> None:
    rig = DeviceRig(STRIPS + BANKS, device="strips = 2")
    rig.send("90 10 7F", "90 2F 7F", "90 2F 00")
    assert (rig.get("stems.drums.mute"), rig.bank.position) == (1, 2)
    rig.send("90 10 00")
    assert (rig.get("stems.drums.mute"), rig.get(MUTE)) == (0, 0)
    rig.send("90 10 7F", "90 2F 7F", "90 2F 00")
    assert (rig.get(MUTE), rig.bank.position) == (1, 2)  # there is no strip beyond
    rig.send("B0 01 7F")
    assert rig.get("stems.other.gain_db") == 12


def test_an_extender_has_the_strips_after_the_main_unit_s_and_moves_with_it() -> None:
    bus, bank = Bus(make_registry()), Bank()
    main = DeviceRig(STRIPS, device="strips = 2", bus=bus, bank=bank)
    extender = DeviceRig(STRIPS, device="strips = 2\nfirst_strip = 2", bus=bus, bank=bank)
    extender.send("90 10 7F")
    assert bus.get("stems.bass.mute") == 1
    bank.move(1)
    main.send("90 10 7F", "90 10 00")
    extender.send("90 11 7F")
    assert (bus.get("stems.bass.mute"), bus.get("stems.other.mute")) == (0, 1)


def test_a_strip_that_does_not_exist_does_nothing() -> None:
    rig = DeviceRig(STRIPS.replace("16-17", "16-23").replace("0-1", "0-7"), device="strips = 8")
    before = dict(rig.bus.values())
    rig.send("90 17 7F", "90 17 00", "B0 07 40")
    assert dict(rig.bus.values()) == before


def test_a_fader_that_returns_to_a_layer_has_to_pick_up_again() -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "momentary"
    hold_layer = "shift"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{GAIN}"
    range = [0, 12]
    layer = "main"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "stems.drums.gain_db"
    range = [0, 12]
    layer = "shift"
    """
    rig = DeviceRig(text, top='layers = ["main", "shift"]', pickup=True)
    rig.send("B0 07 00")
    rig.send("B0 07 0A")
    picked = rig.get(GAIN)
    assert picked == pytest.approx(12 * 10 / 127)
    rig.send("90 01 7F")
    for position in range(0x0A, 0x60):
        rig.send(f"B0 07 {position:02X}")
    rig.send("90 01 00")
    rig.send("B0 07 61")
    assert rig.get(GAIN) == picked  # it would have jumped


def test_a_fader_sets_each_layer_s_control_by_its_own_range() -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "momentary"
    hold_layer = "shift"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{GAIN}"
    range = [0, 12]
    layer = "main"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{INTENSITY}"
    layer = "shift"
    """
    rig = DeviceRig(text, BAND, top='layers = ["main", "shift"]', pickup=True)
    for position in range(65):
        rig.send(f"B0 07 {position:02X}")
    assert rig.get(GAIN) == pytest.approx(12 * 64 / 127)
    rig.send("90 01 7F", "B0 07 3F", "B0 07 40", "B0 07 41")
    rig.take()
    assert rig.get(INTENSITY) == pytest.approx(65 / 127)
    assert rig.get(GAIN) == pytest.approx(12 * 64 / 127)


def test_a_button_is_released_in_the_layer_in_which_it_was_pressed() -> None:
    rig = DeviceRig(LAYERS, top=THREE)
    rig.send("90 0A 7F", "90 01 7F", "90 0A 00")
    assert (rig.get(MUTE), rig.get("stems.vocals.solo")) == (0, 0)
    rig.send("90 0A 7F")
    assert rig.get("stems.vocals.solo") == 1
    rig.send("90 01 00", "90 0A 00")
    assert (rig.get("stems.vocals.solo"), rig.get(MUTE)) == (0, 0)


def test_unplugging_releases_buttons_layers_and_all() -> None:
    rig = DeviceRig(LAYERS, top=THREE)
    rig.send("90 01 7F", "90 0A 7F", "90 02 7F")
    rig.controller.release(rig.now_s)
    assert (rig.get("stems.vocals.solo"), rig.controller.layer) == (0, "main")
    rig.send("90 0A 00", "90 01 00")  # what comes late changes nothing
    assert (rig.get(MUTE), rig.get("stems.vocals.solo"), rig.controller.layer) == (0, 0, "main")
