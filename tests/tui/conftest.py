"""Fixtures of the terminal app's tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.tui.tmux_rig import OpenTmux, TmuxRig


@pytest.fixture
def open_tmux() -> Iterator[OpenTmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    opened: list[TmuxRig] = []

    def start(*arguments: str, **environment: str) -> TmuxRig:
        opened.append(TmuxRig(f"sideman-{os.getpid()}-{len(opened)}", arguments, environment))
        return opened[-1]

    yield start
    for rig in opened:
        rig.close()
