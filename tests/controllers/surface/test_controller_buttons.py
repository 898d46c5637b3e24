"""Controller: what buttons, keys, programs and actions of a device do."""

from __future__ import annotations

import pytest

from bridge.control.bus import CHANGE, Bus
from bridge.errors import ControlError
from tests.controllers.rig import DeviceRig, make_registry

MUTE = "stems.vocals.mute"
GAIN = "stems.vocals.gain_db"
BAND = "accompaniment.band"
SECTION = "accompaniment.band.section"
INTENSITY = "accompaniment.band.intensity"


def test_a_momentary_button_is_on_while_it_is_held() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "note 10"\nbutton = "momentary"\nset = "{MUTE}"')
    rig.send("90 0A 7F")
    assert rig.get(MUTE) == 1
    rig.send("90 0A 00")
    assert rig.get(MUTE) == 0
    rig.send("90 0A 7F")
    rig.send("80 0A 40")
    assert rig.get(MUTE) == 0


def test_a_latched_button_flips_what_the_control_is_now() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 48"\nbutton = "latched"\nset = "{MUTE}"')
    rig.send("B0 30 7F", "B0 30 00")
    assert rig.get(MUTE) == 1
    rig.set(MUTE, 0)
    rig.send("B0 30 7F", "B0 30 00")
    assert rig.get(MUTE) == 1  # its own copy would have said off


def test_pressure_on_a_held_button_is_no_second_press() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 48"\nbutton = "latched"\nset = "{MUTE}"')
    rig.send("B0 30 30", "B0 30 40", "B0 30 7F", "B0 30 00")
    assert rig.get(MUTE) == 1


def test_a_note_whose_release_was_lost_can_be_pressed_again() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "note 10"\nbutton = "latched"\nset = "{MUTE}"')
    rig.send("90 0A 7F")
    rig.send("90 0A 7F")
    assert rig.get(MUTE) == 0


def test_the_state_of_a_toggle_is_that_of_the_device() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 48"\nbutton = "toggle"\nset = "{MUTE}"')
    rig.send("B0 30 7F")
    assert rig.get(MUTE) == 1
    rig.set(MUTE, 0)
    rig.send("B0 30 00")
    assert rig.get(MUTE) == 0
    rig.send("B0 30 7F")
    assert rig.get(MUTE) == 1


def test_a_toggle_that_triggers_does_so_with_both_of_its_messages() -> None:
    rig = DeviceRig('[[input]]\nmidi = "cc 48"\nbutton = "toggle"\naction = "transport.panic"')
    rig.send("B0 30 7F")
    rig.send("B0 30 00")
    assert rig.actions == [("transport.panic", "")] * 2


def test_a_button_with_a_value_sets_it_and_leaves_it() -> None:
    text = f'[[input]]\nmidi = "note 10-11"\nbutton = "momentary"\nset = "{SECTION}"\nvalue = ["verse", "chorus"]'
    rig = DeviceRig(text, BAND)
    rig.send("90 0B 7F", "90 0B 00")
    assert rig.get(SECTION) == 3
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == 2


def test_a_latched_button_with_a_value_returns_to_the_default() -> None:
    text = f'[[input]]\nmidi = "note 10"\nbutton = "latched"\nset = "{SECTION}"\nvalue = "chorus"'
    rig = DeviceRig(text, BAND)
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == 3
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == 0
    rig.set(SECTION, "verse")
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == 3


@pytest.mark.parametrize(
    ("control", "setting", "values"),
    [(INTENSITY, "value = 0.9", [0.9, 0.5, 0.9]), (GAIN, "range = [0, -60]", [-60, 0, -60])],
)
def test_a_latched_button_knows_which_end_of_a_range_is_on(control: str, setting: str, values: list[float]) -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "note 10"\nbutton = "latched"\nset = "{control}"\n{setting}', BAND)
    seen = []
    for _ in values:
        rig.send("90 0A 7F", "90 0A 00")
        seen.append(rig.get(control))
    assert seen == values


def test_steps_of_a_button_wrap_for_choices_and_stop_for_others() -> None:
    text = f"""
    [[input]]
    midi = "note 10"
    button = "momentary"
    set = "{SECTION}"
    step = -1
    [[input]]
    midi = "note 11"
    button = "momentary"
    set = "{INTENSITY}"
    step = 0.3
    """
    rig = DeviceRig(text, BAND)
    highest = rig.bus.registry.get_control(SECTION).high
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == highest
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == highest - 1
    for _ in range(3):
        rig.send("90 0B 7F", "90 0B 00")
    assert rig.get(INTENSITY) == 1.0


