"""Candidates of MIDI learn: what was moved is ahead of what trembles, came along or is older."""

from __future__ import annotations

import pytest

from bridge.controllers.mappings.mapping import MessageKind
from tests.controllers.learning.learn_rig import ACTION, FADER, SWITCH, UP_DOWN, find_first, listen
from tests.controllers.simulated_devices import (
    Events,
    send_controller,
    send_key,
    send_parameter,
)


@pytest.mark.parametrize("order", [1, -1])
def test_a_fader_is_ahead_of_a_key_and_a_knob_that_trembles(order: int) -> None:
    fader = send_controller(0, 7, UP_DOWN, start_s=0.5)
    stray = [*send_key(0, 60, [80, 0], start_s=0.5), *send_controller(0, 20, [64, 66, 64, 66], start_s=0.5)]
    learn, now_s = listen(FADER, *[("a", fader), ("b", stray)][::order])
    first, *others = learn.candidates(now_s)
    assert first.message == "cc 7 ch 1"
    assert {one.message for one in others} == {"note 60 ch 1", "cc 20 ch 1"}


def test_a_knob_that_trembles_between_two_values_is_no_candidate() -> None:
    learn, now_s = listen(FADER, ("a", send_controller(0, 20, [64, 65, 64, 65])))
    assert learn.candidates(now_s) == ()


def test_a_key_is_ahead_of_the_pressure_that_comes_with_it() -> None:
    pressure: Events = [(0.02 + index / 100, bytes((0xA0, 60, value))) for index, value in enumerate(range(0, 127, 4))]
    pressure += [(at + 0.001, bytes((0xD0, message[2]))) for at, message in pressure]
    assert find_first(SWITCH, [*send_key(0, 60, [80, 0]), *pressure]).message == "note 60 ch 1"
    assert find_first(FADER, pressure).spec.kind in (MessageKind.KEY_PRESSURE, MessageKind.CHANNEL_PRESSURE)


def test_the_newest_of_two_equal_movements_is_first() -> None:
    first, second = send_controller(0, 7, UP_DOWN), send_controller(0, 8, UP_DOWN, start_s=5)
    learn, now_s = listen(FADER, ("a", [*first, *second]))
    assert [one.message for one in learn.candidates(now_s)] == ["cc 8 ch 1", "cc 7 ch 1"]


def test_a_button_is_first_where_a_button_is_to_be_learned_and_a_fader_where_a_fader_is() -> None:
    both = [*send_controller(0, 7, UP_DOWN), *send_key(0, 60, [80, 0], start_s=0.5)]
    assert find_first(SWITCH, both).message == "note 60 ch 1"
    assert find_first(ACTION, both).message == "note 60 ch 1"
    assert find_first(FADER, both).message == "cc 7 ch 1"


def test_a_small_movement_now_is_ahead_of_a_large_one_some_seconds_ago() -> None:
    before, now = send_controller(0, 7, UP_DOWN), send_controller(0, 8, [*range(60, 85, 2)], start_s=6)
    learn, now_s = listen(FADER, ("a", [*before, *now]))
    assert learn.candidates(now_s)[0].message == "cc 8 ch 1"


def test_a_fader_is_ahead_of_the_pressure_of_a_key_that_came_later() -> None:
    key = send_key(0, 60, [80], start_s=0.5)
    pressure: Events = [(0.6 + index / 100, bytes((0xD0, value))) for index, value in enumerate(range(0, 127, 4))]
    learn, now_s = listen(FADER, ("a", send_controller(0, 7, [*range(40, 90, 2)])), ("b", [*key, *pressure]))
    assert learn.candidates(now_s)[0].message == "cc 7 ch 1"


def test_the_same_message_of_two_devices_is_two_candidates() -> None:
    learn, now_s = listen(FADER, ("a", send_controller(0, 7, UP_DOWN)), ("b", send_controller(0, 7, UP_DOWN[:12])))
    assert [one.device for one in learn.candidates(now_s)] == ["a", "b"]


