"""Resampled engine: runs an engine at a sample rate that is not its own, by resampling its inputs and outputs."""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

from dataclasses import replace
from math import gcd, log2

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import STEMS, Audio
from bridge.core.engine import AudioPort, Block, Engine, EngineSpec, State, block_for
from bridge.core.engine_registry import load_engine
from bridge.core.events import TimedEvent, pack, unpack
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from bridge.runtime.polyphase import PolyphaseResampler, compute_group_delay
from bridge.runtime.shared.slots import RECORD_WORDS

MIN_RATE_HZ = 8000
MAX_RATIO = 640
"""The largest term of a ratio between rates: that of 44,100 to 192,000 Hz (147 to 640)."""
MAX_HOP = 16384
"""Frames of the longest hop. Rates that share little make long ones, and a hop is a wait."""
FAMILY_RATIO = 16
"""Rates whose ratio has no larger term are one family: 44,100 and 88,200 Hz, 32,000 and 48,000 Hz."""
MAX_LEVEL = np.float32(1e9)
"""Samples above this are errors, and replaced by silence as NaN is."""


def reduce_ratio(rate: int, native: int) -> tuple[int, int]:
    """(up, down) in lowest terms: ``native`` is ``rate * up / down``."""
    shared = gcd(rate, native)
    return native // shared, rate // shared


def fit_hops(hop: int, rate: int, native: int) -> tuple[int, int]:
    """Frames of the hop at ``rate``, and how many of the engine's hops of ``hop`` frames it holds.

    The fewest of the engine's hops that are whole frames at both rates: three of 512 at 48 kHz are 1024 at 32 kHz.
    """
    up, down = reduce_ratio(rate, native)
    count = up // gcd(up, hop)
    return count * hop * down // up, count


def choose_native_rate(spec: EngineSpec, rate: int) -> int:
    """The one of the engine's own rates to run it at in a graph at ``rate``, in Hz.

    The nearest, of the same family if possible; of two equally near ones the higher. An EngineError says why none
    fits.
    """
    if rate < MIN_RATE_HZ:
        raise EngineError(f"engine {spec.name!r} does not run at {rate} Hz", f"use {MIN_RATE_HZ} Hz or more")
    fitting = [
        native
        for native in spec.rates
        if max(reduce_ratio(rate, native)) <= MAX_RATIO and fit_hops(spec.hop, rate, native)[0] <= MAX_HOP
    ]
    if not fitting:
        rates = " or ".join(map(str, spec.rates))
        raise EngineError(
            f"engine {spec.name!r} runs at {rates} Hz and cannot be resampled to {rate} Hz",
            f"start the JACK server with -r {spec.rates[0]}, or choose another engine",
        )

    def distance(native: int) -> tuple[bool, float, int]:
        return max(reduce_ratio(rate, native)) > FAMILY_RATIO, round(abs(log2(native / rate)), 6), -native

    return min(fitting, key=distance)


