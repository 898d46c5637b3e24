"""OSC clients of other projects."""

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
        (["/comp/style", "S", "swing"], "comp.style", 1.0),
        (["/stems/vocals/mute", "I"], "stems.vocals.mute", 1.0),
        (["//vocals/mute", "h", "1"], "stems.vocals.mute", 1.0),
    ],
)
def test_oscsend_sets_a_control(
    bus: Bus, server: OscServer, client: OscClient, args: list[str], name: str, value: float
) -> None:
    subprocess.run([str(OSCSEND), "127.0.0.1", str(server.port), *args], check=True, timeout=HANG_S)
    client.request("/ping")
    assert bus.get(name) == value


@pytest.mark.skipif(OSCSEND is None, reason="oscsend is missing: apt install liblo-tools")
@pytest.mark.parametrize(
    ("args", "pressed"), [(["I"], 1), (["T"], 1), ([], 1), (["F"], 0), (["N"], 0), (["i", "0"], 0)]
)
def test_oscsend_presses_a_button(
    bus: Bus, server: OscServer, client: OscClient, args: list[str], pressed: int
) -> None:
    panics: list[str] = []
    bus.add_handler("transport.panic", lambda: panics.append(""))
    subprocess.run([str(OSCSEND), "127.0.0.1", str(server.port), "/transport/panic", *args], check=True, timeout=HANG_S)
    client.request("/ping")
    assert len(panics) == pressed


@pytest.mark.skipif(OSCSEND is None, reason="oscsend is missing: apt install liblo-tools")
def test_oscsend_s_characters_and_midi_are_read_and_refused_where_they_make_no_sense(
    bus: Bus, server: OscServer, client: OscClient
) -> None:
    for tag, value in (("c", "a"), ("m", "0090403f"), ("N", ""), ("S", "loud")):
        command = [
            str(OSCSEND),
            "127.0.0.1",
            str(server.port),
            "/stems/vocals/gain_db",
            tag,
            *([value] if value else []),
        ]
        subprocess.run(command, check=True, timeout=HANG_S)
    client.request("/ping")
    assert bus.get("stems.vocals.gain_db") == 0.0
    assert (server.counts["malformed"], server.counts["failed"]) == (0, 0)
