"""Fixtures of the tests of layouts: the registry of a whole sidecar, and its layout."""

from __future__ import annotations

import pytest

from bridge.control.registry import Registry
from bridge.installed_controls import make_registry
from bridge.layouts.layout_building import build_layout
from bridge.layouts.layout_pages import Layout
from bridge.layouts.layout_subscription import list_addresses, list_patterns
from bridge.settings import Settings

PRESETS = ("karaoke", "practice")


@pytest.fixture(scope="session")
def registry() -> Registry:
    return make_registry(Settings())


@pytest.fixture(scope="session")
def layout(registry: Registry) -> Layout:
    return build_layout(registry, PRESETS)


@pytest.fixture(scope="session")
def patterns(registry: Registry, layout: Layout) -> tuple[str, ...]:
    return list_patterns(registry, list_addresses(layout.elements))
