"""Cost of a hop: ``python -m bench.engine_cost [SECONDS]`` runs each engine over made-up music at 44.1 kHz.

Prints the wall-clock time of a call: mean, median, 99 % and most, and how long the engine takes to prepare. Takes
15 s.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib.metadata import entry_points

import numpy as np

from bridge.core.engine import ENTRY_POINTS, Engine, block_for
from tests.contracts.material import Material

RATE = 44100
WARM_HOPS = 50


def measure_hops_ms(engine: Engine, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The wall-clock time of each call after the first few, shape (hops,), in ms."""
    hop, material = engine.spec.hop, Material(RATE)
    out = block_for(engine.spec.outputs, hop)
    times = []
    for i in range(int(seconds * RATE / hop)):
        block = material.block(engine.spec, i * hop, hop)
        start = time.perf_counter()
        engine.process(block, material.at(i * hop), out)
        times.append(1000 * (time.perf_counter() - start))
        for events in out.events.values():
            events.clear()
    return np.array(times[WARM_HOPS:])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float, nargs="?", default=30.0, help="of music; at least 2")
    seconds = parser.parse_args(arguments).seconds
    row = "{:<22}{:>6}{:>10}{:>9}{:>9}{:>9}{:>9}{:>12}\n"
    sys.stdout.write(row.format("engine", "hop", "hop ms", "mean", "p50", "p99", "max", "prepare s"))
    for entry in entry_points(group=ENTRY_POINTS):
        engine: Engine = entry.load()()
        start = time.perf_counter()
        engine.prepare(RATE, engine.spec.hop)
        ready = time.perf_counter() - start
        times = measure_hops_ms(engine, seconds)
        figures = (times.mean(), np.percentile(times, 50), np.percentile(times, 99), times.max())
        hop_ms = 1000 * engine.spec.hop / RATE
        cells = [f"{value:.3f}" for value in (hop_ms, *figures)]
        sys.stdout.write(row.format(entry.name, engine.spec.hop, *cells, f"{ready:.2f}"))


if __name__ == "__main__":
    main()
