"""Fixtures of the controller service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controllers.service.service_desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "mappings").mkdir()
    yield Desk(tmp_path / "mappings")
