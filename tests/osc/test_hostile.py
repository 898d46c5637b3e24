"""Hostile datagrams: afterwards the server answers, its thread runs, its memory has not grown."""

from __future__ import annotations

import socket
import sys

import pytest

from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from tests.osc.hostile import DATAGRAMS, fire, measure_resident_bytes


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads memory from /proc")
def test_ten_thousand_hostile_datagrams_leave_the_server_as_it_was(server: OscServer, client: OscClient) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gun:
        fire(gun, client, server.port, DATAGRAMS // 5)
        before = measure_resident_bytes()
        fire(gun, client, server.port, DATAGRAMS)
    assert client.request("/ping", "alive") == ("alive",)
    assert server.alive
    assert server.counts["received"] >= DATAGRAMS * 12 // 10
    assert server.counts["malformed"] > DATAGRAMS // 4
    assert server.counts["failed"] == 0
    assert measure_resident_bytes() - before < 4 * 2**20
