"""Ping time while another peer floods the OSC server: ``python -m bench.osc_flood``.

The server, the peer that floods and the one that pings are processes of their own, on 127.0.0.1 only. Each kind of
flood is sent twice a second and as fast as possible, for ``--seconds`` each. Takes six minutes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from multiprocessing.connection import Connection

import numpy as np

from bridge.control.bus import Bus
from bridge.errors import BridgeError
from bridge.installed_controls import make_registry
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from bridge.settings import Settings
from tests.osc.floods import FLOODS

PAUSE_S = 0.01
LOST_S = 1.0
SLOW_PER_S = 2.0


def serve(port: Connection, stop: Connection) -> None:
    """A server with all that a sidecar has, until something comes from ``stop``."""
    bus = Bus(make_registry(Settings()))
    bus.add_handler("preset.load", lambda _: time.sleep(0.02))  # as a slow disk does
    with OscServer(bus, port=0) as server:
        port.send(server.port)
        stop.recv()
        port.send(dict(server.counts))


def flood(port: int, datagrams: list[bytes], pause_s: float, seconds: float, sent: Connection) -> None:
    """Send ``datagrams`` over and over, and read no answer."""
    count, end_s = 0, time.perf_counter() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gun:
        for datagram in cycle(datagrams):
            gun.sendto(datagram, ("127.0.0.1", port))
            count += 1
            if pause_s:
                time.sleep(pause_s)
            if time.perf_counter() > end_s:
                break
    sent.send(count)


def time_pings(port: int, running: multiprocessing.Process) -> Iterator[float]:
    """The duration of each ping, in ms; LOST_S where it was not answered in that time."""
    with OscClient(port=port) as client:
        number = 0
        while running.is_alive():
            number += 1
            began = time.perf_counter()
            try:
                client.request("/ping", number, timeout_s=LOST_S)
                yield 1000 * (time.perf_counter() - began)
            except BridgeError:
                yield 1000 * LOST_S
            time.sleep(PAUSE_S)


@contextmanager
def start_server() -> Iterator[tuple[int, Connection, Connection]]:
    """Its port, where its counts come from, and where to stop it."""
    (port, far_port), (stop, far_stop) = multiprocessing.Pipe(), multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(far_port, far_stop))
    process.start()
    try:
        yield port.recv(), port, stop
    finally:
        if process.is_alive():
            process.terminate()
        process.join()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(FLOODS)}; all by default")
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args(arguments)
    for kind in options.kinds or FLOODS:
        for pause_s in (1 / SLOW_PER_S, 0.0):
            with start_server() as (number, port, stop):
                near, far = multiprocessing.Pipe()
                datagrams = FLOODS[kind]
                gun = multiprocessing.Process(target=flood, args=(number, datagrams, pause_s, options.seconds, far))
                gun.start()
                times = np.array(list(time_pings(number, gun)))
                gun.join()
                stop.send(None)
                counts = port.recv()
                p50, p99, worst = np.percentile(times, (50, 99, 100))
                sys.stdout.write(
                    f"{kind:10} {near.recv():9,} sent: {len(times):5,} pings, median {p50:6.2f} ms, p99 {p99:7.2f}, "
                    f"max {worst:7.2f}, lost {(times >= 1000 * LOST_S).sum()}; {counts}\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
