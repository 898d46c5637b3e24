"""What 10,000 hostile datagrams cost the OSC server: ``python -m tests.bench.hostile``."""

from __future__ import annotations

import socket
import sys
import time

from bridge.control.bus import Bus
from bridge.control.sidecar import sidecar_registry
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from tests.osc.test_hostile import DATAGRAMS, fire, resident_bytes


def main() -> None:
    bus = Bus(sidecar_registry({}))
    with (
        OscServer(bus, port=0) as server,
        OscClient("127.0.0.1", server.port) as client,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gun,
    ):
        fire(gun, client, server.port, DATAGRAMS // 5)  # warm: buffers and caches are as they stay
        memory, began = resident_bytes(), time.perf_counter()
        fire(gun, client, server.port, DATAGRAMS)
        fired = time.perf_counter()
        client.request("/ping")
        answered = time.perf_counter()
        grown = (resident_bytes() - memory) / 1024
        sys.stdout.write(
            f"{DATAGRAMS:,} datagrams in {fired - began:.2f} s, {server.counts['malformed']:,} of them and the warm-up "
            f"malformed; ping answered in {1000 * (answered - fired):.2f} ms; memory {grown:+.0f} KiB\n"
        )


if __name__ == "__main__":
    main()
