"""Hostile datagrams, the same on every machine: mutated real ones, and all kinds that the guard refuses."""

from __future__ import annotations

import os
import random
import socket
import struct
from pathlib import Path

from bridge.osc.client import OscClient
from bridge.osc.wire import encode
from tests.osc.floods import PATTERNS
from tests.osc.test_guard import HOSTILE, bundle, nested
from tests.waiting import HANG_S, until

DATAGRAMS = 10_000
"""As many as take a second or so; `bench.hostile_datagrams` sends more."""
AHEAD_BYTES, DATAGRAM_BYTES = 50_000, 1000
"""How much may wait in the server's socket, and what each datagram takes there besides its own bytes. Linux grants
200 kB where nobody allowed more; what does not fit is lost, and says nothing of the server."""
ASK_AGAIN_S = 1.0
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
    encode("//mute", (0,)),
    b"/transport/panic\0\0\0\0,I\0\0",
    b"/comp/style\0,S\0\0swing\0\0\0",
    b"/comp/style\0,c\0\0\0\0\0a",
    bundle(encode("/counters", ()), bundle(encode("/latency", ()), timetag=b"\xff" * 8)),
)


def mutate(rng: random.Random) -> bytes:
    """A real datagram with bytes changed, cut, doubled or swapped for the numbers that break parsers."""
    datagram = bytearray(rng.choice(REAL))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(max(len(datagram), 1))
        match rng.randrange(6):
            case 0:
                datagram[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del datagram[at:]
            case 2:
                datagram += datagram[: rng.randrange(64)]
            case 3:
                word = rng.choice([-1, -4, 0, 1, 2**31 - 1, -(2**31), 0x7F800000, 0x7FC00000])
                datagram[at // 4 * 4 : at // 4 * 4 + 4] = struct.pack(">i", word)
            case 4:
                datagram[at:at] = b"\0" * rng.randint(1, 4)
            case 5:
                datagram = bytearray(bundle(bytes(datagram)))
    return bytes(datagram[:9000])


def measure_resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fire(gun: socket.socket, client: OscClient, port: int, count: int) -> None:
    """Send ``count`` hostile datagrams, in step with the server: it has taken each of them in, and ``client``, another
    peer, is answered meanwhile."""
    rng = random.Random(9123)
    fixed = [
        *HOSTILE.values(),
        *(encode(pattern, (1,)) for pattern in PATTERNS),
        nested(900),
        b"#bundle\0" + b"\xff" * 8 + struct.pack(">i", -8) + b"\0" * 4,
    ]
    fixed = [datagram for datagram in fixed if len(datagram) < 60_000]
    ahead = 0
    for number in range(count):
        datagram = fixed[number // 10 % len(fixed)] if number % 10 == 0 else mutate(rng)
        gun.sendto(datagram, ("127.0.0.1", port))
        ahead += len(datagram) + DATAGRAM_BYTES
        if ahead > AHEAD_BYTES or number == count - 1:
            ahead = 0
            _wait_for_answer(gun, port, f"after {number}")
            if client.request("/ping", number, timeout_s=HANG_S) != (number,):
                raise AssertionError(f"no true answer after {number} datagrams")


def _wait_for_answer(gun: socket.socket, port: int, token: str) -> None:
    """What ``gun`` sent until now was taken in: the answers to one peer come in order."""
    ping, pong = encode("/ping", (token,)), encode("/pong", (token,))

    def is_answered() -> bool:
        try:
            while gun.recv(65536) != pong:
                continue
        except TimeoutError:
            gun.sendto(ping, ("127.0.0.1", port))
            return False
        return True

    gun.settimeout(ASK_AGAIN_S)
    gun.sendto(ping, ("127.0.0.1", port))
    until(f"an answer {token}", is_answered)
