"""Feedback: lights, motors, displays and meters show what is true, and are sent no more than that."""

from __future__ import annotations

from bridge.control.bus import Bus
from bridge.controllers.lights.feedback import MESSAGES_PER_CALL
from tests.controllers.rig import DeviceRig, make_registry

MUTE = "stems.vocals.mute"
GAIN = "stems.vocals.gain_db"
BAND = "accompaniment.band"
SECTION = "accompaniment.band.section"
LED = 'led = { on = "90 {n} 7F", off = "90 {n} 00" }'
LATCHED = f'[[input]]\nmidi = "note 10"\nbutton = "latched"\nset = "{MUTE}"\n'


def beat(rig: DeviceRig, number: int) -> None:
    rig.bus.publish("mir.beat", 0, number, 4, 120.0, 1.0, 0)


def test_pressing_a_latched_mute_lights_its_led() -> None:
    rig = DeviceRig(LATCHED + LED)
    assert rig.take() == ["90 0A 00"]
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.take() == ["90 0A 7F"]
    assert rig.take() == []


def test_a_change_from_elsewhere_is_shown_and_one_that_ends_as_it_was_is_not_sent() -> None:
    rig = DeviceRig(LATCHED + LED)
    rig.take()
    rig.set(MUTE, 1)
    assert rig.take() == ["90 0A 7F"]
    rig.set(MUTE, 0)
    rig.set(MUTE, 1)
    assert rig.take() == []


def test_a_button_s_value_is_lit_while_the_choice_has_it() -> None:
    text = f'[[input]]\nmidi = "note 10-11"\nbutton = "momentary"\nset = "{SECTION}"\nvalue = ["verse", "chorus"]\n'
    rig = DeviceRig(text + LED, BAND)
    rig.take()
    rig.send("90 0B 7F", "90 0B 00")
    assert rig.take() == ["90 0B 7F"]
    rig.set(SECTION, "verse")
    assert sorted(rig.take()) == ["90 0A 7F", "90 0B 00"]


def test_a_light_that_the_device_itself_changes_is_sent_again_after_the_release() -> None:
    led = LED.replace(" }", ", resend_on_release = true }")
    rig = DeviceRig(LATCHED + led)
    rig.send("90 0A 7F")
    assert rig.take() == ["90 0A 7F"]
    rig.send("90 0A 00")
    assert rig.take() == ["90 0A 7F"]


def test_a_ring_shows_the_position_within_its_range() -> None:
    text = f"""
    [[input]]
    midi = "cc 16"
    encoder = "sign_bit"
    set = "{GAIN}"
    range = [-60, 12]
    led = {{ value = "B0 30 {{v}}", to = [1, 11] }}
    """
    rig = DeviceRig(text)
    shown = []
    for gain in (-60, -24, 12):
        rig.set(GAIN, gain)
        shown += rig.take()
    assert shown == ["B0 30 01", "B0 30 06", "B0 30 0B"]


LAYERS = f"""
[[input]]
midi = "note 1"
button = "momentary"
hold_layer = "shift"
{LED}
[[input]]
midi = "note 10"
button = "latched"
layer = "main"
set = "{MUTE}"
{LED}
[[input]]
midi = "note 10"
button = "latched"
layer = "shift"
set = "stems.vocals.solo"
led = {{ on = "90 {{n}} 05", off = "90 {{n}} 01" }}
[[input]]
midi = "note 11"
button = "latched"
layer = "main"
set = "stems.direct"
{LED}
"""


def test_a_layer_shows_its_own_lights_and_those_that_it_lacks_go_off() -> None:
    rig = DeviceRig(LAYERS, top='layers = ["main", "shift"]')
    rig.set(MUTE, 1)
    rig.set("stems.direct", 1)
    rig.take()
    assert rig.shown == {"90 01": "90 01 00", "90 0A": "90 0A 7F", "90 0B": "90 0B 7F"}
    rig.send("90 01 7F")
    assert sorted(rig.take()) == ["90 01 7F", "90 0A 01", "90 0B 00"]
    rig.set(MUTE, 0)
    assert rig.take() == []
    rig.send("90 01 00")
    assert sorted(rig.take()) == ["90 01 00", "90 0A 00", "90 0B 7F"]


def test_everything_is_sent_again_to_a_device_that_forgot_it() -> None:
    rig = DeviceRig(LAYERS, top='layers = ["main", "shift"]')
    first = rig.take()
    assert rig.take() == []
    rig.controller.replay()
    assert sorted(rig.take()) == sorted(first)


