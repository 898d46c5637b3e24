"""Feedback: lights, motors, displays and meters show what is true, and are sent no more than that."""

from __future__ import annotations

import pytest

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


def test_chord_names_are_on_a_display_in_ascii_and_filled() -> None:
    text = '[[feedback]]\nsource = "mir.chord.label"\nvalue = "F0 00 00 66 14 12 38 {text:7} F7"'
    rig = DeviceRig(text)
    rig.take()
    rig.bus.publish("mir.chord", 0, "B♭m7", 1.0)
    head, end = "F0 00 00 66 14 12 38 ", " F7"
    assert rig.take() == [head + b"Bbm7   ".hex(" ").upper() + end]
    rig.bus.publish("mir.chord", 999, "Bbm7", 0.5)
    assert rig.take() == []
    rig.bus.publish("mir.chord", 999, "F#maj7/C#", 0.5)
    assert rig.take() == [head + b"F#maj7/".hex(" ").upper() + end]


STRIPS = """
[[feedback]]
strip = 1
function = "name"
count = 3
value = "F0 12 {i*7} {text:7} F7"
[[feedback]]
strip = 1
function = "mute"
count = 3
on = "90 {0x10+i} 7F"
off = "90 {0x10+i} 00"
[[feedback]]
strip = 1
function = "meter"
count = 3
value = "D0 {i*16+v}"
range = [-60, 0]
to = [0, 12]
every_ms = 30
repeat_ms = 100
"""
BANKS = """
[[input]]
midi = "note 47"
button = "momentary"
bank = 2
"""


def name_cell(index: int, name: str) -> str:
    return f"F0 12 {7 * index:02X} {name.ljust(7).encode().hex(' ').upper()} F7"


def test_strips_show_what_the_bank_has_there_and_those_that_do_not_exist_are_blank() -> None:
    rig = DeviceRig(STRIPS.replace("count = 3", "count = 6"), device="strips = 6")
    rig.set("stems.other.mute", 1)
    sent = rig.take()
    names = ["Drums", "Bass", "Vocals", "Other", "", ""]
    assert [m for m in sent if m.startswith("F0")] == [name_cell(i, name) for i, name in enumerate(names)]
    assert [m for m in sent if m.startswith("90")] == [f"90 {0x10 + i:02X} {0x7F * (i == 3):02X}" for i in range(6)]
    assert [m for m in sent if m.startswith("D0")] == [f"D0 {i:X}0" for i in range(6)]


def test_a_bank_move_sends_the_strips_that_are_different_there() -> None:
    rig = DeviceRig(STRIPS + BANKS, device="strips = 3")
    rig.set("stems.other.mute", 1)
    rig.take()
    rig.send("90 2F 7F", "90 2F 00")
    assert sorted(rig.take()) == ["90 12 7F", name_cell(0, "Bass"), name_cell(1, "Vocals"), name_cell(2, "Other")]
    rig.set("stems.bass.mute", 1)
    assert rig.take() == ["90 10 7F"]
    rig.set("stems.drums.mute", 1)
    assert rig.take() == []


def test_meters_are_repeated_while_they_are_up_and_end_with_their_source() -> None:
    rig = DeviceRig(STRIPS, device="strips = 3")
    rig.take()
    rig.bus.publish("meters", "drums", -30.0, -40.0)
    assert rig.take(after_s=0.05) == ["D0 06"]
    assert rig.take(after_s=0.05) == []
    rig.bus.publish("meters", "drums", -30.0, -40.0)
    assert rig.take(after_s=0.06) == ["D0 06"]
    rig.bus.publish("meters", "bass", -80.0, -90.0)
    assert rig.take() == []
    for _ in range(8):
        rig.take(after_s=0.1)
    assert rig.take(after_s=0.5) == ["D0 00"]  # nobody measures any more
    assert rig.take(after_s=10) == []


def test_a_meter_is_sent_no_more_often_than_it_may_be() -> None:
    rig = DeviceRig(STRIPS, device="strips = 3")
    rig.take()
    sent: list[str] = []
    for k in range(100):  # each 10 ms for a second
        rig.bus.publish("meters", "drums", -60.0 + 7 * k % 60, -60.0)
        sent += rig.take(after_s=0.01)
    assert 25 <= len(sent) <= 34
    rig.take(after_s=0.1)
    assert rig.sent[-1] == f"D0 {round(7 * 99 % 60 / 5):02X}"


def test_what_no_light_shows_costs_nothing_and_wakes_nobody() -> None:
    bus = Bus(make_registry())
    rig = DeviceRig(LATCHED + LED, bus=bus)
    woken: list[str] = []
    rig.controller._wake = lambda: woken.append("now")
    rig.take()
    bus.set("stems.bass.gain_db", -3, "somebody else")
    bus.publish("meters", "drums", -3.0, -6.0)
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


