"""Fixtures of the tests of plugin chains."""

from tests.chains.plugins import fixture_library, fixture_plugin, installed_plugin

__all__ = ["fixture_library", "fixture_plugin", "installed_plugin"]
