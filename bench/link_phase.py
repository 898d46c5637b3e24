"""Phase of Link's beats at the frames of JACK: ``python -m bench.link_phase --minutes 10``.

A jackd (dummy driver), the callback with the clock source of Link, and a peer in a process of its own. What engines
get, positions at frames, is compared with the peer: the frame where a beat falls, where a click would sound, becomes a
time by JACK's own conversion, and the peer is asked for its beat at that time. So neither Sideman's line through frames
and times nor its session is on both sides. JACK's clock and Link's are the same here (CLOCK_MONOTONIC_RAW).
Needs jackd and the extra 'link'; takes as long as ``--minutes`` says, ten minutes unless said.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from bench.link_peer import PeerProcess, run_alone
from bridge.clocks.clock_source import SourceState
from bridge.clocks.link_source import LinkSource
from bridge.control.bus import Bus
from bridge.control.link_controls import LINK_ON
from bridge.control.sidecar import RESERVE_FRAMES, make_sidecar_registry
from bridge.core.clock import HostClock
from bridge.core.role import HOST_RING
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_driver import JackDriver
from bridge.drivers.libjack import address, load
from bridge.printing import Printer
from bridge.runtime.clock_line import ClockSelection
from bridge.runtime.graph import Graph
from bridge.runtime.priority import may_use_realtime
from bridge.runtime.pulse_fit import LOCKED
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.runtime.shared.rings import EventReader
from bridge.runtime.wiring import wire

TICK_S = 0.02
"""Time between two looks at the source, as the clock service has it."""
SETTLED_S = 3.0
"""From so long after a lock on it is measured."""
MOST_BETWEEN_FRAMES = 1
"""Frames that may pass while JACK's clock is looked up twice: 0.02 ms."""
QUIET_S = 6.0
"""After an xrun the line through frames and times is a new one: its window is 5 s long."""
FOLLOWING_BEATS = 3
"""JACK reports an xrun some cycles late: none may be reported until so many beats later either."""
GOAL_MS = 0.2


@dataclass(frozen=True, slots=True)
class Phase:
    """One beat. ``at_s``: since the first lock. ``error_ms``: it falls so much later than the peer's.

    ``unlocked_s``: so long, since the first lock, the source was not locked. ``is_quiet``: JACK has reported no xrun
    for `QUIET_S`; each moves its frames against time. ``xruns``: so many so far.
    """

    at_s: float
    error_ms: float
    unlocked_s: float
    is_quiet: bool
    xruns: int
    state: SourceState


def measure_phases(rate: int, period: int, tempo: float, seconds: float) -> Iterator[Phase]:
    """The phase of each beat for ``seconds`` after the first lock, while the source is locked."""
    bus = Bus(make_sidecar_registry({}))
    lib = load()
    lib.jack_frames_to_time.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    lib.jack_frames_to_time.restype = ctypes.c_uint64
    with (
        PeerProcess(tempo) as peer,
        DummyServer(rate, period, realtime=may_use_realtime()) as server,
        Graph(wire({}, rate, RESERVE_FRAMES), period, {}, {}) as graph,
        JackDriver(graph, "sideman-bench", server.name) as driver,
    ):
        peer.ask(f"tempo {tempo}")
        source, clock = LinkSource(bus, lambda: driver), HostClock(rate)
        ring = graph.plan.rings.index(HOST_RING)
        reader = EventReader(graph.arrays.records[ring], graph.arrays.heads[ring])
        source.attach(graph)
        bus.set(LINK_ON, "on", "bench")
        began_s, locked_s, last_s, unlocked_s, due = 0.0, 0.0, time.monotonic(), 0.0, 0
        xruns, xrun_s = 0, last_s
        while not began_s or last_s - began_s < seconds:
            time.sleep(TICK_S)
            before_s, last_s = last_s, time.monotonic()
            now_s, head = last_s, observe(graph.arrays.state, w.HEAD)
            state = source.update(head, now_s, ())
            graph.set_clock(ClockSelection(state.time if state.is_present else None, state.jumps, False, False))
            for event in reader.read():
                clock.push(event)
            at = clock.time_at(head)
            counted = observe(graph.arrays.state, w.XRUNS)
            if counted != xruns:
                xruns, xrun_s = counted, now_s
            if not at.rolling or state.lock != LOCKED:
                locked_s, due = 0.0, ceil(at.beat) + 1
                unlocked_s += last_s - before_s if began_s else 0.0
                continue
            began_s, locked_s = began_s or now_s, locked_s or now_s
            if at.beat < due:
                continue
            frame = round(at.frame_at(due))
            raw = frame + find_first_frame(driver)  # JACK's frames, which wrap at 32 bits
            time_us = lib.jack_frames_to_time(address(driver.client._ptr), raw & 0xFFFFFFFF)
            beat = float(peer.ask(f"beat {time_us}")["beat"])
            rounding = (frame - at.frame_at(due)) / at.frames_per_beat
            off = beat - due - rounding
            if now_s - locked_s >= SETTLED_S:
                error_ms, is_quiet = 60e3 / at.tempo * (off - round(off)), now_s - xrun_s > QUIET_S
                yield Phase(now_s - began_s, error_ms, unlocked_s, is_quiet, xruns, state)
            due = int(at.beat) + 1
        source.detach()


