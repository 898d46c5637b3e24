"""Message templates: what they send, what is refused, and that a checked range holds for every value in it."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.controllers.mappings.message_template import MessageTemplate

FIXED = {"i": 2, "n": 36, "c": 1, "unit": 20}


@pytest.mark.parametrize(
    ("text", "arguments", "wanted"),
    [
        ("90 {n} 7F", {}, "90 24 7F"),
        ("{0x90+c} {n} {v}", {"v": 5}, "91 24 05"),
        ("D0 {i*16+v}", {"v": 12}, "D0 2C"),
        ("{0xE0+i} {lsb} {msb}", {"v": 300}, "E2 2C 02"),
        ("F0 00 00 66 {unit} 12 {i*7} {text:7} F7", {"text": "Bass"}, "F0 00 00 66 14 12 0E 42 61 73 73 20 20 20 F7"),
        ("F0 00 {text:3} F7", {"text": "Höhe"}, "F0 00 48 3F 68 F7"),
        ("F0 00 {text} F7", {"text": "Am7"}, "F0 00 41 6D 37 F7"),
        ("90 {n} {colour}", {"colour": 5}, "90 24 05"),
        ("90 {n} {colour*16+1}", {"colour": 7}, "90 24 71"),
        ("90{n}7f", {}, "90 24 7F"),
        ("F0 00 {colours:3} F7", {"colours": (1, 7)}, "F0 00 01 07 00 F7"),
        ("F0 {unit} 72 {colours:3} F7", {"colours": [1, 7, 2, 4]}, "F0 14 72 01 07 02 F7"),
        ("F0 {unit} 72 {colours:3} F7", {"colours": [1]}, "F0 14 72 01 00 00 F7"),
    ],
)
def test_a_template_sends_its_bytes(text: str, arguments: dict[str, object], wanted: str) -> None:
    assert MessageTemplate(text, FIXED).render(**arguments) == bytes.fromhex(wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("90 24", "has 2 bytes; 90 has 3"),
        ("90 24 80", "data byte 80 is above 7F"),
        ("24 90 00", "begins with 24"),
        ("F0 00 20", "ends with F7"),
        ("F0 F7", "ends with F7"),
        ("F0 F7 00 F7", "data byte F7"),
        ("FE", "begins with FE"),
        ("9 0 24", "two hex digits"),
        ("90 {x} 00", "'x' is no variable of this entry; known: c, colour, colours:N, i, lsb"),
        ("90 {v*v} 00", "at most one variable"),
        ("90 {n 00", "two hex digits"),
        ("90 {n+0x100} 00", "a byte would be 292"),
        ("{0x80+v} 00 00", "its first byte may not change"),
        ("{text:1} 00 00", "its first byte may not change"),
        ("F0 {text:65} F7", "more than 64 characters"),
        ("F0 {colours:65} F7", "colours of 1 to 64 strips"),
        ("F0 {colours:0} F7", "colours of 1 to 64 strips"),
        ("90 {colours:2} 00", "has 4 bytes"),
        ("F0 " + "00 " * 350 + "F7", "more than 1,024 characters"),
        ("F0 " + "{v}" * 65 + " F7", "more than 64 bytes change"),
        ("90 {" + "9" * 8 + "} 00", "a byte would be 99999999"),
        ("90 {" + "9" * 9 + "} 00", "is no variable"),
    ],
)
def test_what_would_be_no_midi_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("*", r"\*")):
        MessageTemplate(text, FIXED)


def is_midi(message: bytes) -> bool:
    try:
        mido.Message.from_bytes(message)
    except (ValueError, IndexError):
        return False
    return True


terms = st.one_of(
    st.sampled_from([0, 1, 99, 106, 107, 120, 126, 127, 128]).map(str),
    st.builds("{}*{}".format, st.sampled_from(["v", "msb", "lsb", "colour"]), st.sampled_from([0, 1, 1, 3, 18])),
)
parts = st.lists(terms, min_size=1, max_size=2).map(lambda some: "{" + "+".join(some) + "}")


@settings(max_examples=500, deadline=None)
@given(first=st.sampled_from(["90", "B0", "D0", "E0"]), data=st.lists(parts, min_size=1, max_size=2), ends=st.data())
def test_a_range_is_accepted_where_every_value_in_it_is_midi_and_only_there(
    first: str, data: list[str], ends: st.DataObject
) -> None:
    try:
        template = MessageTemplate(f"{first} {' '.join(data)}")
    except ValueError:
        return
    wide = template.variables & {"msb", "lsb"}
    low, high = (ends.draw(st.integers(0, 700 if wide else 127)) for _ in range(2))
    try:
        template.check_range(low, high)
        accepted = True
    except ValueError:
        accepted = False
    numbers = range(min(low, high), max(low, high) + 1)
    colours = range(8) if "colour" in template.variables else (0,)
    assert accepted == all(is_midi(render(template, v, colour)) for v in numbers for colour in colours)


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("90 00 7F {text}", (0, 0)),
        ("90 00 {colour*20}", (0, 0)),
        ("E0 {lsb+1} {msb}", (200, 300)),
        ("E0 {lsb} {msb*2}", (8191, 8192)),
        ("E0 {lsb} {msb}", (16384, 0)),
        ("90 00 {v}", (-1, 5)),
    ],
)
def test_a_range_with_a_message_that_is_no_midi_is_refused(text: str, to: tuple[int, int]) -> None:
    template = MessageTemplate(text)
    with pytest.raises(ValueError, match=r"bytes|above 7F|takes values"):
        template.check_range(*to)


def render(template: MessageTemplate, v: int, colour: int) -> bytes:
    """The message, or none where it has a byte above 255."""
    try:
        return template.render(v, "", colour)
    except ValueError:
        return b""


def test_equal_templates_are_equal_and_differ_by_their_variables() -> None:
    assert MessageTemplate("90 {n} 00", {"n": 1}) == MessageTemplate("90 {n} 00", {"n": 1})
    assert MessageTemplate("90 {n} 00", {"n": 1}) != MessageTemplate("90 {n} 00", {"n": 2})
    assert len({MessageTemplate("90 {n} 00", {"n": 1}), MessageTemplate("90 {n} 00", {"n": 1})}) == 1
