"""Cost of 45,000 hostile datagrams for the OSC server: ``python -m bench.hostile_datagrams [COUNT]``.

Prints how long they took, how long the ping behind them took to be answered, and how much memory the server gained.
Takes 2 s.
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
from tests.osc.hostile import fire, measure_resident_bytes

DATAGRAMS = 45_000


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


if __name__ == "__main__":
    main()