def find_first_frame(driver: JackDriver) -> int:
    """JACK's frame at which the stream begins; looked up until nothing came between the looks."""
    while True:
        before, frame = int(driver.client.frame_time), driver.find_frame()
        if frame is not None and int(driver.client.frame_time) - before <= MOST_BETWEEN_FRAMES:
            return before - frame


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the phases; 1 where a beat is further off than the goal, and no xrun was the reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--period", type=int, default=256)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--tempo", type=float, default=123.45)
    parser.add_argument("--here", action="store_true", help="on this network, whatever sessions are in it")
    words = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(words)
    if not options.here:
        code = run_alone("bench.link_phase", [*words, "--here"])
        if code is not None:
            return code
    printer, rows = Printer(), []
    for row in measure_phases(options.rate, options.period, options.tempo, 60.0 * options.minutes):
        rows.append(row)
        if len(rows) % 100 == 0:
            printer.say(f"{row.at_s:.0f} s: {row.error_ms:+.4f} ms, drift {row.state.drift_ppm:+.2f} ppm")
    last = rows[-1]
    printer.say(
        f"{options.tempo:g} BPM, {options.rate} Hz, period {options.period}: {len(rows)} beats in {last.at_s:.0f} s, "
        f"{last.xruns} xruns, not locked for {last.unlocked_s:.1f} s"
    )
    quiet = [
        row
        for row, following in zip(rows, [*rows[FOLLOWING_BEATS:], *[last] * FOLLOWING_BEATS], strict=False)
        if row.is_quiet and following.xruns == row.xruns
    ]
    for row in quiet:
        if abs(row.error_ms) > GOAL_MS:
            printer.say(f"{row.at_s:.1f} s: {row.error_ms:+.4f} ms, though no xrun is near")
    for words, some in (("all", rows), (f"more than {QUIET_S:g} s after an xrun", quiet)):
        errors = np.array([row.error_ms for row in some or [last]])
        printer.say(
            f"{words}: {len(some)} beats, phase error mean {errors.mean():+.4f} ms, sd {errors.std():.4f} ms, "
            f"99 % within {np.percentile(np.abs(errors), 99):.4f} ms, worst {np.abs(errors).max():.4f} ms"
        )
    printer.say(
        f"last {last.error_ms:+.4f} ms, drift {last.state.drift_ppm:+.2f} ppm, jitter {last.state.jitter_ms:.4f} ms"
    )
    return int(max(abs(row.error_ms) for row in quiet or rows) > GOAL_MS)


if __name__ == "__main__":
    sys.exit(main())
