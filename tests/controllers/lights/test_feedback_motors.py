"""Feedback of motor faders and encoders: nothing moves against the hand."""

from __future__ import annotations

import pytest

from tests.controllers.rig import DeviceRig

GAIN = "stems.vocals.gain_db"
BAND = "accompaniment.band"
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


def test_the_motor_of_a_device_that_is_set_up_anew_waits_for_the_finger() -> None:
    rig = DeviceRig(MOTOR + TOUCH)
    rig.take()
    rig.send("90 68 7F", bend(4000))
    rig.controller.replay()
    assert rig.take() == []
    rig.send("90 68 00")
    assert rig.take() == [bend(4000)]


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
