"""Chain file of the tests: a text to write, a plugin in it and its state."""

from __future__ import annotations

from pathlib import Path

from chains.document.member_state import encode_state
from chains.document.vst3_preset import Vst3Preset, format_preset_bytes

CLASS_ID = "0123456789ABCDEF0123456789ABCDEF"
PRESET = format_preset_bytes(Vst3Preset(CLASS_ID, {"Comp": b"state", "Cont": b"x"}))
STATE = encode_state(PRESET)
PLUGIN = '[[member]]\nplugin = "Comp"\nformat = "vst3"\n'


def write_text(folder: Path, text: str) -> Path:
    path = folder / "chain.toml"
    path.write_text(f"schema = 1\n{text}", encoding="utf-8")
    return path
