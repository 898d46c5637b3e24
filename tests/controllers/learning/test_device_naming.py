"""Device naming: the pattern that is made from a port's name finds that port, whatever a system adds to its name."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.controllers.learning.device_naming import make_file_name, make_pattern, make_title
from bridge.controllers.ports.port_names import is_match
from bridge.names import why_not_plain

SEEN = [
    ("nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0", "nanoKONTROL2"),
    ("nanoKONTROL2:nanoKONTROL2 nanoKONTROL2 _ CTRL 20:0", "nanoKONTROL2 CTRL"),
    ("Midi-Bridge:Studio Box:[1] Studio Box MIDI 1", "Studio Box"),
    ("a2j:Studio Box [24] (capture): Studio Box MIDI 1", "Studio Box"),
    ("Studio Box", "Studio Box"),
    ("2- Studio Box", "Studio Box"),
    ("Studio Box #2", "Studio Box"),
    ("Fader Box:out", "Fader Box"),
    ("Fader Box-01:out", "Fader Box"),
    ("LCXL3 1 DAW In", "LCXL3 1 DAW"),
    ("FS-9", "FS-9"),
    ("FS-9:out", "FS-9"),
    ("FS-9:FS-9 MIDI 1 24:0", "FS-9"),
    ("Oxygen 25", "Oxygen 25"),
    ("Oxygen 25:Oxygen 25 MIDI 1 20:0", "Oxygen 25"),
    ("Midi-Bridge:MPK mini 3:[0] MPK mini 3 MIDI 1", "MPK mini 3"),
    ("MIDI 4", "MIDI 4"),
]


@pytest.mark.parametrize(("port", "title"), SEEN)
def test_the_title_is_what_the_device_is_called(port: str, title: str) -> None:
    assert make_title(port) == title
    assert is_match(make_pattern(port), port)


@pytest.mark.parametrize(
    ("learned_at", "later"),
    [
        ("Studio Box:Studio Box MIDI 1 24:0", "Studio Box:Studio Box MIDI 1 32:0"),
        ("Midi-Bridge:Studio Box:[1] Studio Box MIDI 1", "Studio Box:[3] Studio Box MIDI 1"),
        ("Studio Box", "2- Studio Box"),
        ("MIDIIN2 (Studio Box)", "MIDIIN2 (Studio Box)"),
    ],
)
def test_the_pattern_finds_the_device_at_its_next_plug(learned_at: str, later: str) -> None:
    assert is_match(make_pattern(learned_at), later)


def test_the_pattern_of_the_second_port_does_not_find_the_first() -> None:
    assert not is_match(make_pattern("MIDIIN2 (Studio Box)"), "Studio Box")
    assert not is_match(make_pattern("Studio Box"), "MIDIIN2 (Studio Box)")


SIBLINGS = [("FS-9", "FS-7"), ("Oxygen 25", "Oxygen 49"), ("MPK mini 3", "MPK mini 2"), ("Box MK2", "Box MK3")]
SHAPES = [
    "{0}",
    "{0}:out",
    "{0} MIDI 1",
    "{0} Port 2",
    "{0}:{0} MIDI 1 24:0",
    "Midi-Bridge:{0}:[1] {0} MIDI 1",
    "2- {0}",
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("device", "sibling"), SIBLINGS)
def test_a_device_with_another_number_in_its_name_is_another_device(device: str, sibling: str, shape: str) -> None:
    pattern = make_pattern(shape.format(device))
    for other in SHAPES:
        assert is_match(pattern, other.format(device)), other
        assert not is_match(pattern, other.format(sibling)), other
    assert make_file_name(make_title(shape.format(device))) != make_file_name(make_title(shape.format(sibling)))


words = st.text(st.characters(categories=("L", "N", "P", "Zs"), codec="utf-8"), min_size=1, max_size=40)


@example("İ:A")  # whose small letters are other ones than those of the name
@given(st.one_of(words, st.builds("{}:{} {}:0".format, words, words, st.integers(1, 130))))
def test_the_pattern_of_any_name_finds_that_name(port: str) -> None:
    if is_match(port, port):  # a name without a letter or figure matches nothing
        assert is_match(make_pattern(port), port)


@given(st.text(max_size=100))
def test_any_title_gives_a_name_that_a_file_can_have_on_every_system(title: str) -> None:
    assert why_not_plain(make_file_name(title)) == ""
