"""Controller to sound: ``python -m bench.control_latency [--presses 300] [--rate 48000] [--period 128]``.

A real jackd (dummy driver, real time where the system allows), the graph with its compiled callback, and a mute button
whose messages a compiled player sends to ``control_in`` at known frames while another client records the mix. Shown is
how long after the message the mute is audible: the first sample that differs, and the last one of the ramp (5 ms). Each
with Python idle and beside a thread of pure Python in the same process; with the table of switches that the callback
applies by itself, and without it, at the interpreter's usual switch interval and at a shorter one. Then a storm of
10,000 messages a second for ten seconds. Takes six minutes; needs jackd.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.app import make_registry
from bridge.bench.callback import run_busy_loop
from bridge.control.bus import Bus
from bridge.core.audio import CHANNELS
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import CONTROL_CHANGE
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_driver import CONTROL_IN, JackDriver
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.runtime.control_binding import ControlBinding, compute_port_and_mix_gains
from bridge.runtime.control_midi import ControlMidi, Switch
from bridge.runtime.counters import Counters, read_counters
from bridge.runtime.graph import Graph
from bridge.runtime.priority import may_use_realtime
from bridge.runtime.wiring import wire
from bridge.settings import EngineSettings, Settings

CLIENT = "sideman-bench"
MUTE = "stems.other.mute"
PRESS, RELEASE = bytes((CONTROL_CHANGE, 48, 127)), bytes((CONTROL_CHANGE, 48, 0))
"""The button is held for one mute."""
EVERY_S = 0.06  # between presses, and up to as much again
RAMP_S = 0.005
STORM_HZ, STORM_S = 10_000, 10.0
PROMISE_MS = 3.0


@dataclass(frozen=True, slots=True)
class Setup:
    """One row of the table."""

    name: str
    spinner: bool
    has_table: bool
    switch_interval_s: float = 0.005  # Python's own


SETUPS = (
    Setup("table, idle", False, True),
    Setup("table, spinner", True, True),
    Setup("Python, idle", False, False),
    Setup("Python, spinner", True, False),
    Setup("Python, spinner, switch interval 0.5 ms", True, False, 0.0005),
)


class Reader:
    """A context manager: a thread that turns each press into a change of the Bus, as a controller does."""

    def __init__(self, control_midi: ControlMidi, bus: Bus, has_table: bool) -> None:
        self._midi, self._bus, self._has_table = control_midi, bus, has_table
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, name="controllers", daemon=True)
        self.received = 0

    def __enter__(self) -> Reader:
        self._set_switches()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._leave.set()
        self._midi.wake()
        self._thread.join()

    def _set_switches(self) -> None:
        if self._has_table:
            values = self._bus.values()
            self._midi.set_switches(
                {
                    Switch(PRESS[0], PRESS[1], pressed): compute_port_and_mix_gains({**values, MUTE: float(pressed)})
                    for pressed in (False, True)
                }
            )

    def _run(self) -> None:
        while not self._leave.is_set():
            if self._midi.wait(0.5):
                for _, message in self._midi.receive():
                    self.received += 1
                    if message in (PRESS, RELEASE):
                        self._bus.set(MUTE, float(message == PRESS), "bench")
                self._set_switches()


@contextmanager
def open_graph(server: DummyServer, rate: int, period: int, has_table: bool) -> Iterator[tuple[Graph, ControlMidi]]:
    """The graph without engines on ``server``, its controls on a Bus, and a reader of the control input."""
    bus = Bus(make_registry(Settings(engines=EngineSettings(separation="", mir="", accompaniment=""))))
    with (
        Graph(wire({}, rate, {}), period, {}, {}) as graph,
        ControlMidi(graph.context) as control_midi,
        JackDriver(graph, CLIENT, server.name),
        Reader(control_midi, bus, has_table),
    ):
        binding = ControlBinding(bus, graph)
        try:
            yield graph, control_midi
        finally:
            binding.release()


def play(server: DummyServer, graph: Graph, events: Sequence[TimedEvent], frames: int) -> NDArray[np.float32]:
    """The mix, shape (frames,), of a steady 1 while ``events`` go to the control input."""
    sends = tuple(f"out_{i + 1}" for i in range(CHANNELS))
    player = JackRecorder("bench-send", server.name, frames, Ports(play=sends, midi_play="midi"))
    player.load(np.ones((CHANNELS, frames), np.float32), events)
    with player, JackRecorder("bench-return", server.name, frames, Ports(record=("mix",))) as recorder:
        player.connect({f"out_{i + 1}": f"{CLIENT}:in_{i + 1}" for i in range(CHANNELS)})
        player.connect({"midi": f"{CLIENT}:{CONTROL_IN}"})
        recorder.connect({"mix": f"{CLIENT}:mix_1"})
        start_together(player, recorder)
        recorder.wait(60.0 + 4 * frames / graph.plan.rate)
        return np.array(recorder.recorded[0])


def find_delays(course: NDArray[np.float32], presses: Sequence[int], period: int) -> tuple[list[int], list[int], int]:
    """Frames from each press to the first sample that moves and to the last one of its ramp, and how many never came.

    ``course``: the mix of a steady 1, which the presses switch off and on in turn. A ramp begins with a cycle, so it
    may begin before the place of its message in that cycle.
    """
    first, last, missing = [], [], 0
    ends = (*presses[1:], course.size)
    for k, (press, end) in enumerate(zip(presses, ends, strict=True)):
        before, after = (1.0, 0.0) if k % 2 == 0 else (0.0, 1.0)
        part = course[press - period : end - period]
        if part[0] != before or part[-1] != after:
            missing += 1
            continue
        first.append(int(np.flatnonzero(part != before)[0]) - period)
        last.append(int(np.flatnonzero(part != after)[-1]) + 1 - period)
    return first, last, missing


def describe(frames: Sequence[int], rate: int) -> str:
    """p50, p99 and maximum, in ms."""
    ms = 1000.0 * np.asarray(frames) / rate
    return " ".join(f"{value:6.2f}" for value in (np.percentile(ms, 50), np.percentile(ms, 99), ms.max()))


def measure(setup: Setup, rate: int, period: int, presses: int) -> tuple[str, bool]:
    """A row of the table, and whether it keeps the promise."""
    rng = np.random.default_rng(16)
    times_s = 0.5 + np.cumsum(rng.uniform(EVERY_S, 2 * EVERY_S, presses))
    at = [int(time_s * rate) for time_s in times_s]
    ramp = 2 * round(RAMP_S / 2 * rate)
    usual = sys.getswitchinterval()
    with DummyServer(rate, period, realtime=may_use_realtime()) as server:
        sys.setswitchinterval(setup.switch_interval_s)
        try:
            with open_graph(server, rate, period, setup.has_table) as (graph, _), run_busy_loop(setup.spinner):
                before = read_counters(graph.arrays)
                events = [TimedEvent(f, Midi(RELEASE if k % 2 else PRESS)) for k, f in enumerate(at)]
                course = play(server, graph, events, at[-1] + rate)
                counted = read_counters(graph.arrays).subtract(before)
        finally:
            sys.setswitchinterval(usual)
    first, last, missing = find_delays(course, at, period)
    limit_ms = 1000.0 * (period + ramp) / rate + PROMISE_MS
    kept = missing == 0 and bool(1000.0 * np.percentile(last, 99) / rate <= limit_ms)
    row = f"{setup.name:40} {describe(first, rate)}   {describe(last, rate)}   {_describe_faults(counted)} {missing:>7}"
    return row, kept


def _describe_faults(counted: Counters) -> str:
    return f"{counted.skipped:>7} {counted.xruns:>5}"


def measure_storm(rate: int, period: int, spinner: bool) -> str:
    """What arrives of a storm, and what it costs the audio."""
    count = int(STORM_HZ * STORM_S)
    storm = [
        TimedEvent(k * rate // STORM_HZ, Midi(bytes((CONTROL_CHANGE | 1 + k % 15, k // 15 & 0x7F, k & 0x7F))))
        for k in range(count)
    ]
    with (
        DummyServer(rate, period, realtime=may_use_realtime()) as server,
        open_graph(server, rate, period, True) as (graph, control_midi),
        run_busy_loop(spinner),
    ):
        before = read_counters(graph.arrays)
        play(server, graph, storm, int((STORM_S + 1) * rate))
        time.sleep(0.5)
        counted = read_counters(graph.arrays).subtract(before)
        received, lost = control_midi.received, control_midi.lost
    name = f"storm{', spinner' if spinner else ''}"
    return (
        f"{name:15} sent {count:,}, received {received:,}, lost {lost}, "
        f"late frames {counted.late_frames}, skipped {counted.skipped}, xruns {counted.xruns}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=300)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--period", type=int, default=128)
    options = parser.parse_args(arguments)
    ramp_ms, period_ms = 1000.0 * RAMP_S, 1000.0 * options.period / options.rate
    sys.stdout.write(
        f"period {options.period} at {options.rate} Hz: {period_ms:.2f} ms; ramp {ramp_ms:.0f} ms; "
        f"promised: the whole ramp within {period_ms + ramp_ms + PROMISE_MS:.2f} ms at p99\n"
        f"{'ms: p50, p99, max':40} {'first sample':20}   {'end of the ramp':20}   skipped xruns missing\n"
    )
    for setup in SETUPS:
        row, kept = measure(setup, options.rate, options.period, options.presses)
        sys.stdout.write(f"{row}  {'kept' if kept else 'MISSED'}\n")
        sys.stdout.flush()
    for spinner in (False, True):
        sys.stdout.write(measure_storm(options.rate, options.period, spinner) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
