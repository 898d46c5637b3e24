"""MIDI clock in and out: ``python -m bench.midi_clock [--minutes 2]``.

In: ticks with jitter, rounded to milliseconds, or all of a period on its first frame, through the loop that engines
smooth them with. Per row: mean and standard deviation of the tempo, its largest error, and the standard deviation of
the phase, once locked (20 s). Then how a new tempo is followed, and what start, stop, continue and song position while
it runs do. Out: our own clock through the compiled callback at each period: how far ticks are from an even line, in
frames. Virtual time, no server; takes three minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.midi_clock_changes import (
    AFTER_BPM,
    BEFORE_BPM,
    NEAR_BPM,
    NEAR_MS,
    TEMPO_CURVES,
    add_lateness,
    measure_following,
    measure_transport,
)
from bridge.control.sidecar import RESERVE_FRAMES
from bridge.core.clock import HostClock
from bridge.core.events import Beat, TimedEvent
from bridge.core.latency import MIDI_PORTS
from bridge.core.midi import CLOCK, START
from bridge.drivers.offline_callback import OfflineCallback
from bridge.printing import Printer
from bridge.runtime.graph import Graph
from bridge.runtime.midi_clock import MidiClockGenerator
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.rings import EventWriter
from bridge.runtime.wiring import wire

RATE = 48000
PERIODS = (64, 128, 256, 512, 1024)
LOCKED_S = 20.0
SEED = 1
TEMPO_BPM = 123.45
JITTER_MS = 1.5
"""Jitter of the ticks where the tempo or the transport changes."""
CASES = (
    *((TEMPO_BPM, f"jitter 0 to {ms} ms", ms, 0.0) for ms in (0.0, 0.5, 1.5, 3.0)),
    *((bpm, "whole milliseconds", 0.0, RATE / 1000) for bpm in (99.0, 103.0, 107.0, 111.0)),
    *((TEMPO_BPM, f"all at frame 0 of {period}", 0.0, float(period)) for period in PERIODS),
    *((TEMPO_BPM, f"jitter 0 to 1.5 ms, at frame 0 of {period}", 1.5, float(period)) for period in PERIODS),
    *((bpm, "at frame 0 of 1024, nearly a period apart", 0.5, 1024.0) for bpm in (117.2, 117.25)),
)  # fmt: skip
"""Tempo, name, jitter in ms, and the grid that ticks are put on, in frames (0: none)."""


def measure_input(bpm: float, jitter_ms: float, grid: float, minutes: float) -> tuple[float, float, float, float]:
    """Mean, standard deviation and largest error of the tempo in BPM; standard deviation of the phase in ms."""
    step = 60.0 * RATE / bpm / 24
    ticks = 1000 + np.arange(int(minutes * 60 * RATE / step)) * step
    clock, tempos, phases = HostClock(RATE), [], []
    clock.push_midi(500, bytes((START,)))
    for number, frame in enumerate(add_lateness(ticks, jitter_ms, int(grid), RATE, SEED)):
        clock.push_midi(int(frame), bytes((CLOCK,)))
        if number % 24 == 0 and ticks[number] > LOCKED_S * RATE:
            at = clock.time_at(int(frame))
            tempos.append(at.tempo)
            phases.append(1000.0 * (at.frame_at(number / 24) - ticks[number]) / RATE)
    found = np.array(tempos)
    return float(found.mean()), float(found.std()), float(np.abs(found - bpm).max()), float(np.std(phases))


def send_clock(graph: Graph, period: int, minutes: float) -> Iterator[int]:
    """The frames at which ticks of our own clock leave the callback, from detected beats at an even tempo."""
    port = MIDI_PORTS.index("clock")
    index = graph.plan.rings.index("clock")
    writer = EventWriter(graph.arrays.records[index], graph.arrays.heads[index])
    callback = OfflineCallback(graph.context, graph.control_context, graph.insert_context)
    generator, step, hop = MidiClockGenerator(RATE), 60.0 * RATE / TEMPO_BPM, 512
    owner = graph.arrays.workers[int(graph.context.owners[port])]
    beat, rendered = 0, 0
    for now in range(0, int(minutes * 60 * RATE), period):
        while rendered < now + 2 * period + hop:
            fresh = []
            while 1000 + beat * step < rendered + hop:
                fresh.append(TimedEvent(round(1000 + beat * step), Beat(beat % 4, 4, TEMPO_BPM, 1.0, beat)))
                beat += 1
            for event in generator.render(fresh, rendered + hop + 2 * period):
                writer.write(event, int(owner[w.EPOCH]))
            rendered += hop
        owner[w.PROGRESS] = rendered
        callback.run(period, now)
        for row in graph.context.out_events[port, : graph.context.out_counts[port]]:
            if row[w.DATA] & 0xFF == CLOCK:
                yield now + int(row[w.FRAME])


def measure_output(period: int, minutes: float) -> tuple[int, float, float]:
    """How many ticks left, and the standard deviation and largest distance from an even line, in frames."""
    wiring = wire({"mir": "mir.standard"}, RATE, RESERVE_FRAMES)
    with Graph(wiring, period, RESERVE_FRAMES, {}) as graph:
        graph.set_values({"mir.tempo.mode": 2})
        sent: NDArray[np.float64] = np.array(list(send_clock(graph, period, minutes)), np.float64)
    numbers = np.arange(sent.size)
    away = sent - np.polyval(np.polyfit(numbers, sent, 1), numbers)
    return sent.size, float(away.std()), float(np.abs(away).max())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2.0, help="of each row; 2 unless said")
    minutes = parser.parse_args(arguments).minutes
    printer = Printer()
    printer.say(f"{RATE} Hz, {minutes:g} minutes each")
    print_table(
        printer,
        "clock in | sent BPM | mean BPM | sd BPM | largest error BPM | phase sd ms",
        (
            f"{name} | {bpm:g} | {mean:.4f} | {spread:.4f} | {worst:.4f} | {phase:.3f}"
            for bpm, name, jitter_ms, grid in CASES
            for mean, spread, worst, phase in (measure_input(bpm, jitter_ms, grid, minutes),)
        ),
    )
    print_table(
        printer,
        f"from {BEFORE_BPM:g} to {AFTER_BPM:g} BPM | at frame 0 of | tempo within {NEAR_BPM:g} BPM after s | "
        f"phase within {NEAR_MS:g} ms after s | largest phase ms",
        (
            f"{name} | {period or 'any'} | {found.tempo_s:.1f} | {found.phase_s:.1f} | {found.worst_ms:.1f}"
            for name, curve in TEMPO_CURVES
            for period in (0, *PERIODS)
            for found in (measure_following(curve, JITTER_MS, period, RATE, SEED),)
        ),
    )
    print_table(
        printer,
        "while it runs | at frame 0 of | right after ticks | then at most ms late",
        (
            f"{name} | {period or 'any'} | {wrong} | {worst:.1f}"
            for period in (0, *PERIODS)
            for name, wrong, worst in measure_transport(TEMPO_BPM, JITTER_MS, period, RATE, SEED)
        ),
    )
    print_table(
        printer,
        "clock out, period | ticks | sd frames | largest frames",
        (
            f"{period} | {count} | {spread:.2f} | {worst:.2f}"
            for period in PERIODS
            for count, spread, worst in (measure_output(period, minutes),)
        ),
    )


def print_table(printer: Printer, head: str, rows: Iterable[str]) -> None:
    """Print a table in Markdown, each row as soon as it is measured."""
    printer.say("")
    printer.say(f"| {head} |")
    printer.say("|" + "---|" * (head.count("|") + 1))
    for row in rows:
        printer.say(f"| {row} |")


if __name__ == "__main__":
    main(sys.argv[1:])
