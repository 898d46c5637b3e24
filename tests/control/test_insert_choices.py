"""Insert choices: who asks now and then is given every choice that makes a difference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.control.bus import Bus
from bridge.control.insert_choices import InsertChoices
from bridge.control.sidecar import make_sidecar_registry


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


def test_bypass_and_reserve_are_read_as_they_are(bus: Bus, choices: InsertChoices) -> None:
    bus.set_all({"inserts.mix.bypass": 1, "inserts.mix.reserve_frames": 256}, "osc")
    assert (choices.read()["mix"].is_bypassed, choices.read()["mix"].reserve_frames) == (True, 256)
