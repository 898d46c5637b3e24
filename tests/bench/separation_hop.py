"""What a hop of separation costs, and where: `python -m tests.bench.separation_hop [SECONDS] [MODEL]`.

Wall-clock time shows what a worker has to reckon with on this machine as busy as it is; processor time (of the thread)
shows what the code takes. The share is of one core: mean processor time of a hop over the time that a hop lasts.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.core.engine import Engine, block_for
from engines.onnx import Bound
from engines.separation.dsp import DspSeparation
from engines.separation.learned import LOW, STANDARD, ULTRA, LearnedSeparation
from tests.contracts.material import Material

RATE = 44100
WARM_HOPS = 50


class TimedStep(Bound):
    """A step that says how much processor time it took."""

    def __init__(self, step: Bound) -> None:
        self._step = step
        self.took_s = 0.0

    def run(self) -> None:
        start = time.thread_time()
        self._step.run()
        self.took_s = time.thread_time() - start


class Timed(LearnedSeparation):
    """The engine, and how much of its processor time the network took."""

    def _step(self, turn: int, phase: int) -> Bound:
        return TimedStep(super()._step(turn, phase))

    def network_s(self) -> float:
        """Of the step before the next one."""
        step = self._steps[int(self._hops) - 1]
        return step.took_s if isinstance(step, TimedStep) else 0.0


def measure(engine: Engine, seconds: float) -> NDArray[np.float64]:
    """Shape (hops, 3), in ms: a hop's wall-clock time, its processor time, and the network's part of that."""
    hop, material = engine.spec.hop, Material(RATE)
    out = block_for(engine.spec.outputs, hop)
    rows = []
    for i in range(int(seconds * RATE / hop)):
        block = material.block(engine.spec, i * hop, hop)
        wall, used = time.perf_counter(), time.thread_time()
        engine.process(block, material.at(i * hop), out)
        wall, used = time.perf_counter() - wall, time.thread_time() - used
        network = engine.network_s() if isinstance(engine, Timed) else 0.0
        rows.append((wall, used, network))
    return 1000 * np.array(rows[WARM_HOPS:])


def main(seconds: float, model: Path | None) -> None:
    row = "{:<22}" + "{:>9}" * 9 + "\n"
    names = ("hop ms", "p50", "p99", "max", "cpu", "network", "rest", "share %", "ready s")
    sys.stdout.write(row.format("ms", *names))
    engines: list[Engine] = [DspSeparation(), *(Timed(profile, model) for profile in (STANDARD, LOW, ULTRA))]
    for engine in engines:
        start = time.perf_counter()
        engine.prepare(RATE, engine.spec.hop)
        ready = time.perf_counter() - start
        wall, used, network = measure(engine, seconds).T
        hop_ms = 1000 * engine.spec.hop / RATE
        figures = [hop_ms, *np.percentile(wall, (50, 99)), wall.max(), used.mean(), network.mean()]
        figures += [used.mean() - network.mean(), 100 * used.mean() / hop_ms, ready]
        sys.stdout.write(row.format(engine.spec.name, *(f"{value:.3f}" for value in figures)))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
