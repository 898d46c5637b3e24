"""Cost of 45,000 hostile datagrams for the OSC server: ``python -m bench.hostile_datagrams [COUNT]``.

Prints how long they took, how long the ping behind them took to be answered, and how much memory the server gained.
Then how long a ping takes behind a bundle of address patterns made of stars, each of them new. Takes 3 s.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Sequence

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from bridge.osc.wire import encode
from tests.osc.hostile import fire, measure_resident_bytes
from tests.osc.test_guard import bundle

DATAGRAMS = 45_000
BUNDLES, PATTERNS = 50, 30
"""Bundles of so many patterns of 250 characters each: as large a datagram as the server takes."""


def make_star_bundle(number: int) -> bytes:
    """A bundle of patterns such as ``/***...`` and ``/*a*b*...``, which no other number has."""
    patterns = []
    for index in range(PATTERNS):
        letters = f"{number * PATTERNS + index:b}".replace("0", "a").replace("1", "e")
        stars = "*" * (250 - len(letters)) if index % 2 else "*a*e*i*o*s" * 23
        patterns.append(encode(f"/{stars}{letters}", (1,)))
    return bundle(*patterns)


def measure_star_bundles(client: OscClient, port: int) -> list[float]:
    """Seconds that the ping behind each bundle took, in ascending order."""
    times_s = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gun:
        for number in range(BUNDLES):
            began = time.perf_counter()
            gun.sendto(make_star_bundle(number), ("127.0.0.1", port))
            client.request("/ping")
            times_s.append(time.perf_counter() - began)
    return sorted(times_s)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=DATAGRAMS)
    count = parser.parse_args(arguments).count
    bus = Bus(make_sidecar_registry({}))
    with (
        OscServer(bus, port=0) as server,
        OscClient("127.0.0.1", server.port) as client,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gun,
    ):
        fire(gun, client, server.port, count // 5)  # warm: buffers and caches are as they stay
        memory, began = measure_resident_bytes(), time.perf_counter()
        fire(gun, client, server.port, count)
        fired = time.perf_counter()
        client.request("/ping")
        answered = time.perf_counter()
        grown = (measure_resident_bytes() - memory) / 1024
        counts = server.counts
        sys.stdout.write(
            f"{count:,} datagrams in {fired - began:.2f} s; with the warm-up {counts['received']:,} received, "
            f"{counts['malformed']:,} malformed, {counts['failed']} failed; "
            f"ping answered in {1000 * (answered - fired):.2f} ms; memory {grown:+.0f} KiB\n"
        )
        times_s = measure_star_bundles(client, server.port)
        sys.stdout.write(
            f"behind a bundle of {PATTERNS} patterns of stars ({len(make_star_bundle(0)):,} bytes) a ping is answered "
            f"in {1000 * times_s[len(times_s) // 2]:.2f} ms, at most {1000 * times_s[-1]:.2f} ms\n"
        )


if __name__ == "__main__":
    main()
