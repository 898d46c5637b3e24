"""Insert controls: what a user can set at each insert point."""

from __future__ import annotations

import pytest

from bridge.control.bus import Bus
from bridge.control.insert_controls import RESERVE_FRAMES, InsertSetting, read_insert_settings
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.control import MOST_LISTED, parse_value
from bridge.core.insert import INSERT_POINTS
from bridge.errors import ControlError

NAMES = ("glue", "warm")


@pytest.fixture
def bus() -> Bus:
    return Bus(make_sidecar_registry({}, NAMES))


def test_every_point_is_off_at_the_start(bus: Bus) -> None:
    settings = read_insert_settings(bus.registry, bus.values())
    assert settings == dict.fromkeys(INSERT_POINTS, InsertSetting("off", False, RESERVE_FRAMES))


def test_a_chain_is_chosen_by_its_name(bus: Bus) -> None:
    bus.set_all({"inserts.drums.chain": "warm", "inserts.drums.bypass": True, "inserts.mix.reserve_frames": 64}, "me")
    settings = read_insert_settings(bus.registry, bus.values())
    assert settings["drums"] == InsertSetting("warm", True, RESERVE_FRAMES)
    assert settings["mix"] == InsertSetting("off", False, 64)


def test_an_unknown_chain_is_refused_with_the_names_that_there_are(bus: Bus) -> None:
    with pytest.raises(ControlError, match="'worm' is not a value of it; give one of off, glue, warm"):
        bus.set("inserts.drums.chain", "worm", "me")


def test_the_chains_are_files_of_the_users_and_not_part_of_the_documentation() -> None:
    control = make_sidecar_registry({}, NAMES).get_control("inserts.band.chain")
    assert control.shipped_choices == ("off",)
    assert control.choices == ("off", *NAMES)


def test_of_many_choices_the_nearest_is_named_and_of_few_all() -> None:
    names = (*(f"chain-{number}" for number in range(MOST_LISTED)), "drum-glue")
    control = make_sidecar_registry({}, names).get_control("inserts.drums.chain")
    with pytest.raises(ControlError) as caught:
        parse_value(control, "drum-gleu")
    assert caught.value.hint == "did you mean drum-glue?"
    with pytest.raises(ControlError) as caught:
        parse_value(control, "xyz")
    assert caught.value.hint.startswith("give one of off, chain-0, ")
