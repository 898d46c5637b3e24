"""Fixtures of mappings that are edited: the user's folder of them, a fader box there, an editor."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.controllers.learning.mapping_editor import MappingEditor
from tests.controllers.learning.learned_mapping import BOX, REGISTRY


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "mappings").mkdir()
    return tmp_path / "mappings"


@pytest.fixture
def box(folder: Path) -> Path:
    path = folder / "fader_box.toml"
    path.write_text(BOX)
    return path


@pytest.fixture
def editor(folder: Path) -> MappingEditor:  # so nothing is written to the user's own
    return MappingEditor(REGISTRY)
