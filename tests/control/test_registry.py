"""Registry: unique names, found by name and address."""

from __future__ import annotations

import pytest

from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.control import Action, Control, Reading
from bridge.errors import ControlError

STYLE = Control("comp.style", 0, 2, 1, kind="choice", choices=("straight", "swing", "shuffle"))


def test_things_are_found_by_name_and_by_address() -> None:
    registry = Registry()
    registry.add([STYLE, Action("comp.stop"), Reading("comp.bar", ("frame",))], "a")
    assert registry.get_control("comp.style") is registry.find_address("/comp/style") is STYLE
    assert registry.get_action("comp.stop").address == "/comp/stop"
    assert registry.get_reading("comp.bar").fields == ("frame",)
    assert (len(registry), "comp.bar" in registry, registry.find_address("/nothing")) == (3, True, None)


def test_a_name_that_comes_twice_is_an_error_that_names_both() -> None:
    registry = Registry()
    registry.add([STYLE], "engine one")
    with pytest.raises(ControlError) as caught:
        registry.add([Action("comp.style")], "engine two")
    assert "action comp.style of engine two" in caught.value.message
    assert "control comp.style of engine one" in caught.value.message


@pytest.mark.parametrize("name", ["comp.style.depth", "comp.style.a.b"])
def test_a_control_below_a_control_is_an_error(name: str) -> None:
    registry = Registry()
    registry.add([STYLE], "engine one")
    with pytest.raises(ControlError, match="nested"):
        registry.add([Control(name, 0, 1, 0)], "engine two")


def test_an_unknown_name_comes_with_the_nearest_ones() -> None:
    with pytest.raises(ControlError) as caught:
        make_sidecar_registry({}).get_control("stems.vocal.gain")
    assert "stems.vocals.gain_db" in caught.value.hint


def test_the_error_for_a_name_of_another_kind_names_that_kind() -> None:
    with pytest.raises(ControlError) as caught:
        make_sidecar_registry({}).get_control("transport.panic")
    assert str(caught.value) == "transport.panic is not a control; it is an action"


@pytest.mark.parametrize("name", ["Mir.chord", "mir.", "", "mir chord"])
def test_a_reading_needs_a_dotted_lower_case_name(name: str) -> None:
    with pytest.raises(ValueError, match="dotted lower case"):
        Reading(name, ("frame",))


def test_a_reading_needs_a_field() -> None:
    with pytest.raises(ValueError, match="at least one field"):
        Reading("mir.chord", ())