def test_a_range_is_off_and_on_of_a_button() -> None:
    text = f'[[input]]\nmidi = "cc 48"\nbutton = "momentary"\nset = "{GAIN}"\nrange = [0, -60]'
    rig = DeviceRig(text)
    rig.send("B0 30 7F")
    assert rig.get(GAIN) == -60
    rig.send("B0 30 00")
    assert rig.get(GAIN) == 0


def test_a_program_as_a_button_is_pressed_each_time() -> None:
    rig = DeviceRig('[[input]]\nmidi = "program 3"\nbutton = "momentary"\naction = "transport.panic"')
    rig.send("C0 03", "C0 04", "C0 03")
    assert len(rig.actions) == 2


def test_an_action_is_triggered_by_the_press_alone_with_its_argument() -> None:
    text = '[[input]]\nmidi = "note 1"\nbutton = "momentary"\naction = "preset.load"\nargument = "verse"'
    rig = DeviceRig(text)
    rig.send("90 01 7F")
    rig.send("90 01 00")
    assert rig.actions == [("preset.load", "verse")]


def test_an_action_that_fails_is_said_at_its_binding_and_the_device_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "momentary"
    action = "preset.load"
    argument = "missing"
    [[input]]
    midi = "note 2"
    button = "latched"
    set = "{MUTE}"
    """
    bus = Bus(make_registry())
    rig = DeviceRig(text, bus=bus)

    def fail(argument: str) -> None:
        raise ControlError(f"no preset {argument}", "save it first")

    bus.add_handler("preset.load", fail)
    for _ in range(3):
        rig.send("90 01 7F", "90 01 00")
    problem = "preset.load: no preset missing; save it first"
    assert [row.state for row in rig.controller.list_bindings()] == [problem, ""]
    assert caplog.text.count("no preset missing") == 1
    rig.send("90 02 7F")
    assert rig.get(MUTE) == 1


def test_a_storm_of_presses_loses_none_and_stays_in_order() -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "latched"
    set = "{MUTE}"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{GAIN}"
    """
    rig = DeviceRig(text)
    mutes: list[tuple[str, float]] = []
    rig.bus.subscribe(lambda name, values, _source: mutes.append((name, float(values[0]))))
    rig.send(*["90 01 7F", "90 01 00", "B0 07 01", "B0 07 02"] * 501)
    rig.take()
    assert [value for name, value in mutes if name == MUTE] == [float(k % 2 == 0) for k in range(501)]
    assert rig.get(MUTE) == 1


def test_a_press_comes_after_the_moves_before_it() -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "latched"
    set = "{MUTE}"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{GAIN}"
    """
    rig = DeviceRig(text)
    names: list[str] = []
    rig.bus.subscribe(lambda name, _values, _source: names.extend([name] if name != CHANGE else []))
    rig.send("B0 07 01", "B0 07 02", "90 01 7F", "B0 07 03")
    rig.take()
    assert names == [GAIN, GAIN, MUTE, GAIN]


@pytest.mark.parametrize(
    "other",
    [
        f'encoder = "absolute"\nset = "{GAIN}"',
        'button = "toggle"\nset = "stems.drums.solo"',
        'button = "latched"\nset = "stems.drums.solo"',
    ],
)
def test_a_button_that_is_something_else_in_the_other_layer_is_still_released(other: str) -> None:
    text = f"""
    [[input]]
    midi = "cc 10"
    button = "momentary"
    set = "{MUTE}"
    layer = "main"
    [[input]]
    midi = "cc 10"
    {other}
    layer = "shift"
    [[input]]
    midi = "cc 11"
    button = "toggle"
    hold_layer = "shift"
    layer = "main"
    [[input]]
    midi = "cc 11"
    {other}
    layer = "shift"
    """
    rig = DeviceRig(text, top='layers = ["main", "shift"]')
    rig.send("B0 0A 7F", "B0 0B 7F")
    assert (rig.get(MUTE), rig.controller.layer) == (1, "shift")
    assert rig.controller.predict_switches()[0xB0, 10, False] == {MUTE: 0.0}
    rig.send("B0 0A 00")
    assert (rig.get(MUTE), rig.get(GAIN), rig.get("stems.drums.solo")) == (0, 0, 0)
    rig.send("B0 0B 00")
    assert rig.controller.layer == "main"
