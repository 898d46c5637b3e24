"""VST3 presets: parsed as other hosts write them, and refused with the place where they are broken."""

from __future__ import annotations

import struct

import pytest

from bridge.errors import ConfigError
from chains.document.vst3_preset import (
    Vst3Preset,
    check_class_id,
    format_preset_bytes,
    parse_class_id,
    parse_preset,
)
from tests.chains.plugins import hyphenate_class_id

CLASS_ID = "0123456789ABCDEF0123456789ABCDEF"
PRESET = Vst3Preset(CLASS_ID, {"Comp": b"\0\1state", "Cont": b"", "Info": b"<MetaInfo/>"})
DATA = format_preset_bytes(PRESET)


def make_preset(class_id: bytes = CLASS_ID.encode(), version: int = 1, offset: int = 53, count: int = 1) -> bytes:
    """A preset byte by byte, as the SDK's documentation draws it: header, five bytes of state, chunk list."""
    header = b"VST3" + struct.pack("<i", version) + class_id + struct.pack("<q", offset)
    return header + b"state" + b"List" + struct.pack("<i", count) + b"Comp" + struct.pack("<qq", 48, 5)


def test_a_preset_is_read_byte_by_byte() -> None:
    assert parse_preset(make_preset(), "x") == Vst3Preset(CLASS_ID, {"Comp": b"state"})
    assert format_preset_bytes(Vst3Preset(CLASS_ID, {"Comp": b"state"})) == make_preset()


def test_of_two_chunks_with_one_id_the_first_counts() -> None:
    data = make_preset(count=2) + b"Comp" + struct.pack("<qq", 48, 2)
    assert parse_preset(data, "x").processor_state == b"state"


def test_a_preset_that_is_written_is_read_again() -> None:
    assert parse_preset(DATA, "x") == PRESET
    assert parse_preset(DATA, "x").processor_state == b"\0\1state"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"VST2" + DATA[4:], "begins with b'VST2'"),
        (DATA[:20], "cut: 20 bytes"),
        (make_preset(version=2), "version 2"),
        (make_preset(class_id=b"Z" * 32), "class id"),
        (make_preset(offset=4), "chunk list is at byte 4"),
        (make_preset(offset=-1), "chunk list is at byte -1"),
        (make_preset(offset=1 << 62), "chunk list is at byte"),
        (make_preset(offset=48), "no chunk list at byte 48"),
        (make_preset(count=2), "says 2 chunks"),
        (make_preset(count=-1), "says -1 chunks"),
        (make_preset()[:-1], "says 1 chunks"),
        (make_preset().replace(struct.pack("<qq", 48, 5), struct.pack("<qq", 48, 500)), "outside the file"),
        (make_preset().replace(struct.pack("<qq", 48, 5), struct.pack("<qq", 48, -5)), "outside the file"),
        (make_preset().replace(struct.pack("<qq", 48, 5), struct.pack("<qq", 0, 5)), "outside the file"),
        (make_preset().replace(struct.pack("<qq", 48, 5), struct.pack("<qq", 48, 0)), "no state of a processor"),
        (make_preset().replace(b"Comp", b"Cont"), "no state of a processor"),
    ],
)
def test_a_broken_preset_is_refused_with_the_reason(data: bytes, what: str) -> None:
    with pytest.raises(ConfigError, match=r"^member\[0\].state: ") as caught:
        parse_preset(data, "member[0].state")
    assert what in caught.value.message
    assert "save the state again" in caught.value.hint


@pytest.mark.parametrize("length", range(len(DATA)))
def test_a_preset_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(ConfigError):
        parse_preset(DATA[:length], "x")


def test_the_class_id_has_two_forms() -> None:
    assert parse_class_id(CLASS_ID.lower()) == CLASS_ID
    assert parse_class_id(hyphenate_class_id(CLASS_ID).lower()) == CLASS_ID
    assert parse_class_id("{01234567-89AB-CDEF-0123-456789ABCDEF}") == CLASS_ID
    with pytest.raises(ConfigError, match="no class id"):
        parse_class_id("01234567-89AB-CDEF-0123-456789ABCDE")


def test_the_preset_of_another_plugin_is_refused_and_both_are_named() -> None:
    check_class_id(PRESET, CLASS_ID.lower(), "Comp", "x")
    with pytest.raises(ConfigError, match=f"class {CLASS_ID}, but Comp is {'0' * 32}"):
        check_class_id(PRESET, "0" * 32, "Comp", "x")
