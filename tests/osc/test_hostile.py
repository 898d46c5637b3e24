"""A server under fire: afterwards it answers, its thread lives, its memory is what it was."""

from __future__ import annotations

import os
import random
import socket
import struct
import sys
from pathlib import Path

import pytest

from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from bridge.osc.wire import encode
from tests.osc.test_guard import HOSTILE, bundle, nested
from tests.waiting import HANG_S

DATAGRAMS = 10_000
REAL = (
    encode("/ping", (1, 2.5, "three")),
    encode("/stems/vocals/gain_db", (-6.0,)),
    encode("/stems/*/mute", (True,)),
    encode("/stems/bass/mute", (b"\1\2\3", [1, [2.0, None]], 2**40)),
    encode("/subscribe", ("/stems/{bass,drums}", 50.0)),
    encode("/unsubscribe", ("/stems",)),
    encode("/get", ("/*/*/[a-m]*",)),
    encode("/controls", ("/latency",)),
    encode("/preset/load", ("../../etc/passwd",)),
    encode("/transport/panic", ()),
    bundle(encode("/counters", ()), bundle(encode("/latency", ()), timetag=b"\xff" * 8)),
)


def mutated(chance: random.Random) -> bytes:
    """A real datagram with bytes changed, cut, doubled or swapped for the numbers that break parsers."""
    datagram = bytearray(chance.choice(REAL))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(max(len(datagram), 1))
        match chance.randrange(6):
            case 0:
                datagram[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del datagram[at:]
            case 2:
                datagram += datagram[: chance.randrange(64)]
            case 3:
                word = chance.choice([-1, -4, 0, 1, 2**31 - 1, -(2**31), 0x7F800000, 0x7FC00000])
                datagram[at // 4 * 4 : at // 4 * 4 + 4] = struct.pack(">i", word)
            case 4:
                datagram[at:at] = b"\0" * chance.randint(1, 4)
            case 5:
                datagram = bytearray(bundle(bytes(datagram)))
    return bytes(datagram[:9000])


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fire(gun: socket.socket, client: OscClient, port: int, count: int) -> None:
    """Send ``count`` hostile datagrams, in step with the server, so that none is lost in the socket's queue."""
    chance = random.Random(9123)
    fixed = [*HOSTILE.values(), nested(900), b"#bundle\0" + b"\xff" * 8 + struct.pack(">i", -8) + b"\0" * 4]
    fixed = [datagram for datagram in fixed if len(datagram) < 60_000]
    for number in range(count):
        datagram = fixed[number // 10 % len(fixed)] if number % 10 == 0 else mutated(chance)
        gun.sendto(datagram, ("127.0.0.1", port))
        if number % 50 == 49 and client.request("/ping", number, timeout_s=HANG_S) != (number,):
            raise AssertionError(f"no true answer after {number} datagrams")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads memory from /proc")
def test_ten_thousand_hostile_datagrams_leave_the_server_as_it_was(server: OscServer, client: OscClient) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gun:
        fire(gun, client, server.port, DATAGRAMS // 5)
        before = resident_bytes()
        fire(gun, client, server.port, DATAGRAMS)
    assert client.request("/ping", "alive") == ("alive",)
    assert server.alive
    assert server.counts["received"] >= DATAGRAMS * 12 // 10
    assert server.counts["malformed"] > DATAGRAMS // 4
    assert server.counts["failed"] == 0
    assert resident_bytes() - before < 4 * 2**20