MOTOR = f"""
[[input]]
midi = "bend"
encoder = "absolute"
set = "{GAIN}"
range = [-60, 12]
led = {{ value = "E0 {{lsb}} {{msb}}", to = [0, 16383] }}
"""
TOUCH = f"""
[[input]]
midi = "note 104"
button = "momentary"
set = "{GAIN}"
touch = true
"""


def bend(value: int) -> str:
    return f"E0 {value & 0x7F:02X} {value >> 7:02X}"


def gain_at(value: int) -> float:
    return -60 + 72 * value / 16383


def test_no_motor_moves_under_a_finger_and_the_last_value_is_sent_once_after_it() -> None:
    """A report: touch on, 50 moves, and feedback of 200 ms ago from a DAW meanwhile."""
    rig = DeviceRig(MOTOR + TOUCH)
    rig.take()
    rig.send("90 68 7F")
    late: list[float] = []
    for k in range(50):
        rig.send(bend(8000 + 100 * k), after_s=0.02)
        late.append(gain_at(8000 + 100 * k))
        if k >= 10:
            rig.set(GAIN, late[k - 10])
            rig.send(bend(8000 + 100 * k))
        assert rig.take(after_s=0.0) == []
    rig.send("90 68 00")
    assert rig.take() == [bend(12900)]
    assert rig.take(after_s=1) == []


def test_what_changed_during_the_touch_moves_the_motor_after_it() -> None:
    rig = DeviceRig(MOTOR + TOUCH)
    rig.take()
    rig.send("90 68 7F", bend(4000))
    rig.set(GAIN, 12)
    assert rig.take(after_s=5) == []
    rig.send("90 68 00")
    assert rig.take() == [bend(16383)]


def test_without_touch_messages_a_move_counts_as_a_touch_for_300_ms() -> None:
    rig = DeviceRig(MOTOR)
    rig.take()
    for k in range(20):
        rig.send(bend(8000 + 100 * k), after_s=0.25)
        rig.set(GAIN, -60)
        assert rig.take(after_s=0.0) == []
        rig.send(bend(8001 + 100 * k), after_s=0.0)
        rig.take(after_s=0.0)
    assert rig.take(after_s=0.29) == []
    assert rig.take(after_s=0.02) == [bend(9901)]


def test_a_touch_that_never_ends_is_over_after_ten_seconds_without_a_move() -> None:
    rig = DeviceRig(MOTOR + TOUCH)
    rig.take()
    rig.send("90 68 7F", bend(4000))
    rig.set(GAIN, 12)
    assert rig.take(after_s=9) == []
    rig.send(bend(4100))
    rig.set(GAIN, 12)
    assert rig.take(after_s=9) == []
    assert rig.take(after_s=1.1) == [bend(16383)]


@pytest.mark.parametrize("touch", ["", TOUCH])
def test_a_device_that_reports_its_motor_s_move_changes_nothing(touch: str) -> None:
    rig = DeviceRig(MOTOR + touch)
    rig.take()
    rig.set(GAIN, -6.04)
    (sent,) = rig.take()
    rig.send(sent)
    position = int(sent[3:5], 16) | int(sent[6:8], 16) << 7
    rig.send(bend(position + 16))
    assert rig.get(GAIN) == -6.04
    assert rig.take(after_s=1) == []


def test_a_hand_can_bring_a_fader_back_to_where_the_motor_left_it() -> None:
    rig = DeviceRig(MOTOR)
    rig.take()
    rig.set(GAIN, gain_at(8000))
    assert rig.take() == [bend(8000)]
    rig.send(bend(9000))
    rig.send(bend(8000))
    assert rig.get(GAIN) == pytest.approx(gain_at(8000))


def test_a_motor_of_a_strip_that_does_not_exist_is_down_and_one_of_another_layer_stays() -> None:
    text = """
    [[input]]
    midi = "bend ch 1-6"
    encoder = "absolute"
    strip = 1
    function = "fader"
    led = { value = "{0xE0+i} {lsb} {msb}", to = [0, 16383] }
    layer = "main"
    [[input]]
    midi = "note 1"
    button = "momentary"
    hold_layer = "shift"
    """
    rig = DeviceRig(text, device="strips = 6", top='layers = ["main", "shift"]')
    assert rig.take()[3:] == ["E3 54 6A", "E4 00 00", "E5 00 00"]
    rig.send("90 01 7F")
    assert rig.take() == []


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


