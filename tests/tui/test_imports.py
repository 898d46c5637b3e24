"""Imports of the terminal app: what has to run without Textual does not load it, and nothing loads the sidecar."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT_TEXTUAL = (
    "tui.wire.link",
    "tui.wire.udp",
    "tui.wire.connection",
    "tui.wire.replay",
    "tui.wire.remote",
    "tui.wire.calls",
    "tui.wire.retrieval",
    "tui.modes",
    "tui.terminal.guard",
    "tui.wire.recording",
    "tui.text.once",
    "tui.text.follow",
    "tui.text.picture",
    "tui.text.keys",
)
SLOW = ("textual", "rich", "bridge", "engines", "numpy", "numba", "pythonosc")


@pytest.mark.parametrize("module", WITHOUT_TEXTUAL)
def test_a_module_of_the_wire_and_the_text_modes_loads_neither_textual_nor_the_sidecar(module: str) -> None:
    code = f"import {module}, sys; print(*(one for one in {SLOW!r} if one in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
