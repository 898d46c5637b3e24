"""One PipeWire for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.drivers.pipewire_server import PipeWireServer, find_missing_packages

RATE, PERIOD = 44100, 256


@pytest.fixture(scope="session")
def pipewire() -> Iterator[PipeWireServer]:
    """A headless PipeWire at RATE and PERIOD; the tests are skipped where a package is missing."""
    if missing := find_missing_packages():
        pytest.skip(f"not installed: {' '.join(missing)} (apt-get install)")
    with PipeWireServer(RATE, PERIOD) as server:
        yield server
