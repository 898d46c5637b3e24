"""OSC clients of other projects."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.osc.client import OscClient
from bridge.osc.guard import split_messages
from bridge.osc.lanes import LARGEST_DATAGRAM
from bridge.osc.responder import LONG_ANSWER
from bridge.osc.server import OscServer
from bridge.osc.wire import Message, decode, encode
from tests.waiting import HANG_S

USUAL_BUFFER_BYTES = 212_992
"""Receive buffer of a socket that asks for nothing, on Linux."""
MANY_CHAINS = tuple(f"chain-with-a-long-name-{number:03}" for number in range(60))

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


@pytest.mark.parametrize(("method", "done"), [("/controls", "/controls/done"), ("/get", "/get/done")])
def test_a_client_with_the_usual_buffer_that_reads_late_gets_a_long_answer_whole(method: str, done: str) -> None:
    registry = make_sidecar_registry({}, MANY_CHAINS)
    with (
        OscServer(Bus(registry), port=0) as server,
        OscClient(port=server.port) as ours,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs,
    ):
        wanted = ours.gather(method, "/", done=done, timeout_s=HANG_S)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, USUAL_BUFFER_BYTES // 2)  # Linux doubles it
        theirs.settimeout(HANG_S)
        theirs.sendto(encode(method, ("/",)), ("127.0.0.1", server.port))
        ours.request("/ping", timeout_s=HANG_S)  # answered in order: now the whole answer was sent
        received: list[Message] = []
        while not received or received[-1][0] != done:
            received += [decode(one) for one in split_messages(theirs.recv(LARGEST_DATAGRAM))]
    assert received == wanted
    assert len(wanted) > LONG_ANSWER
