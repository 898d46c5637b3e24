"""OSC codec of the terminal app: agrees with the sidecar's, and refuses what is malformed."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.osc import wire
from bridge.osc.guard import split_messages
from tests.osc.test_guard import HOSTILE
from tui.core.registry import Args
from tui.wire.osc import MAX_DEPTH, OscError, decode, encode, encode_bundle

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
VALUES = st.lists(
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        FLOATS,
        st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    ),
    max_size=8,
).map(tuple)


@given(VALUES)
def test_what_either_side_encodes_the_other_reads(args: Args) -> None:
    assert decode(encode("/a/b", args)) == [("/a/b", args)]
    assert decode(wire.encode("/a/b", args)) == [("/a/b", args)]
    assert [wire.decode(one) for one in split_messages(encode("/a/b", args))] == [("/a/b", args)]


def test_a_bundle_has_its_messages_in_order() -> None:
    inner = [encode("/a", (1,)), encode("/b", ("x",))]
    datagram = encode_bundle([*inner, encode_bundle([encode("/c")])])
    assert decode(datagram) == [("/a", (1,)), ("/b", ("x",)), ("/c", ())]
    assert len(split_messages(datagram)) == 3


def test_a_double_is_read() -> None:
    assert decode(b"/a\0\0,d\0\0" + struct.pack(">d", 0.1)) == [("/a", (0.1,))]


@given(st.binary(max_size=64))
def test_random_bytes_are_messages_or_an_osc_error(data: bytes) -> None:
    try:
        messages = decode(data)
    except OscError:
        return
    assert all(address.startswith("/") for address, _ in messages)


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_datagrams_are_read_or_refused(name: str) -> None:
    try:
        messages = decode(HOSTILE[name])
    except OscError:
        return
    assert all(not isinstance(value, float) or math.isfinite(value) for _, args in messages for value in args)


def test_deep_bundles_are_refused() -> None:
    datagram = encode("/a")
    for _ in range(MAX_DEPTH + 1):
        datagram = encode_bundle([datagram])
    with pytest.raises(OscError, match="too deep"):
        decode(datagram)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, 2**70, "a\0b", "\ud800"])
def test_what_osc_cannot_carry_is_an_osc_error(value: float | str) -> None:
    with pytest.raises(OscError):
        encode("/x", (value,))
