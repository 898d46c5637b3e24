"""Bindings as the user sees them, and the predictions of switches for the audio callback."""

from __future__ import annotations

from tests.controllers.rig import DeviceRig

TEXT = """
[[input]]
midi = "note 1"
button = "momentary"
hold_layer = "shift"
[[input]]
midi = "note 16-18"
button = "momentary"
strip = 1
function = "mute"
layer = "main"
[[input]]
midi = "note 16"
button = "momentary"
action = "preset.load"
argument = "verse"
layer = "shift"
[[input]]
midi = "cc 7 ch 2"
encoder = "absolute"
set = "stems.vocals.gain_db"
range = [-60, 12]
[[input]]
midi = "note 47"
button = "momentary"
bank = 2
"""


def describe(rig: DeviceRig) -> dict[str, tuple[str, str]]:
    return {row.name: (row.control, row.state) for row in rig.controller.list_bindings()}


def test_bindings_name_their_control_and_why_they_do_not_act() -> None:
    rig = DeviceRig(TEXT, device="strips = 3", top='layers = ["main", "shift"]', pickup=True)
    assert describe(rig) == {
        "note 1 ch 1": ("hold layer shift", ""),
        "note 16 ch 1, main": ("stems.drums.mute", ""),
        "note 17 ch 1, main": ("stems.bass.mute", ""),
        "note 18 ch 1, main": ("stems.vocals.mute", ""),
        "note 16 ch 1, shift": ("preset.load verse", "layer shift"),
        "cc 7 ch 2": ("stems.vocals.gain_db", "move to 83 %"),
        "note 47 ch 1": ("bank +2", ""),
    }
    rig.send("B1 07 69", "B1 07 6A", "90 01 7F")
    rows = describe(rig)
    assert rows["cc 7 ch 2"] == ("stems.vocals.gain_db", "picked up")
    assert rows["note 16 ch 1, main"][1] == "layer main"
    assert rows["note 16 ch 1, shift"][1] == ""


def test_a_binding_of_a_strip_that_does_not_exist_says_so() -> None:
    rig = DeviceRig(TEXT.replace("16-18", "16-21"), device="strips = 6", top='layers = ["main", "shift"]')
    assert describe(rig)["note 21 ch 1, main"] == ("strip 6 mute", "no strip")


def test_predictions_are_of_mutes_and_solos_that_would_change() -> None:
    rig = DeviceRig(TEXT, device="strips = 3", top='layers = ["main", "shift"]')
    rig.set("stems.bass.mute", 1)
    assert rig.controller.predict_switches() == {
        (0x90, 16, True): {"stems.drums.mute": 1.0},
        (0x90, 18, True): {"stems.vocals.mute": 1.0},
    }
    rig.send("90 10 7F", "90 01 7F")
    # in the other layer the button does something else, but its release is still that of the mute
    released = {"stems.drums.mute": 0.0}
    rows = rig.controller.predict_switches()
    assert rows == {(0x90, 16, True): released, (0x90, 16, False): released, (0x80, 16, False): released}


def test_no_second_press_is_predicted_of_a_button_that_is_down() -> None:
    rig = DeviceRig('[[input]]\nmidi = "cc 48"\nbutton = "latched"\nset = "stems.drums.mute"')
    rig.send("B0 30 40")
    assert rig.controller.predict_switches() == {}
    rig.send("B0 30 00")
    assert rig.controller.predict_switches() == {(0xB0, 48, True): {"stems.drums.mute": 0.0}}


def test_a_button_that_sets_a_value_is_bound_to_that_value_and_one_with_a_step_to_its_step() -> None:
    rig = DeviceRig(
        """
[[input]]
midi = "note 1-2"
button = "momentary"
set = "accompaniment.band.style"
value = ["funk", "jazz"]
[[input]]
midi = "note 3"
button = "momentary"
set = "accompaniment.band.style"
step = -1
[[input]]
midi = "note 4"
button = "momentary"
set = "stems.vocals.gain_db"
value = -6
[[input]]
midi = "note 5"
button = "momentary"
set = "stems.vocals.mute"
value = true
""",
        "accompaniment.band",
    )
    assert [control for control, _ in describe(rig).values()] == [
        "accompaniment.band.style funk",
        "accompaniment.band.style jazz",
        "accompaniment.band.style -1",
        "stems.vocals.gain_db -6",
        "stems.vocals.mute on",
    ]
