"""A bus with the sidecar's controls, and a server and a client for it on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.control import Control
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer

STYLE = Control("comp.style", 0, 1, 0, kind="choice", choices=("straight", "swing"), doc="Feel.")


@pytest.fixture
def bus() -> Bus:
    return Bus(make_sidecar_registry({"comp": [STYLE]}))


@pytest.fixture
def server(bus: Bus) -> Iterator[OscServer]:
    with OscServer(bus, port=0) as opened:
        yield opened


@pytest.fixture
def client(server: OscServer) -> Iterator[OscClient]:
    with OscClient(port=server.port) as opened:
        yield opened
