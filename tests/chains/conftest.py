"""Fixtures of the tests of plugin chains."""

from __future__ import annotations

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from tests.chains.plugins import fixture_library, fixture_plugin, installed_plugin

__all__ = ["fixture_library", "fixture_plugin", "installed_plugin"]


@pytest.fixture(autouse=True)
def config_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a block list of its own: what crashes in one is refused in no other, nor by the user's Sideman."""
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path_factory.mktemp("config")))
