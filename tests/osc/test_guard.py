"""Datagram validation: the parser receives only what it can read."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.osc.guard import MAX_ARGUMENTS, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, GuardError, check, split_messages
from bridge.osc.wire import decode, encode

PING = b"/ping\0\0\0,\0\0\0"
FUTURE = b"\xff" * 8
NOW = b"\0" * 7 + b"\x01"


def bundle(*elements: bytes, timetag: bytes = NOW) -> bytes:
    return b"#bundle\0" + timetag + b"".join(struct.pack(">i", len(one)) + one for one in elements)


def nested(depth: int) -> bytes:
    inner = PING
    for _ in range(depth):
        inner = bundle(inner)
    return inner


words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
scalars = (
    st.integers(-(2**31), 2**31 - 1)
    | st.integers(2**32, 2**63 - 1)
    | st.floats(width=32, allow_nan=False, allow_infinity=False)
    | words
    | st.booleans()
    | st.none()
    | st.binary(min_size=1, max_size=40)
)
arguments = st.lists(scalars | st.lists(scalars, min_size=1, max_size=4), max_size=10)


@given(st.binary(max_size=600))
def test_arbitrary_bytes_raise_nothing_but_guard_errors(datagram: bytes) -> None:
    try:
        found = split_messages(datagram)
    except GuardError:
        return
    for message in found:
        decode(message)


@given(st.lists(arguments, min_size=1, max_size=3), st.data())
def test_real_datagrams_with_a_byte_changed_raise_nothing_but_guard_errors(
    many: list[list[Any]], data: st.DataObject
) -> None:
    datagram = bytearray(bundle(*(encode("/stems/vocals/mute", args) for args in many)))
    for _ in range(data.draw(st.integers(1, 4))):
        datagram[data.draw(st.integers(0, len(datagram) - 1))] = data.draw(st.integers(0, 255))
    test_arbitrary_bytes_raise_nothing_but_guard_errors.hypothesis.inner_test(bytes(datagram))  # type: ignore[attr-defined]


@given(words.filter(lambda word: len(word) < 20), arguments)
def test_what_python_osc_builds_passes_and_reads_back(word: str, args: list[Any]) -> None:
    datagram = encode("/" + word, args)
    assert split_messages(datagram) == [datagram]
    assert decode(datagram) == ("/" + word, tuple(args))


@pytest.mark.parametrize("tag", ["d", "h", "r", "m", "f", "i"])
def test_every_type_that_python_osc_knows_passes(tag: str) -> None:
    builder = OscMessageBuilder("/x")
    values: dict[str, Any] = {"m": (0, 0x90, 60, 1), "f": 1.5, "d": 1.5}
    builder.add_arg(values.get(tag, 7), tag)
    check(builder.build().dgram)


def test_a_time_tag_as_argument_passes() -> None:
    check(b"/x\0\0,t\0\0" + FUTURE)


@pytest.mark.parametrize(
    ("message", "args"),
    [
        (b"/x\0\0,S\0\0swing\0\0\0", ("swing",)),
        (b"/x\0\0,c\0\0\0\0\0a", ("a",)),
        (b"/x\0\0,I\0\0", (True,)),
        (b"/x\0\0,[cI]ScN\0\0\0\0\0\0\0bab\0\0\0\0\0c", (["b", True], "ab", "c", None)),
        (b"/x\0\0,ci\0\0\0\0\x7f\0\0\0\x07", ("\x7f", 7)),
    ],
)
def test_symbols_characters_and_impulses_are_read_in_plain_types(message: bytes, args: tuple[Any, ...]) -> None:
    (found,) = split_messages(message)
    assert decode(found) == ("/x", args)
    (found,) = split_messages(bundle(message))
    assert decode(found) == ("/x", args)
    assert split_messages(found) == [found]


def test_a_message_without_type_tags_passes() -> None:
    assert split_messages(b"/ping\0\0\0") == [b"/ping\0\0\0"]


def test_a_bundle_gives_its_messages_in_order_whatever_its_date() -> None:
    one, two, three = (encode(f"/{n}", (n,)) for n in range(3))
    assert split_messages(bundle(one, bundle(two, timetag=FUTURE), three, timetag=FUTURE)) == [one, two, three]


def test_an_empty_bundle_has_no_messages() -> None:
    assert split_messages(bundle()) == []


def test_bounds_are_inclusive() -> None:
    check(nested(MAX_DEPTH))
    check(bundle(*[PING] * MAX_ELEMENTS))
    check(encode("/x", ("a" * (MAX_BYTES - 12),)))
    check(encode("/x", (True,) * MAX_ARGUMENTS))


def array(depth: int) -> bytes:
    tags = b"," + b"[" * depth + b"]" * depth
    return b"/x\0\0" + tags + b"\0" * (4 - len(tags) % 4)


HOSTILE = {
    "nothing": b"",
    "not a multiple of 4": PING + b"\0",
    "too long": encode("/x", ("a" * (MAX_BYTES - 8),)),
    "a negative element size": b"#bundle\0" + NOW + struct.pack(">i", -4) + b"\0" * 8,
    "an element size of 0": b"#bundle\0" + NOW + struct.pack(">i", 0) + PING,
    "an element size beyond the end": b"#bundle\0" + NOW + struct.pack(">i", 4096) + PING,
    "an odd element size": b"#bundle\0" + NOW + struct.pack(">i", 11) + PING,
    "an element cut off": b"#bundle\0" + NOW + struct.pack(">i", 12) + PING[:8],
    "a bundle cut off": b"#bundle\0" + NOW[:4],
    "bundles in bundles": nested(MAX_DEPTH + 1),
    "440 bundles in bundles": nested(440),
    "900 bundles in bundles": nested(900),
    "too many elements": bundle(*[PING] * (MAX_ELEMENTS + 1)),
    "too many elements over all levels": bundle(*[bundle(*[PING] * 20)] * 4),
    "no address": b"ping\0\0\0\0,\0\0\0",
    "an empty address": b"\0\0\0\0,\0\0\0",
    "an address without an end": b"/ping/ping/p",
    "an address padded with junk": b"/ping\0xx,\0\0\0",
    "an address that is not UTF-8": b"/p\xff\0,\0\0\0",
    "type tags without a comma": b"/x\0\0iii\0" + b"\0" * 12,
    "type tags without an end": b"/x\0\0,iii",
    "too many arguments": encode("/x", (True,) * (MAX_ARGUMENTS + 1)),
    "9,000 arguments": b"/x\0\0," + b"T" * 9000 + b"\0" * 3,
    "a character of 0": b"/x\0\0,c\0\0" + b"\0" * 4,
    "a character that is no ASCII": b"/x\0\0,c\0\0" + struct.pack(">i", 0xE9),
    "a negative character": b"/x\0\0,c\0\0" + struct.pack(">i", -65),
    "a symbol without an end": b"/x\0\0,S\0\0abcd",
    "an unknown type tag": b"/x\0\0,Q\0\0",
    "a type tag that is no ASCII": b"/x\0\0,\xc3\xa9\0",
    "a missing argument": b"/x\0\0,ii\0" + b"\0" * 4,
    "bytes behind the arguments": b"/x\0\0,i\0\0" + b"\0" * 8,
    "NaN": b"/x\0\0,f\0\0" + struct.pack(">f", math.nan),
    "infinity": b"/x\0\0,f\0\0" + struct.pack(">f", -math.inf),
    "NaN as a double": b"/x\0\0,d\0\0" + struct.pack(">d", math.nan),
    "a string without an end": b"/x\0\0,s\0\0abcd",
    "a string that is not UTF-8": b"/x\0\0,s\0\0\xff\xfe\0\0",
    "a negative blob size": b"/x\0\0,b\0\0" + struct.pack(">i", -8) + b"\0" * 8,
    "a blob size beyond the end": b"/x\0\0,b\0\0" + struct.pack(">i", 2**31 - 1) + b"\0" * 8,
    "a blob size cut off": b"/x\0\0,b\0\0",
    "an array that is not closed": b"/x\0\0,[i\0" + b"\0" * 4,
    "an array that is not opened": b"/x\0\0,i]\0" + b"\0" * 4,
    "arrays in arrays": array(MAX_DEPTH + 1),
}


@pytest.mark.parametrize("datagram", HOSTILE.values(), ids=HOSTILE)
def test_it_refuses(datagram: bytes) -> None:
    with pytest.raises(GuardError) as caught:
        check(datagram)
    assert caught.value.hint