def test_clock_active_sensing_and_system_exclusive_are_no_candidates() -> None:
    learn, _ = listen(FADER, ("a", [(0.0, message) for message in (b"\xf8", b"\xfe", b"\xf0\x7e\xf7", b"\xfa", b"")]))
    assert learn.candidates(1.0) == ()


def test_two_faders_32_apart_that_are_moved_one_after_the_other_are_two() -> None:
    events = [*send_controller(0, 0, UP_DOWN), *send_controller(0, 32, UP_DOWN, start_s=3)]
    learn, now_s = listen(FADER, ("a", events))
    assert {one.message for one in learn.candidates(now_s)} == {"cc 0 ch 1", "cc 32 ch 1"}


def test_a_fader_and_a_button_32_above_it_are_not_one_fader() -> None:
    events = send_controller(0, 0, UP_DOWN)
    for index, value in ((5, 127), (10, 0), (15, 127), (20, 0)):
        events.insert(index, (events[index][0], bytes((0xB0, 32, value))))
    learn, now_s = listen(FADER, ("a", events))
    assert learn.candidates(now_s)[0].message == "cc 0 ch 1"
    single = [*send_controller(0, 0, [64]), *send_controller(0, 32, UP_DOWN, start_s=0.1)]
    learn, now_s = listen(FADER, ("a", single))
    assert learn.candidates(now_s)[0].message == "cc 32 ch 1"


def test_a_pad_that_selects_a_bank_with_its_program_is_learned_by_its_program() -> None:
    events: Events = [(at, message) for at in (0.0, 1.0) for message in (b"\xb0\x00\x01", b"\xb0\x20\x00", b"\xc0\x05")]
    assert find_first(ACTION, events).message == "program 5 ch 1"


def test_faders_on_the_controllers_of_a_parameter_that_are_moved_in_its_order_are_faders() -> None:
    events: Events = []
    for index, number in enumerate((99, 98, 7, 6)):
        events += send_controller(0, number, UP_DOWN, start_s=float(index))
    learn, now_s = listen(FADER, ("a", events))
    assert {one.message for one in learn.candidates(now_s)} == {f"cc {number} ch 1" for number in (99, 98, 7, 6)}


def test_a_registered_parameter_is_no_fader_and_one_that_is_none_after_it_is() -> None:
    bend_range = [(0.0, bytes((0xB0, number, value))) for number, value in ((101, 0), (100, 0), (6, 2), (38, 0))]
    learn, now_s = listen(FADER, ("a", bend_range * 3))
    assert learn.candidates(now_s) == ()
    fader = send_parameter(0, 300, [value * 100 for value in UP_DOWN], start_s=1.0)
    learn, now_s = listen(FADER, ("a", [*bend_range, *fader]))
    assert [one.message for one in learn.candidates(now_s)] == ["nrpn 300 ch 1"]
    learn, now_s = listen(FADER, ("a", [*fader, *((at + 5, message) for at, message in bend_range)]))
    assert [one.value for one in learn.candidates(now_s)] == [UP_DOWN[-1] * 100]


def test_parameters_between_other_controllers_that_change_only_their_fine_number_are_found() -> None:
    events = send_parameter(0, 300, [0, 5000, 9000], start_s=0.0)
    for index, value in enumerate((0, 3000, 9000, 14000)):
        parts = ((7, index), (98, 301 & 0x7F), (6, value >> 7), (38, value & 0x7F))
        events += [(1 + index / 100, bytes((0xB0, number, data))) for number, data in parts]
    assert find_first(FADER, events).message == "nrpn 301 ch 1"


def test_plain_faders_on_the_controllers_of_parameters_are_learned() -> None:
    for number in (6, 38, 98, 99):
        assert find_first(FADER, send_controller(0, number, UP_DOWN)).message == f"cc {number} ch 1"
