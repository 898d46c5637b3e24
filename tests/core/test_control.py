"""Declarations of what can be turned and triggered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.control import Action, Control, address_of

LEVEL = Control("stems.vocals.gain_db", -60, 12, 0, unit="dB")
STYLE = Control("band.style", 0, 2, 1, kind="choice", choices=("straight", "swing", "shuffle"))


def test_the_address_derives_from_the_name() -> None:
    assert address_of("stems.vocals.gain_db") == LEVEL.address == "/stems/vocals/gain_db"
    assert Action("transport.panic").address == "/transport/panic"


@given(value=st.floats(allow_nan=False))
@settings(deadline=None)
def test_a_clamped_value_is_in_range(value: float) -> None:
    assert LEVEL.low <= LEVEL.clamp(value) <= LEVEL.high
    assert STYLE.clamp(value) in (0.0, 1.0, 2.0)


@given(value=st.floats(-60, 12))
@settings(deadline=None)
def test_a_value_in_range_stays(value: float) -> None:
    assert LEVEL.clamp(value) == value


@pytest.mark.parametrize("name", ["gain", "Stems.gain", "stems..gain", ".stems", "stems.", "stems.gain db", "1.a", ""])
def test_a_name_that_makes_no_address_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="use dotted lower case"):
        Control(name, 0, 1, 0)
    with pytest.raises(ValueError, match="use dotted lower case"):
        Action(name)


@pytest.mark.parametrize("default", [-0.1, 1.1, float("nan")])
def test_a_default_outside_the_range_is_refused(default: float) -> None:
    with pytest.raises(ValueError, match=r"is outside 0\.\.1"):
        Control("a.b", 0, 1, default)


def test_an_unknown_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind 'wavy'"):
        Control("a.b", 0, 1, 0, kind="wavy")


def test_a_choice_needs_a_word_for_each_number() -> None:
    with pytest.raises(ValueError, match=r"2 choices for 0\.\.2"):
        Control("a.b", 0, 2, 0, kind="choice", choices=("one", "two"))


@pytest.mark.parametrize("kind", ["integer", "switch"])
def test_kinds_of_whole_numbers_round(kind: str) -> None:
    assert Control("a.b", 0, 1, 0, kind=kind).clamp(0.6) == 1.0
