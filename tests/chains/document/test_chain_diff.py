"""Differences of chains: members, their order, values and states."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from chains.document.chain import AuxBus, Branch, Chain, Member
from chains.document.chain_diff import ChainDifference, compare_chains
from chains.document.member_state import encode_state
from chains.document.vst3_preset import Vst3Preset, format_preset_bytes

GAIN = Member(name="Gain", effect="Gain", parameters={"gain_db": -3.0})
ROOM = Member(name="Room", effect="Reverb")
WIDE = Member(name="Wide", branches=(Branch(), Branch(members=(Member(name="Echo", effect="Delay"),))))
BUS = AuxBus(name="room", members=(Member(name="Hall", effect="Reverb"),))
CHAIN = Chain(members=(GAIN, ROOM, WIDE), buses=(BUS,))


def compare(first: Chain, second: Chain) -> list[tuple[object, ...]]:
    """The differences, in short."""
    here = Path()
    return [
        (one.change, one.where, one.key, one.first, one.second) for one in compare_chains(first, second, here, here)
    ]


def replace(chain: Chain, *members: Member) -> Chain:
    return msgspec.structs.replace(chain, members=members)


def set_parameters(**parameters: float) -> Member:
    return msgspec.structs.replace(GAIN, parameters=parameters)


def make_state(text: bytes) -> bytes:
    return format_preset_bytes(Vst3Preset("0" * 32, {"Comp": text}))


def test_a_chain_does_not_differ_from_itself() -> None:
    assert compare(CHAIN, CHAIN) == []


@pytest.mark.parametrize(
    ("second", "differences"),
    [
        (replace(CHAIN, GAIN, WIDE), [("removed", "Room", "", None, None)]),
        (replace(CHAIN, GAIN, ROOM, WIDE, Member(effect="Invert")), [("added", "Invert", "", None, None)]),
        (replace(CHAIN, ROOM, WIDE, GAIN), [("moved", "Gain", "", "chain, place 1", "chain, place 3")]),
        (
            replace(CHAIN, GAIN, msgspec.structs.replace(WIDE, branches=(Branch(members=(ROOM,)), WIDE.branches[1]))),
            [("moved", "Room", "", "chain", "Wide branch 1")],
        ),
        (
            replace(CHAIN, set_parameters(gain_db=-6.0), ROOM, WIDE),
            [("changed", "Gain", "parameters.gain_db", -3.0, -6.0)],
        ),
        (replace(CHAIN, set_parameters(), ROOM, WIDE), [("changed", "Gain", "parameters.gain_db", -3.0, None)]),
        (
            replace(CHAIN, msgspec.structs.replace(GAIN, sends={"room": 0.0}), ROOM, WIDE),
            [("changed", "Gain", "sends.room", None, 0.0)],
        ),
        (
            replace(CHAIN, msgspec.structs.replace(GAIN, effect="Invert"), ROOM, WIDE),
            [("changed", "Gain", "effect", "Gain", "Invert")],
        ),
        (
            replace(
                CHAIN, GAIN, ROOM, msgspec.structs.replace(WIDE, branches=(Branch(gain_db=-1.0), WIDE.branches[1]))
            ),
            [("changed", "Wide", "branch[0].gain_db", 0.0, -1.0)],
        ),
        (
            replace(CHAIN, GAIN, ROOM, msgspec.structs.replace(WIDE, branches=WIDE.branches[1:])),
            [
                ("moved", "Echo", "", "Wide branch 2", "Wide branch 1"),
                ("changed", "Wide", "branch[1].gain_db", 0.0, None),
            ],
        ),
        (msgspec.structs.replace(CHAIN, tempo_bpm=90.0), [("changed", "chain", "tempo_bpm", 0.0, 90.0)]),
        (
            msgspec.structs.replace(CHAIN, buses=()),
            [("removed", "bus room", "", None, None), ("removed", "Hall", "", None, None)],
        ),
        (
            msgspec.structs.replace(CHAIN, buses=(msgspec.structs.replace(BUS, return_db=-2.0),)),
            [("changed", "bus room", "return_db", 0.0, -2.0)],
        ),
    ],
)
def test_a_difference_says_what_where_and_both_values(second: Chain, differences: list[tuple[object, ...]]) -> None:
    assert compare(CHAIN, second) == differences


def test_a_switch_that_became_a_number_is_a_difference() -> None:
    first = Chain(members=(Member(plugin="P", format="vst3", parameters={"on": True}),))
    second = Chain(members=(Member(plugin="P", format="vst3", parameters={"on": 1.0}),))
    assert compare(first, second) == [("changed", "P", "parameters.on", True, 1.0)]


def test_states_are_compared_by_what_is_in_them(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder, text in zip(folders, (b"one", b"one", b"two"), strict=True):
        folder.mkdir()
        (folder / "x.vstpreset").write_bytes(make_state(text))
    here = Chain(members=(Member(plugin="P", format="vst3", state=encode_state(make_state(b"one"))),))
    beside = Chain(members=(Member(plugin="P", format="vst3", state_file="x.vstpreset"),))
    assert compare_chains(here, beside, tmp_path, folders[0]) == []
    assert compare_chains(beside, beside, folders[0], folders[1]) == []
    (found,) = compare_chains(beside, beside, folders[0], folders[2])
    assert isinstance(found, ChainDifference)
    assert (found.where, found.key) == ("P", "state")
