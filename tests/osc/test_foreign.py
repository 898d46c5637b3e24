"""Programs of others speak to the server."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from bridge.control.bus import Bus
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from tests.waiting import HANG_S

OSCSEND = shutil.which("oscsend")


@pytest.mark.skipif(OSCSEND is None, reason="oscsend is missing: apt install liblo-tools")
@pytest.mark.parametrize(
    ("args", "name", "value"),
    [
        (["/stems/vocals/gain_db", "f", "-6"], "stems.vocals.gain_db", -6.0),
        (["/stems/vocals/mute", "i", "1"], "stems.vocals.mute", 1.0),
        (["/stems/vocals/mute", "T"], "stems.vocals.mute", 1.0),
        (["/stems/*/solo", "d", "1"], "stems.bass.solo", 1.0),
        (["/comp/style", "s", "swing"], "comp.style", 1.0),
    ],
)
def test_oscsend_sets_a_control(
    bus: Bus, server: OscServer, client: OscClient, args: list[str], name: str, value: float
) -> None:
    subprocess.run([str(OSCSEND), "127.0.0.1", str(server.port), *args], check=True, timeout=HANG_S)
    client.request("/ping")
    assert bus.get(name) == value
