"""Routing cost: processor time of the JACK graph's reading and publishing, by the number of its ports.

Usage: python -m bench.routing_cost [PORTS...]

It takes half a minute on two cores.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.drivers.clients import activate_client, close_client, open_client
from bridge.drivers.dummy_server import QUIET_JACK, DummyServer
from bridge.drivers.graph_watch import GraphWatch
from bridge.drivers.jack_graph import RENEW_LOOKS, JackGraph
from bridge.printing import Printer, columns
from bridge.routing.patchbay import Patchbay
from bridge.routing.routing_readings import RoutingReadings

PORTS = (100, 1000)
EACH = 50
"""Sources of each client, and as many destinations, each connected."""
RUNS = 20
ROOM = 100
"""Ports beside those that are asked for."""


def measure_ms(function: Callable[[], object], runs: int = RUNS) -> float:
    """Median processor time of this thread in a call."""
    times = []
    for _ in range(runs):
        begun_s = time.thread_time()
        function()
        times.append(time.thread_time() - begun_s)
    return 1000 * statistics.median(times)


def measure(ports: int) -> tuple[float, ...]:
    """Milliseconds of a look at a graph that is the same, of one that changed, of the first, and of publishing all."""
    with ExitStack() as stack:
        server = stack.enter_context(DummyServer(period=1024, ports=ports + ROOM))
        us = open_client("sideman", server.name)
        stack.callback(close_client, us)
        watch = GraphWatch(us)
        activate_client(us)
        clients = max(1, ports // (2 * EACH))
        for number in range(clients):
            client = open_client(f"client{number}", server.name)
            stack.callback(close_client, client)
            for port in range(1, EACH + 1):
                client.outports.register(f"out_{port}")
                client.inports.register(f"in_{port}")
            activate_client(client)
        for number in range(clients):
            for port in range(1, EACH + 1):
                us.connect(f"client{number}:out_{port}", f"client{(number + 1) % clients}:in_{port}")
        graph, patchbay = JackGraph(us, watch), Patchbay("sideman")
        readings = RoutingReadings(Bus(make_sidecar_registry({})), patchbay)
        first = measure_ms(lambda: patchbay.update(graph, time.monotonic()), 1)
        publish = measure_ms(lambda: readings.update(0.0, 0), 1)
        for _ in range(RENEW_LOOKS):
            patchbay.update(graph, time.monotonic())
        same = measure_ms(lambda: patchbay.update(graph, time.monotonic()))

        def look_again() -> None:
            graph.forget_stamp()
            patchbay.update(graph, time.monotonic())

        return same, measure_ms(look_again), first, publish


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ports", type=int, nargs="*", default=PORTS)
    counts = parser.parse_args(arguments).ports
    os.environ.update(QUIET_JACK)
    table = columns("ports", "same, ms", "changed, ms", "first, ms", "publish all, ms")
    for ports in counts:
        table.add_row(str(ports), *(f"{figure:.2f}" for figure in measure(ports)))
    Printer().print(table)


if __name__ == "__main__":
    main()
