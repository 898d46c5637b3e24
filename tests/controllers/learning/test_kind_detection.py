"""Kind detection: the kind that is learned is that of the device that sent the values."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.controllers.learning.kind_detection import REST_S, TURN_LEFT, TURN_RIGHT, detect_kind
from tests.controllers.simulated_devices import (
    ENCODERS,
    Presses,
    encode_step,
    momentary_presses,
    switch_presses,
    turns,
    wiggles,
)

REST = 2 * REST_S


@given(st.sampled_from(ENCODERS), turns())
def test_an_encoder_is_detected_by_a_turn_to_the_right_and_one_to_the_left(kind: str, steps: list[int]) -> None:
    found = detect_kind([encode_step(kind, step) for step in steps], REST)
    assert found.kind == kind
    assert found.relative


@given(st.sampled_from(ENCODERS), turns(steady=False))
@example("offset_64", [1, 4, 5, 4, 3, -1, -2, -3, -4, -5])
def test_a_turn_that_gains_speed_from_click_to_click_is_read_right_or_asked_for_again(
    kind: str, steps: list[int]
) -> None:
    found = detect_kind([encode_step(kind, step) for step in steps], REST)
    assert found.kind in (kind, None)
    assert found.kind or found.question


@given(wiggles())
def test_a_fader_that_is_moved_up_and_down_is_absolute(positions: list[int]) -> None:
    assert detect_kind(positions, REST).kind == "absolute"


@given(momentary_presses())
def test_a_button_that_is_released_each_time_is_momentary(presses: Presses) -> None:
    found = detect_kind(presses.values, REST)
    assert found.kind == "momentary"
    assert found.presses == len(presses.velocities)
    assert detect_kind(presses.values, REST, only_button=True).kind == "momentary"


@given(switch_presses())
def test_a_button_without_a_release_for_each_press_switches_over_by_itself(presses: Presses) -> None:
    assert detect_kind(presses.values, REST).kind == "toggle"
    assert detect_kind(presses.values, REST, only_button=True).kind == "toggle"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0x01, 0x01, 0x41, 0x41], "sign_bit"),
        ([0x01, 0x02, 0x7F, 0x7E], "twos_complement"),
        ([0x41, 0x41, 0x3F, 0x3F], "offset_64"),
        ([0x41, 0x41, 0x01, 0x01], "sign_bit_inverted"),
        ([0x01, 0x02, 0x05, 0x7F, 0x7B], "twos_complement"),
    ],
)
def test_the_shortest_turns_that_users_reported_are_read_right(values: list[int], kind: str) -> None:
    assert detect_kind(values, REST).kind == kind


def test_a_quick_turn_without_a_value_twice_is_not_taken_for_a_fader_near_its_middle() -> None:
    assert detect_kind([65, 66, 67, 63, 62], REST).kind != "absolute"
    assert detect_kind([1, 2, 3, 4], REST).kind != "absolute"


@pytest.mark.parametrize("values", [[1, 1, 1], [65, 65, 65], [65, 65, 66, 65], [1, 2, 1, 1]])
def test_a_turn_to_the_right_alone_leaves_the_kind_open_and_asks_for_one_to_the_left(values: list[int]) -> None:
    found = detect_kind(values, REST)
    assert (found.kind, found.question, found.relative) == (None, TURN_LEFT, True)


@pytest.mark.parametrize("count", [3, 6, 20])
def test_a_knob_that_is_turned_to_the_left_first_is_no_button_unless_one_was_asked_for(count: int) -> None:
    left = [127] * count
    found = detect_kind(left, REST)
    assert (found.kind, found.question, found.relative) == (None, TURN_RIGHT, True)
    assert detect_kind([*left, 1, 1, 1], REST).kind == "twos_complement"
    assert detect_kind(left, REST, button_wanted=True).kind == "latched"
    assert detect_kind(left, REST, only_button=True).kind == "latched"


def test_a_button_that_is_held_is_open_until_it_is_released_or_was_held_too_long() -> None:
    assert detect_kind([127], 0.0).kind is None
    assert detect_kind([127], REST).kind == "toggle"
    assert detect_kind([127, 0], REST).kind == "momentary"


def test_a_button_that_never_says_that_it_is_released_is_latched() -> None:
    assert detect_kind([127, 127], REST).kind == "latched"
    assert detect_kind([90, 100], REST, only_button=True).kind == "latched"


@pytest.mark.parametrize("values", [[64], [0], [64, 65]])
def test_too_little_movement_decides_nothing(values: list[int]) -> None:
    assert detect_kind(values, REST).kind is None
