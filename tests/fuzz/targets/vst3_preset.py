"""Fuzz target: ``.vstpreset`` files, the states of plugins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chains.document.vst3_preset import Vst3Preset, format_preset_bytes, parse_class_id, parse_preset
from tests.fuzz.target import Target

CLASS_ID = "0123456789ABCDEF0123456789ABCDEF"


def read(data: bytes, folder: Path) -> None:
    """A preset that is the same after it was written, or a clear refusal."""
    preset = parse_preset(data, "x.vstpreset")
    assert preset.processor_state
    assert all(len(chunk) <= len(data) for chunk in preset.chunks.values())
    assert parse_class_id(preset.class_id) == preset.class_id
    if sum(map(len, preset.chunks.values())) <= len(data):  # chunks may share bytes
        assert parse_preset(format_preset_bytes(preset), "again") == preset


def make_seeds() -> Iterator[bytes]:
    """Presets of one and of three chunks."""
    yield format_preset_bytes(Vst3Preset(CLASS_ID, {"Comp": b"state"}))
    yield format_preset_bytes(Vst3Preset(CLASS_ID, {"Comp": b"\0" * 64, "Cont": b"", "Info": b"<MetaInfo/>"}))


TARGET = Target(
    "vst3_preset",
    read,
    make_seeds,
    tokens=(b"VST3", b"List", b"Comp", b"Cont", b"Info", b"\1\0\0\0", b"\xff" * 8, b"\0" * 8, CLASS_ID.encode()),
    modules=("chains.document.vst3_preset",),
    mutations=1000,
)
