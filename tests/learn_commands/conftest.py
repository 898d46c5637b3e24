"""Fixtures of the commands of controllers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.learn_commands.learn_desk import Desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    desk = Desk(tmp_path)
    with desk.open():
        yield desk