class ResampledEngine:
    """``engine`` at ``rate``; an Engine itself.

    Its hop holds whole hops of the engine, and its delay is whole frames: that of the input filter, the engine's own,
    and that of the output filter, rounded up to a frame. Where the engine outputs all STEMS of its one audio input,
    ``other`` is that input, delayed, minus the rest: the stems sum to it exactly, and the band above the engine's
    Nyquist frequency stays in ``other``.

    The engine's frames are counted from the stream's start like ours, at its own rate.
    """

    def __init__(self, engine: Engine, rate: int) -> None:
        inner = engine.spec
        self._engine, self._rate = engine, rate
        self._native = choose_native_rate(inner, rate)
        self._up, self._down = reduce_ratio(rate, self._native)
        hop, self._count = fit_hops(inner.hop, rate, self._native)
        self.spec = replace(inner, hop=hop, rates=(rate,), keeps=tuple(f"engine.{name}" for name in inner.keeps))
        self._audio_in, self._audio_out = inner.audio(inner.inputs), inner.audio(inner.outputs)
        self._events_in = [port.name for port in inner.events(inner.inputs)]
        self._rest = STEMS[-1] if {p.name for p in self._audio_out} >= set(STEMS) and len(self._audio_in) == 1 else ""

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate != self._rate:
            raise EngineError(f"{self.spec.name}: wrapped for {self._rate} Hz, prepared for {rate} Hz")
        engine, inner, hop = self._engine, self._engine.spec, self.spec.hop
        up, down = self._up, self._down
        whole = hop * up // down
        least = compute_group_delay(up, down)
        self._before = -(-least // up) if self._audio_in else 0  # delay of the input filter
        # its events cover the wait for the end of our hop too, and rounding makes none late
        lead = -(-(lead_frames + self._before) * up // down) + whole - inner.hop + 1 if inner.predicts else 0
        engine.prepare(self._native, inner.hop, lead)
        self._into = {p.name: PolyphaseResampler(p.channels, hop, up, down, self._before * up) for p in self._audio_in}
        self._out_of: dict[str, PolyphaseResampler] = {}
        self._latencies: dict[str, int] = {}
        for port in inner.outputs:
            own = engine.latency_frames(port.name) * down
            if isinstance(port, AudioPort):
                delay = least + -(own + least) % up
                self._latencies[port.name] = self._before + (own + delay) // up
                if port.name != self._rest:
                    self._out_of[port.name] = PolyphaseResampler(port.channels, whole, down, up, delay)
            else:
                self._latencies[port.name] = -lead_frames if inner.predicts else self._before - (-own // up)
        self._clean = {p.name: np.zeros((p.channels, hop), np.float32) for p in self._audio_in}
        self._resampled = {p.name: np.zeros((p.channels, whole), np.float32) for p in self._audio_in}
        self._outputs = {p.name: np.zeros((p.channels, whole), np.float32) for p in self._audio_out}
        self._block = block_for(inner.inputs, inner.hop)
        self._out = block_for(inner.outputs, inner.hop)
        self._waiting: dict[str, list[TimedEvent]] = {name: [] for name in self._events_in}
        self._line = self._make_delay_line()

    def _make_delay_line(self) -> Audio:
        """The delay line of the input for ``other``, and one hop more; empty where ``other`` is no difference."""
        if not self._rest:
            return np.zeros((0, 0), np.float32)
        found = {self._latencies[stem] for stem in STEMS}
        if len(found) > 1:
            raise EngineError(f"{self.spec.name}: its stems are delayed by {sorted(found)}", "give all one delay")
        return np.zeros((self._audio_in[0].channels, found.pop() + self.spec.hop), np.float32)

    def latency_frames(self, port: str) -> int:
        return self._latencies[port]

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        hop, inner = self.spec.hop, self._engine.spec
        for name, resampler in self._into.items():
            clean = self._clean[name]
            clean[:] = block.audio[name]
            clean[~(np.abs(clean) <= MAX_LEVEL)] = 0.0
            resampler.process(clean, self._resampled[name])
        for name, waiting in self._waiting.items():
            waiting += block.events[name]
            waiting.sort(key=lambda event: event.frame)
        self._block.values = block.values
        self._block.stem_delay_frames = _divide_rounded(block.stem_delay_frames * self._up, self._down)
        here = time.moved_to(time.frame - self._before)  # time of the engine's input now
        first = here.frame * self._up // self._down
        for i in range(self._count):
            self._process_hop(i * inner.hop, first, here, out)
        for name, resampler in self._out_of.items():
            resampler.process(self._outputs[name], out.audio[name])
        if self._rest:
            line, rest = self._line, out.audio[self._rest]
            line[:, :-hop] = line[:, hop:]
            line[:, -hop:] = self._clean[self._audio_in[0].name]
            rest[:] = line[:, :hop]
            for stem in STEMS[:-1]:
                rest -= out.audio[stem]

    def _process_hop(self, done: int, first: int, here: BlockTime, out: Block) -> None:
        """The engine's hop ``done`` frames behind ``first``, its frame of the moment ``here``."""
        hop = self._engine.spec.hop
        up, down = self._up, self._down
        for port in self._audio_in:
            self._block.audio[port.name][:] = self._resampled[port.name][:, done : done + hop]
        for name, waiting in self._waiting.items():
            due = self._block.events[name]
            due.clear()
            while waiting and _divide_rounded((waiting[0].frame - here.frame) * up, down) < done + hop:
                event = waiting.pop(0)
                due.append(TimedEvent(first + _divide_rounded((event.frame - here.frame) * up, down), event.payload))
        beat = here.beat_at(here.frame + done * down / up)
        self._engine.process(self._block, replace(here, frame=first + done, rate=self._native, beat=beat), self._out)
        for port in self._audio_out:
            self._outputs[port.name][:, done : done + hop] = self._out.audio[port.name]
        for name, events in self._out.events.items():
            for event in events:
                out.events[name].append(
                    TimedEvent(here.frame + _divide_rounded((event.frame - first) * down, up), event.payload)
                )
            events.clear()

    def _delay_lines(self) -> dict[str, NDArray[np.generic]]:
        into = {f"into.{name}": resampler.memory for name, resampler in self._into.items()}
        out_of = {f"out_of.{name}": resampler.memory for name, resampler in self._out_of.items()}
        return {**into, **out_of, "line": self._line}

    def reset(self) -> None:
        self._engine.reset()
        for array in self._delay_lines().values():
            array[...] = 0
        for waiting in self._waiting.values():
            waiting.clear()

    def state(self) -> State:
        lines: State = {name: array.copy() for name, array in self._delay_lines().items()}
        waiting: State = {f"waiting.{name}": _to_records(events) for name, events in self._waiting.items()}
        return {f"engine.{name}": array for name, array in self._engine.state().items()} | lines | waiting

    def restore(self, state: State) -> None:
        own = {name.removeprefix("engine."): a for name, a in state.items() if name.startswith("engine.")}
        self._engine.restore(own)
        for name, array in self._delay_lines().items():
            array[...] = state[name]
        for name, waiting in self._waiting.items():
            waiting[:] = _from_records(state[f"waiting.{name}"])


def load_engine_at_rate(name: str, rate: int) -> Engine:
    """Create engine ``name`` to run at ``rate``, in Hz: itself at one of its own rates, else a `ResampledEngine`."""
    engine = load_engine(name)
    return ResampledEngine(engine, rate) if engine.spec.rates and rate not in engine.spec.rates else engine


def _divide_rounded(numerator: int, denominator: int) -> int:
    """The whole number nearest to a fraction; of two the higher."""
    return (2 * numerator + denominator) // (2 * denominator)


def _to_records(events: list[TimedEvent]) -> NDArray[np.int64]:
    """Events as rows of RECORD_WORDS."""
    rows = np.zeros((len(events), RECORD_WORDS), np.int64)
    for row, event in zip(rows, events, strict=True):
        kind, size, data = pack(event.payload)
        row[:3] = event.frame, kind, size
        row[3:] = np.frombuffer(data, np.int64)
    return rows


def _from_records(rows: NDArray[np.generic]) -> list[TimedEvent]:
    return [TimedEvent(int(row[0]), unpack(int(row[1]), int(row[2]), row[3:].tobytes())) for row in rows]