def test_beats_flash_and_the_first_of_a_bar_otherwise() -> None:
    text = '[[feedback]]\nsource = "mir.beat"\non = "90 00 01"\ndownbeat = "90 00 7F"\noff = "90 00 00"\nflash_ms = 80'
    rig = DeviceRig(text)
    assert rig.take() == ["90 00 00"]
    beat(rig, 0)
    assert rig.take() == ["90 00 7F"]
    assert rig.take(after_s=0.05) == []
    assert rig.take(after_s=0.05) == ["90 00 00"]
    beat(rig, 1)
    assert rig.take() == ["90 00 01"]
    rig.take(after_s=600)
    assert rig.shown["90 00"] == "90 00 00"


def test_what_no_light_shows_costs_nothing_and_wakes_nobody() -> None:
    bus = Bus(make_registry())
    rig = DeviceRig(LATCHED + LED, bus=bus)
    woken: list[str] = []
    rig.controller._wake = lambda: woken.append("now")
    rig.take()
    bus.set("stems.bass.gain_db", -3, "somebody else")
    bus.publish("meters", "drums", -3.0, -6.0, *[-60.0] * 4)
    assert (woken, rig.take()) == ([], [])
    bus.publish("mir.chord", 0, "Am", 1.0)
    assert (woken, rig.take()) == ([], [])
    bus.set(MUTE, 1, "somebody else")
    assert woken == ["now"]


def test_one_call_gives_no_more_than_the_device_takes_soon() -> None:
    text = f'[[feedback]]\nsource = "{MUTE}"\ncount = 100\non = "90 {{i}} 7F"\noff = "90 {{i}} 00"'
    rig = DeviceRig(text)
    first = rig.controller.take_output(rig.now_s)
    assert len(first) == MESSAGES_PER_CALL
    rig.set(MUTE, 1)
    rest = rig.take()
    assert len(rest) == 100
    assert all(message.endswith("7F") for message in rest)


def test_of_several_lights_of_one_place_the_last_that_is_on_is_seen() -> None:
    text = f"""
    [[input]]
    midi = "note 10"
    button = "momentary"
    action = "transport.panic"
    led = {{ on = "90 {{n}} 03", off = "90 {{n}} 00" }}
    [[feedback]]
    source = "{SECTION} = verse"
    on = "90 0A 15"
    off = "90 0A 00"
    [[feedback]]
    source = "{SECTION} = chorus"
    on = "90 0A 05"
    off = "90 0A 00"
    [[feedback]]
    source = "mir.beat"
    on = "90 0A 7F"
    off = "90 0A 00"
    """
    rig = DeviceRig(text, BAND)
    assert rig.take() == ["90 0A 03"]
    rig.set(SECTION, "verse")
    assert rig.take() == ["90 0A 15"]
    rig.set(SECTION, "chorus")
    assert rig.take() == ["90 0A 05"]
    beat(rig, 1)
    assert rig.take() == ["90 0A 7F"]
    assert rig.take(after_s=0.1) == ["90 0A 05"]


def test_what_was_published_before_a_device_came_is_shown() -> None:
    bus = Bus(make_registry())
    bus.publish("mir.key", 0, "A minor", 1.0)
    rig = DeviceRig('[[feedback]]\nsource = "mir.key.label"\nvalue = "F0 12 {text} F7"', bus=bus)
    assert rig.take() == ["F0 12 " + b"A minor".hex(" ").upper() + " F7"]


def test_the_row_of_a_reading_that_no_light_shows_wakes_nobody() -> None:
    text = '[[feedback]]\nsource = "meters[drums].peak_db"\nvalue = "B0 10 {v}"\nrange = [-60, 0]'
    rig = DeviceRig(text)
    woken: list[str] = []
    rig.controller._wake = lambda: woken.append("now")
    rig.bus.publish("meters", "bass", -3.0, -6.0, *[-60.0] * 4)
    assert woken == []
    rig.bus.publish("meters", "drums", -30.0, -36.0, *[-60.0] * 4)
    assert woken == ["now"]
    assert rig.take() == ["B0 10 40"]


def test_a_light_of_the_layer_hides_one_of_all_layers() -> None:
    text = f"""
    [[feedback]]
    source = "{MUTE}"
    on = "90 0A 7F"
    off = "90 0A 00"
    [[feedback]]
    source = "stems.vocals.solo"
    on = "90 0A 05"
    off = "90 0A 00"
    layer = "shift"
    [[input]]
    midi = "note 1"
    button = "momentary"
    hold_layer = "shift"
    """
    rig = DeviceRig(text, top='layers = ["main", "shift"]')
    rig.set(MUTE, 1)
    assert rig.take() == ["90 0A 7F"]
    rig.send("90 01 7F")
    assert rig.take() == ["90 0A 00"]
