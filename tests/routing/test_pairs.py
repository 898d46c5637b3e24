"""Stereo pairs by port groups and by names."""

from __future__ import annotations

import pytest

from bridge.routing.pairs import Pairs, find_pairs
from bridge.routing.port_graph import MIDI, Port


def find(*names: str, is_source: bool = True) -> Pairs:
    return find_pairs(Port(f"c:{name}", is_source=is_source) for name in names)


def list_pairs(pairs: Pairs) -> list[tuple[str, str, str]]:
    return [(pair.name, pair.left.partition(":")[2], pair.right.partition(":")[2]) for pair in pairs.by_name.values()]


@pytest.mark.parametrize(
    ("left", "right", "name"),
    [
        ("drums_1", "drums_2", "drums"),
        ("in_1", "in_2", "in"),
        ("in 1", "in 2", "in"),
        ("Vocals/audio_in 1", "Vocals/audio_in 2", "Vocals/audio_in"),
        ("audio-in1", "audio-in2", "audio-in"),
        ("out0", "out1", "out"),
        ("ch1_out", "ch2_out", "ch_out"),
        ("left", "right", "left/right"),
        ("L", "R", "L/R"),
        ("output_FL", "output_FR", "output"),
        ("playback_RL", "playback_RR", "playback"),
        ("Master Left", "Master Right", "Master"),
        ("out-left", "out-right", "out"),
        ("outL", "outR", "out"),
        ("AudioInLeft", "AudioInRight", "AudioIn"),
        ("Left in", "Right in", "in"),
        ("Synth (L)", "Synth (R)", "Synth"),
        ("monitor_FL-367", "monitor_FR-369", "monitor"),
        ("Track 3 L", "Track 3 R", "Track 3"),
    ],
)
def test_names_that_differ_in_the_side_alone_are_a_pair(left: str, right: str, name: str) -> None:
    assert list_pairs(find(left, right)) == [(name, left, right)]
    assert list_pairs(find(right, left)) == [(name, left, right)]


@pytest.mark.parametrize(
    "names",
    [
        ("in", "out"),
        ("in_1",),
        ("in_2", "in_3"),
        ("in_1", "out_2"),
        ("FL", "RR"),
        ("left", "left 2"),
        ("Laser", "Raser"),
        ("tomL1", "tomR2"),
        ("FL-1", "FL-2", "FR-3"),
        ("", " "),
    ],
)
def test_other_names_are_none(names: tuple[str, ...]) -> None:
    assert list_pairs(find(*names)) == []


def test_a_card_with_many_ports_is_paired_by_twos() -> None:
    pairs = find(*(f"playback_{number}" for number in range(1, 6)))
    assert list_pairs(pairs) == [
        ("playback_1/2", "playback_1", "playback_2"),
        ("playback_3/4", "playback_3", "playback_4"),
    ]
    assert pairs.get_name("c:playback_5") == ""
    assert pairs.get_name("c:playback_4") == "playback_3/4"


def test_front_rear_and_side_channels_are_pairs_of_their_own() -> None:
    found = list_pairs(find("FL", "FR", "FC", "LFE", "RL", "RR", "SL", "SR"))
    assert found == [("FL/FR", "FL", "FR"), ("RL/RR", "RL", "RR"), ("SL/SR", "SL", "SR")]


def test_a_port_group_decides_over_names() -> None:
    ports = [Port(f"c:{name}", group=group) for name, group in (("a", "main"), ("b", "main"), ("a_1", ""), ("a_2", ""))]
    assert list_pairs(find_pairs(ports)) == [("main", "a", "b"), ("a_1/2", "a_1", "a_2")]


def test_a_surround_group_is_no_pair() -> None:
    assert list_pairs(find_pairs(Port(f"c:{name}", group="5.1") for name in "xyz")) == []


def test_clients_directions_and_midi_are_kept_apart() -> None:
    ports = [
        Port("a:in_1", is_source=False), Port("b:in_2", is_source=False),
        Port("c:thru_1", is_source=False), Port("c:thru_2", is_source=True),
        Port("d:midi_1", MIDI), Port("d:midi_2", MIDI),
    ]  # fmt: skip
    assert list_pairs(find_pairs(ports)) == []


def test_no_pair_has_the_name_of_a_port_or_of_another_pair() -> None:
    pairs = find("out", "out_1", "out_2")
    assert list_pairs(pairs) == [("out_1/2", "out_1", "out_2")]
    pairs = find("out L", "out R", "out_1", "out_2")
    assert list_pairs(pairs) == [("out", "out L", "out R"), ("out_1/2", "out_1", "out_2")]


def test_a_thousand_ports_are_paired() -> None:
    ports = [Port(f"client{client}:out_{number}") for client in range(50) for number in range(1, 21)]
    assert len(find_pairs(ports).by_name) == 500
