"""Fixtures of the tests of renders."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from tests.chains.render.render_rig import RenderRig


@pytest.fixture
def rig(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> RenderRig:
    """The command with a user's folder of its own."""
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path / "home"))
    return RenderRig(tmp_path, capsys)