def test_the_motor_of_a_device_that_is_set_up_anew_waits_for_the_finger() -> None:
    rig = DeviceRig(MOTOR + TOUCH)
    rig.take()
    rig.send("90 68 7F", bend(4000))
    rig.controller.replay()
    assert rig.take() == []
    rig.send("90 68 00")
    assert rig.take() == [bend(4000)]


def test_the_row_of_a_reading_that_no_light_shows_wakes_nobody() -> None:
    text = '[[feedback]]\nsource = "meters[drums].peak_db"\nvalue = "B0 10 {v}"\nrange = [-60, 0]'
    rig = DeviceRig(text)
    woken: list[str] = []
    rig.controller._wake = lambda: woken.append("now")
    rig.bus.publish("meters", "bass", -3.0, -6.0)
    assert woken == []
    rig.bus.publish("meters", "drums", -30.0, -36.0)
    assert woken == ["now"]
    assert rig.take() == ["B0 10 40"]


def test_a_touch_without_a_move_sends_the_motor_s_place_once() -> None:
    rig = DeviceRig(MOTOR + TOUCH)
    (place,) = rig.take()
    rig.send("90 68 7F")
    assert rig.take() == []
    rig.send("90 68 00")
    assert rig.take() == [place]
    assert rig.take() == []


def test_a_finger_can_move_a_fader_by_one_step() -> None:
    rig = DeviceRig(MOTOR + TOUCH)
    rig.set(GAIN, gain_at(8000))
    rig.take()
    rig.send("90 68 7F", bend(8008))
    assert rig.get(GAIN) == pytest.approx(gain_at(8008))


def test_a_motor_stays_where_the_hand_left_it_and_moves_no_step_beside() -> None:
    text = MOTOR.replace(f'"{GAIN}"', '"accompaniment.band.sheet"').replace("range = [-60, 12]", "")
    rig = DeviceRig(text, BAND)
    rig.take()
    rig.send(bend(8000))
    assert rig.get("accompaniment.band.sheet") == 62
    assert rig.take(after_s=1) == [bend(8000)]


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


def test_names_are_shortened_so_that_they_differ() -> None:
    text = STRIPS.replace("count = 3", "count = 8")
    rig = DeviceRig(text, BAND, "synth.plain", device="strips = 8")
    names = ["Drums", "Bass", "Vocals", "Other", "Band", "BndDrms", "BandBss", "BandKys"]
    assert [m for m in rig.take() if m.startswith("F0")] == [name_cell(i, name) for i, name in enumerate(names)]


ENCODER = f"""
[[input]]
midi = "cc 16"
encoder = "absolute"
set = "{GAIN}"
range = [-60, 12]
led = {{ value = "B0 {{n}} {{v}}" }}
"""


def test_an_encoder_whose_position_can_be_set_is_not_turned_back_under_the_hand() -> None:
    rig = DeviceRig(ENCODER)
    rig.take()
    for value in range(0x20, 0x60):
        rig.send(f"B0 10 {value:02X}", after_s=0.02)
        rig.set(GAIN, -60 + 72 * (value - 10) / 127)  # late, from a screen
        assert rig.take(after_s=0.0) == []
    assert rig.take(after_s=0.4) == ["B0 10 55"]


def test_an_encoder_that_sends_back_its_new_position_does_not_round_the_control() -> None:
    rig = DeviceRig(ENCODER)
    rig.set(GAIN, -6.2)
    (sent,) = rig.take()
    rig.send(sent)
    assert rig.get(GAIN) == -6.2
    rig.send(f"B0 10 {int(sent[-2:], 16) + 1:02X}")  # one click of the hand
    assert rig.get(GAIN) == pytest.approx(-60 + 72 * (int(sent[-2:], 16) + 1) / 127)


def test_a_light_beside_a_knob_follows_at_once() -> None:
    rig = DeviceRig(ENCODER.replace("B0 {n} {v}", "B0 {n+32} {v}"))
    rig.take()
    rig.send("B0 10 40")
    assert rig.take() == ["B0 30 40"]


def test_a_meter_that_does_not_fall_by_itself_ends_with_its_source() -> None:
    text = '[[feedback]]\nsource = "meters[drums].peak_db"\nvalue = "B0 10 {v}"\nrange = [-60, 0]'
    rig = DeviceRig(text)
    rig.take()
    for _ in range(30):
        rig.bus.publish("meters", "drums", -30.0, -36.0)
        rig.take(after_s=0.1)
    assert rig.sent[1:] == ["B0 10 40"]
    assert rig.take(after_s=0.8) == []
    assert rig.take(after_s=0.3) == ["B0 10 00"]
