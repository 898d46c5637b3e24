"""Positions and values: the ends, the way back, and even zones."""

from __future__ import annotations

import math
from collections import Counter
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.controllers.mappings.mapping_file import Curve
from bridge.controllers.mappings.scaling import to_position, to_value
from bridge.core.control import Control

GAIN = Control("a.gain_db", -60, 12, 0)
CUTOFF = Control("a.cutoff_hz", 20, 20000, 1000, kind="log")
CHOICE = Control("a.style", 0, 4, 0, kind="choice", choices=("rock", "funk", "jazz", "soul", "dub"))
SWITCH = Control("a.mute", 0, 1, 0, kind="switch")
FRAMES = Control("a.frames", 16, 8192, 64, kind="integer")
CONTROLS = (GAIN, CUTOFF, CHOICE, SWITCH, FRAMES)

curves = st.sampled_from(get_args(Curve))
positions = st.floats(0, 1)


@st.composite
def make_ranges(draw: st.DrawFn) -> tuple[Control, float, float]:
    """A control, and a range within its own, in either direction."""
    control = draw(st.sampled_from(CONTROLS))
    inside = st.floats(control.low, control.high)
    low, high = (control.clamp(draw(inside)) for _ in range(2))
    assume(abs(high - low) >= (1 if control.kind in {"integer", "choice", "switch"} else 0.01))
    return control, low, high


@given(of=make_ranges(), curve=curves)
def test_the_ends_are_exact(of: tuple[Control, float, float], curve: Curve) -> None:
    control, low, high = of
    for beyond in (0.0, 0.5):
        assert to_value(0 - beyond, low, high, curve, control) == low
        assert to_value(1 + beyond, low, high, curve, control) == high
    assert (to_position(low, low, high, curve, control), to_position(high, low, high, curve, control)) == (0, 1)


@given(of=make_ranges(), curve=curves, share=positions)
def test_a_value_comes_back_from_its_position(of: tuple[Control, float, float], curve: Curve, share: float) -> None:
    control, low, high = of
    value = control.clamp(low + (high - low) * share)
    back = to_value(to_position(value, low, high, curve, control), low, high, curve, control)
    if control.kind in {"integer", "choice", "switch"}:
        assert back == value
    else:
        assert back == pytest.approx(value, abs=1e-7 * (control.high - control.low))


@pytest.mark.parametrize("maximum", [127, 16383])
@pytest.mark.parametrize("control", [GAIN, CUTOFF])
@pytest.mark.parametrize("curve", get_args(Curve))
def test_every_number_that_a_fader_sends_comes_back(maximum: int, control: Control, curve: Curve) -> None:
    low, high = (1, 12) if curve == "log" and control is GAIN else (control.low, control.high)
    for number in range(0, maximum + 1, 1 if maximum == 127 else 97):
        value = to_value(number / maximum, low, high, curve, control)
        assert round(to_position(value, low, high, curve, control) * maximum) == number


@given(of=make_ranges(), curve=curves, two=st.tuples(positions, positions))
def test_values_follow_the_hand_in_one_direction(
    of: tuple[Control, float, float], curve: Curve, two: tuple[float, float]
) -> None:
    control, low, high = of
    first, second = (to_value(position, low, high, curve, control) for position in sorted(two))
    assert first <= second if low < high else first >= second
    assert control.clamp(first) == first


@pytest.mark.parametrize(("low", "high"), [(0, 4), (4, 0), (1, 3)])
def test_each_choice_has_an_even_part_of_the_fader(low: int, high: int) -> None:
    zones = Counter(to_value(number / 127, low, high, "linear", CHOICE) for number in range(128))
    assert sorted(zones) == list(range(min(low, high), max(low, high) + 1))
    assert max(zones.values()) - min(zones.values()) <= 1


def test_a_switch_turns_at_the_middle() -> None:
    assert [to_value(number / 127, 0, 1, "linear", SWITCH) for number in (0, 63, 64, 127)] == [0, 0, 1, 1]
    assert [to_value(number / 127, 1, 0, "linear", SWITCH) for number in (0, 63, 64, 127)] == [1, 1, 0, 0]


@given(first=st.floats(0, 0.9), second=st.floats(0, 0.9))
def test_a_log_control_moves_by_equal_ratios(first: float, second: float) -> None:
    ratios = [
        to_value(position + 0.1, 20, 20000, "linear", CUTOFF) / to_value(position, 20, 20000, "linear", CUTOFF)
        for position in (first, second)
    ]
    assert ratios[0] == pytest.approx(1000**0.1) == pytest.approx(ratios[1])


@pytest.mark.parametrize(
    ("low", "high"), [(9193.452003575154, 5400.203959279596), (18553.79250509972, 19395.647820703267)]
)
def test_rounding_leads_no_value_beyond_the_range(low: float, high: float) -> None:
    assert min(low, high) <= to_value(0.9999999999999999, low, high, "log", CUTOFF) <= max(low, high)


def test_the_curves_bend_to_the_side_that_their_names_say() -> None:
    square, linear, root = (to_value(0.5, -60, 12, curve, GAIN) for curve in ("square", "linear", "root"))
    assert (square, linear) == (-42, -24)
    assert math.isclose(root, -60 + 72 * math.sqrt(0.5))
