"""The command ``sideman bench separation``: cost of a live hop and speed on files, for every installed separator."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.text import Text

from bridge.core.audio import Audio
from bridge.core.engine import Engine, block_for
from bridge.core.time import BlockTime
from bridge.errors import BridgeError
from bridge.number_text import check_option
from bridge.printing import Printer, columns, one_line
from bridge.streams import write_json
from engines.onnx import BoundSession
from engines.separation.dsp import DspSeparation
from engines.separation.learned_separation import LOW, STANDARD, ULTRA, LearnedSeparation
from engines.separation.models.adapters.streaming import StreamingSeparator
from engines.separation.models.model_loader import load_separator
from engines.separation.models.store import open_user_store
from engines.separation.separator import EngineSeparator, Separator

WARM_HOPS = 50
DURATION_S = (0.5, 3600.0)
"""Shortest and longest audio: below it too few hops are left for a percentile."""


@dataclass(frozen=True, slots=True)
class HopCost:
    """Cost of a separator. NaN: does not apply.

    ``share``: share of one core, mean processor time of a hop over its duration. ``network_ms``: mean processor time of
    the network in a hop. ``times_real``: speed on a file, as a multiple of real time.
    """

    name: str
    hop: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    network_ms: float
    share: float
    times_real: float
    problem: str = ""


class TimedStep(BoundSession):
    """A network step that measures its processor time."""

    def __init__(self, step: BoundSession) -> None:
        self._make_step = step
        self.took_s = 0.0

    def run(self) -> None:
        start = time.thread_time()
        self._make_step.run()
        self.took_s = time.thread_time() - start


class TimedSeparation(LearnedSeparation):
    """The engine, with the processor time of its network."""

    def _make_step(self, turn: int, phase: int) -> BoundSession:
        return TimedStep(super()._make_step(turn, phase))

    def get_network_s(self) -> float:
        """Processor time of the last step."""
        step = self._steps[int(self._hops) - 1]
        return step.took_s if isinstance(step, TimedStep) else 0.0


def make_test_mix(seconds: float, rate: int) -> Audio:
    """Make a test mix, (2, frames): a chord, a beat and noise; the cost of a hop hardly depends on it."""
    random = np.random.default_rng(1)
    t = np.arange(int(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * hz * t) / (i + 2) for i, hz in enumerate((110, 220, 277, 330, 440)))
    beat = random.standard_normal(len(t)) * np.exp(-((t * 2) % 1.0) * 12)
    both = 0.15 * chord + 0.2 * beat
    return np.stack([both, both + 0.02 * random.standard_normal(len(t))]).astype(np.float32)


def measure_live(engine: Engine, seconds: float, rate: int) -> HopCost:
    """Measure ``engine`` hop by hop over ``seconds`` of audio, as fast as it runs."""
    hop, mix = engine.spec.hop, make_test_mix(seconds, rate)
    engine.prepare(rate, hop)
    block, out = block_for(engine.spec.inputs, hop, engine.spec.controls), block_for(engine.spec.outputs, hop)
    rows = []
    for frame in range(0, mix.shape[1] - hop + 1, hop):
        block.audio["mix"][:] = mix[:, frame : frame + hop]
        wall, used = time.perf_counter(), time.thread_time()
        engine.process(block, BlockTime(frame, rate), out)
        wall, used = time.perf_counter() - wall, time.thread_time() - used
        rows.append((wall, used, engine.get_network_s() if isinstance(engine, TimedSeparation) else np.nan))
    name = engine.spec.name
    return _make_cost(
        name,
        hop,
        rate,
        np.array(rows[min(WARM_HOPS, len(rows) // 2) :]),
        measure_offline(EngineSeparator(engine), mix, rate),
    )


def measure_offline(separator: Separator, mix: Audio, rate: int) -> float:
    """Measure the speed on ``mix``, as a multiple of real time."""
    began = time.perf_counter()
    separator.separate(mix, rate)
    return float(mix.shape[1] / rate / (time.perf_counter() - began))


def _make_cost(name: str, hop: int, rate: int, rows: NDArray[np.float64], times_real: float) -> HopCost:
    wall, used, network = rows.T
    p50, p99 = np.percentile(wall, (50, 99))
    return HopCost(
        name, hop, 1e3 * p50, 1e3 * p99, 1e3 * wall.max(), 1e3 * network.mean(), used.mean() / (hop / rate), times_real
    )


def measure_added(name: str, seconds: float) -> HopCost:
    """Measure a user's model: its speed, and the cost of a hop where it streams."""
    nothing = float("nan")
    try:
        separator = load_separator(name)
        rate = separator.rates[0]
        mix = make_test_mix(seconds, rate)
        times_real = measure_offline(separator, mix, rate)
        if not isinstance(separator, StreamingSeparator):
            return HopCost(name, 0, nothing, nothing, nothing, nothing, nothing, times_real)
        hop, rows = separator.hop_frames, []
        separator.begin(rate)
        for frame in range(0, mix.shape[1] - hop + 1, hop):
            wall, used = time.perf_counter(), time.thread_time()
            separator.push(mix[:, frame : frame + hop])
            rows.append((time.perf_counter() - wall, time.thread_time() - used, nothing))
        return _make_cost(name, hop, rate, np.array(rows), times_real)
    except BridgeError as error:
        return HopCost(name, 0, nothing, nothing, nothing, nothing, nothing, nothing, str(error))


def measure_all(seconds: float, rate: int) -> Iterator[HopCost]:
    """Measure every profile, the DSP engine and every added model, one after another."""
    engines: list[Engine] = [*(TimedSeparation(profile) for profile in (STANDARD, LOW, ULTRA)), DspSeparation()]
    for engine in engines:
        yield measure_live(engine, seconds, rate)
    for name in open_user_store().list_names():
        yield measure_added(name, seconds)


def make_table(costs: list[HopCost], rate: int) -> RenderableType:
    names = ("ms a hop", "hop", "lasts", "p50", "p99", "max", "network", "core", "file x")
    shown, refused = columns(*names), []
    for one in costs:
        if one.problem:
            refused.append(Text(f"{one_line(one.name)}: {one_line(one.problem)}"))
            continue
        lasts = 1e3 * one.hop / rate if one.hop else float("nan")
        figures = (lasts, one.p50_ms, one.p99_ms, one.max_ms, one.network_ms)
        shown.add_row(
            one_line(one.name), str(one.hop or ""), *(_format_figure(value, "{:.2f}") for value in figures),
            _format_figure(one.share, "{:.1%}"), _format_figure(one.times_real, "{:.1f}"),
        )  # fmt: skip
    return Group(f"Separation at {rate:,} Hz: a hop alone in one thread", shown, *refused)


def _format_figure(value: float, form: str) -> str:
    return "" if np.isnan(value) else form.format(value)


def bench_separation(
    *,
    seconds: Annotated[float, Parameter(help="Duration of the audio that each one separates.")] = 20.0,
    rate: Annotated[int, Parameter(help="Sampling rate of the engines, in Hz: 44100 or 48000.")] = 44100,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False,
) -> None:
    """Measure the cost of separation: ms per hop, share of a core, and speed on files.

    All profiles, the DSP engine and every model that was added.
    The share counts processor time, so that a busy machine does not change it much.
    The percentiles are wall-clock time and show how busy it is.
    """
    check_option("--seconds", seconds, *DURATION_S, "s")
    costs = list(measure_all(seconds, rate))
    if json_:
        plain = [
            {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in asdict(one).items()} for one in costs
        ]
        write_json(plain)
    else:
        Printer().print(make_table(costs, rate))
