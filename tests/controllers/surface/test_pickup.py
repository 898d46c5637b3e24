"""Soft takeover: no jumps, a full sweep always takes over, and a burst of all positions does no harm."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.mappings.mapping_file import Curve
from bridge.controllers.mappings.scaling import to_position
from bridge.controllers.surface.pickup import Pickup
from bridge.core.control import Control

GAIN = Control("a.gain_db", -60, 12, 0)
CUTOFF = Control("a.cutoff_hz", 20, 20000, 1000, kind="log")
STYLE = Control("a.style", 0, 4, 0, kind="choice", choices=("rock", "funk", "jazz", "soul", "dub"))

Event = tuple[str, float]
maxima = st.sampled_from([127, 16383])
controls = st.sampled_from([GAIN, CUTOFF])
curves = st.sampled_from(get_args(Curve))
events = st.lists(st.tuples(st.sampled_from(["hand", "elsewhere"]), st.floats(0, 1)), max_size=30)


def make_pickup(control: Control, curve: Curve = "linear", maximum: int = 127) -> Pickup:
    return Pickup(control, control.low, control.high, curve, maximum)


@given(control=controls, curve=curves, maximum=maxima, happening=events, start=st.floats(0, 1))
def test_the_control_never_moves_by_more_than_the_hand_and_a_step(
    control: Control, curve: Curve, maximum: int, happening: list[Event], start: float
) -> None:
    """The oracle knows the fader's positions and the control's place alone."""
    pickup = make_pickup(control, curve, maximum)
    present = control.low + (control.high - control.low) * start
    hand: float | None = None
    for who, where in happening:
        if who == "elsewhere":
            present = control.low + (control.high - control.low) * where
            continue
        position = round(where * maximum) / maximum
        moved = 0.0 if hand is None else abs(position - hand)
        value = pickup.move(position, present)
        if value is not None:
            places = [to_position(one, control.low, control.high, curve, control) for one in (present, value)]
            assert abs(places[1] - places[0]) <= moved + 1 / maximum + 1e-6
            assert places[1] == pytest.approx(position, abs=1e-6)
            present = value
        hand = position


@given(control=controls, curve=curves, maximum=maxima, happening=events, present=st.floats(0, 1), down=st.booleans())
def test_after_a_full_sweep_the_fader_always_has_the_control(
    control: Control, curve: Curve, maximum: int, happening: list[Event], present: float, down: bool
) -> None:
    pickup = make_pickup(control, curve, maximum)
    value = control.low + (control.high - control.low) * present
    for who, where in happening:
        if who == "hand":
            taken = pickup.move(round(where * maximum) / maximum, value)
            value = value if taken is None else taken
        else:
            value = control.low + (control.high - control.low) * where
    for number in sorted(range(0, maximum + 1, 1 if maximum == 127 else 129), reverse=down):
        taken = pickup.move(number / maximum, value)
        value = value if taken is None else taken
    assert value == (control.low if down else control.high)
    assert pickup.describe(value) == "picked up"


def test_the_fader_waits_and_says_where_then_follows_the_hand() -> None:
    pickup = make_pickup(GAIN)
    assert [pickup.move(number / 127, 0.0) for number in (20, 60, 100)] == [None, None, None]
    assert pickup.describe(0.0) == "move to 83 %"
    assert pickup.move(110 / 127, 0.0) == pytest.approx(-60 + 72 * 110 / 127)
    assert pickup.describe(-60 + 72 * 110 / 127) == "picked up"


@pytest.mark.parametrize("maximum", [127, 16383])
def test_a_change_from_elsewhere_takes_the_control_away_beyond_one_step(maximum: int) -> None:
    pickup = make_pickup(GAIN, maximum=maximum)
    value = pickup.move(0.5, -24.0)
    assert value is not None
    step_db = 72 / maximum
    assert pickup.has_control(value + 0.9 * step_db) and not pickup.has_control(value + 1.2 * step_db)
    assert pickup.move(0.5 - 3 / maximum, value + 1.2 * step_db) is None


@pytest.mark.parametrize("maximum", [127, 16383])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_fader_takes_over_within_one_step_and_not_further_away(maximum: int, side: int) -> None:
    for steps, takes in ((0.9, True), (1.2, False), (2.5, False)):
        present = -60 + 72 * (64 + side * steps) / maximum
        assert (make_pickup(GAIN, maximum=maximum).move(64 / maximum, present) is not None) == takes


def test_a_burst_of_all_positions_takes_nothing_over_and_leaves_nothing_stuck() -> None:
    """A device with a key that sends all its 33 positions at once, pressed twice; then each fader works as ever."""
    faders = [make_pickup(GAIN) for _ in range(33)]
    for _ in range(2):
        assert all(fader.move(10 / 127, 0.0) is None for fader in faders)
    for fader in faders:
        assert fader.move(120 / 127, 0.0) is not None


def test_a_burst_shows_faders_that_stand_at_the_value_already() -> None:
    fader = make_pickup(GAIN)
    assert fader.move(64 / 127, -24.0) is not None
    assert fader.describe(-60 + 72 * 64 / 127) == "picked up"


def test_a_fader_that_moved_unseen_does_not_pass_the_value_when_it_comes_back() -> None:
    fader = make_pickup(GAIN)
    fader.move(10 / 127, 0.0)
    fader.forget()
    assert fader.move(126 / 127, 0.0) is None
    assert fader.move(127 / 127, 0.0) is None
    assert fader.move(100 / 127, 0.0) is not None


def test_a_choice_is_taken_over_anywhere_in_its_part_of_the_fader() -> None:
    fader = make_pickup(STYLE)
    assert fader.move(30 / 127, 2.0) is None
    assert fader.move(60 / 127, 2.0) == 2.0
    assert fader.move(90 / 127, 2.0) == 3.0


def test_a_value_beyond_the_faders_range_is_taken_over_at_its_end() -> None:
    fader = Pickup(GAIN, -60, 0, "linear", 127)
    assert fader.describe(6.0) == "move to 100 %"
    assert fader.move(100 / 127, 6.0) is None
    assert fader.move(127 / 127, 6.0) == 0.0
