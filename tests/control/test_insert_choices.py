"""Insert choices: who asks now and then is given every choice that makes a difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bridge.control.bus import Bus
from bridge.control.insert_choices import InsertChoices
from bridge.control.insert_controls import CHAIN_CONTROLS
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.file_choice import FileChoice
from bridge.errors import ControlError


@pytest.fixture
def bus() -> Bus:
    made = Bus(make_sidecar_registry({}, ("a", "b", "c")))
    made.set("inserts.mix.chain", "a", "preset")
    return made


@pytest.fixture
def choices(bus: Bus) -> Iterator[InsertChoices]:
    with InsertChoices(bus) as opened:
        yield opened


@pytest.mark.parametrize(
    ("chosen", "read"),
    [
        ((), ["a", "a"]),
        (("a",), ["a", "a"]),
        (("off", "a"), ["off", "a", "a"]),
        (("b", "a"), ["b", "a", "a"]),
        (("b", "off", "a"), ["off", "a", "a"]),
        (("off", "a", "off", "a"), ["off", "a", "a"]),
        (("b",), ["b", "b"]),
        (("b", "c"), ["c", "c"]),
        (("off", "a", "b"), ["b", "b"]),
    ],
)
def test_a_chain_that_is_chosen_again_is_read_again_and_others_are_passed_over(
    bus: Bus, choices: InsertChoices, chosen: tuple[str, ...], read: list[str]
) -> None:
    assert choices.read()["mix"].chain == "a"  # as chosen before the start
    for chain in chosen:
        bus.set("inserts.mix.chain", chain, "osc")
    assert [choices.read()["mix"].chain for _ in read] == read
    assert choices.read()["band"].chain == "off"


def test_reload_has_a_chain_read_again_once_as_if_off_and_it_had_been_chosen(bus: Bus, choices: InsertChoices) -> None:
    bus.set("inserts.band.chain", "b", "osc")
    choices.read()
    for points, reads in ((("mix",), [("off", "b"), ("a", "b")]), ((), [("off", "off"), ("a", "b")])):
        choices.reload(*points)
        found = [choices.read() for _ in range(3)]
        assert [(one["mix"].chain, one["band"].chain) for one in found] == [*reads, ("a", "b")]
    assert bus.get("inserts.mix.chain") == 1, "no change, so no undo and no preset that counts as changed"


def test_reload_leaves_a_choice_that_is_not_read_yet(bus: Bus, choices: InsertChoices) -> None:
    choices.read()
    bus.set("inserts.mix.chain", "c", "osc")
    choices.reload()
    assert [choices.read()["mix"].chain for _ in range(2)] == ["c", "c"]


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ("drum", "drum is no insert point; did you mean drums"),
        ("drums", "no chain is chosen for drums; choose one"),
        ("mix", "a cannot be chosen: a.toml: line 2: unknown effect; correct the file"),
        ("", "a cannot be chosen"),
    ],
)
def test_reload_is_refused_where_there_is_nothing_to_read_and_the_chain_plays_on(
    bus: Bus, choices: InsertChoices, point: str, message: str
) -> None:
    broken = FileChoice("a", "a.toml", "a.toml: line 2: unknown effect", "correct the file")
    bus.registry.replace(replace(bus.registry.get_control(name), unavailable=(broken,)) for name in CHAIN_CONTROLS)
    choices.read()
    with pytest.raises(ControlError, match=message):
        choices.reload(point)
    assert choices.read()["mix"].chain == "a"


def test_bypass_and_reserve_are_read_as_they_are(bus: Bus, choices: InsertChoices) -> None:
    bus.set_all({"inserts.mix.bypass": 1, "inserts.mix.reserve_frames": 256}, "osc")
    assert (choices.read()["mix"].is_bypassed, choices.read()["mix"].reserve_frames) == (True, 256)
