"""Controller to sound: ``python -m bench.control_latency [--presses 300] [--rate 48000] [--period 128]``.

A real jackd (dummy driver, real time where the system allows), a sidecar with the mapping of the nanoKONTROL2, and a
mute button of it: a compiled player sends its messages to ``control_in`` at known frames while another client records
the mix. Shown is how long after the message the mute is audible: the first sample that differs, and the last one of the
ramp (5 ms). Each with Python idle and beside a thread of pure Python in the sidecar's process; with the table of
switches that the callback applies by itself, and without it, at the interpreter's usual switch interval and at a
shorter one. Skipped cycles and xruns are those of the run and, in brackets, of the same time before it without a
message. Then a storm of 10,000 messages a second for ten seconds, while stems are separated. Takes eight minutes; needs
jackd.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from bridge.app import Sidecar
from bridge.bench.callback import run_busy_loop
from bridge.core.audio import CHANNELS
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import CONTROL_CHANGE
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_driver import CONTROL_IN
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.runtime.control_midi import ControlMidi
from bridge.runtime.counters import compute_percentiles, read_counters
from bridge.runtime.priority import may_use_realtime
from bridge.settings import ControllerSettings, EngineSettings, JackSettings, OscSettings, Settings
from tests.ports import free_port

CLIENT = "sideman-bench"
MAPPING = "korg_nanokontrol2"
PRESS, RELEASE = bytes((CONTROL_CHANGE | 15, 51, 127)), bytes((CONTROL_CHANGE | 15, 51, 0))
"""Of its button M 4, which mutes ``other``: without engines that is all of the input."""
FADERS = (0, 1, 2, 3, 16, 17, 18, 19)
"""Controllers of its faders and knobs."""
EVERY_S = 0.06  # least time from press to press; the most is twice that
RAMP_S = 0.005
STORM_HZ, STORM_S = 10_000, 10.0
PROMISE_MS = 3.0


NO_ENGINES = EngineSettings(separation="", mir="", accompaniment="")


@dataclass(frozen=True, slots=True)
class Setup:
    """One row of the table."""

    name: str
    is_busy: bool
    has_table: bool
    switch_interval_s: float = 0.005  # Python's own


SETUPS = (
    Setup("idle", False, True),
    Setup("spinner", True, True),
    Setup("no table, idle", False, False),
    Setup("no table, spinner", True, False),
    Setup("no table, spinner, switch interval 0.5 ms", True, False, 0.0005),
)


@contextmanager
def leave_switches_to_python(wanted: bool) -> Iterator[None]:
    """Keep the callback's table of switches empty, to show what it is worth."""
    if not wanted:
        yield
        return
    with patch.object(ControlMidi, "set_switches", lambda _self, _rows: None):
        yield


@contextmanager
def open_sidecar(server: DummyServer, engines: EngineSettings) -> Iterator[Sidecar]:
    """A sidecar on ``server`` with the mapping of the controller, its OSC on a free port."""
    settings = Settings(
        jack=JackSettings(server=server.name, client=CLIENT),
        osc=OscSettings(port=free_port()),
        engines=engines,
        controllers=ControllerSettings(midi=False, mcu=False, control_in=MAPPING),
    )
    with Sidecar(settings) as sidecar:
        until("the controller", lambda: any(row[0] for row in sidecar.bus.get_rows("controllers.binding")))
        yield sidecar


def play(server: DummyServer, rate: int, events: Sequence[TimedEvent], frames: int) -> NDArray[np.float32]:
    """The mix, shape (frames,), of a steady 1 while ``events`` go to the control input."""
    sends = tuple(f"out_{i + 1}" for i in range(CHANNELS))
    player = JackRecorder("bench-send", server.name, frames, Ports(play=sends, midi_play="midi"))
    player.load(np.ones((CHANNELS, frames), np.float32), events)
    with player, JackRecorder("bench-return", server.name, frames, Ports(record=("mix",))) as recorder:
        player.connect({f"out_{i + 1}": f"{CLIENT}:in_{i + 1}" for i in range(CHANNELS)})
        player.connect({"midi": f"{CLIENT}:{CONTROL_IN}"})
        recorder.connect({"mix": f"{CLIENT}:mix_1"})
        recorder.recorded[:] = np.nan  # it stays where the server skips the recorder
        start_together(player, recorder)
        recorder.wait(60.0 + 4 * frames / rate)
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
        frames = np.flatnonzero(~np.isnan(part))
        part = part[frames]
        if part[0] != before or part[-1] != after:
            missing += 1
            continue
        first.append(int(frames[part != before][0]) - period)
        last.append(int(frames[part != after][-1]) + 1 - period)
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
    events = [TimedEvent(f + k * rate // 100, Midi(data)) for f in at for k, data in enumerate((PRESS, RELEASE))]
    ramp = 2 * round(RAMP_S / 2 * rate)
    usual = sys.getswitchinterval()
    with (
        DummyServer(rate, period, realtime=may_use_realtime()) as server,
        leave_switches_to_python(not setup.has_table),
    ):
        sys.setswitchinterval(setup.switch_interval_s)
        try:
            with open_sidecar(server, NO_ENGINES) as sidecar, run_busy_loop(setup.is_busy):
                arrays = sidecar.signal_path.graph.arrays
                before = read_counters(arrays)
                play(server, rate, (), at[-1] + rate)
                quiet = read_counters(arrays)
                course = play(server, rate, events, at[-1] + rate)
                counted, quiet = read_counters(arrays).subtract(quiet), quiet.subtract(before)
        finally:
            sys.setswitchinterval(usual)
    first, last, missing = find_delays(course, at, period)
    limit_ms = 1000.0 * (period + ramp) / rate + PROMISE_MS
    kept = missing == 0 and bool(1000.0 * np.percentile(last, 99) / rate <= limit_ms)
    faults = f"{counted.skipped:>5} ({quiet.skipped}) {counted.xruns:>7} ({quiet.xruns})"
    row = f"{setup.name:42} {describe(first, rate)}   {describe(last, rate)}   {faults} {missing:>7}"
    return row, kept


def measure_storm(rate: int, period: int, is_busy: bool) -> str:
    """What arrives of a storm of messages at all faders and knobs, and what it costs the separation."""
    count = int(STORM_HZ * STORM_S)
    storm = [
        TimedEvent(k * rate // STORM_HZ, Midi(bytes((CONTROL_CHANGE | 15, FADERS[k % len(FADERS)], k // 8 % 128))))
        for k in range(count)
    ]
    frames = int((STORM_S + 1) * rate)
    with (
        DummyServer(rate, period, realtime=may_use_realtime()) as server,
        open_sidecar(server, EngineSettings(mir="", accompaniment="")) as sidecar,
        run_busy_loop(is_busy),
    ):
        arrays = sidecar.signal_path.graph.arrays
        before, no_bins = read_counters(arrays), arrays.callback_bins.copy()
        play(server, rate, (), frames)
        quiet, quiet_bins = read_counters(arrays), arrays.callback_bins.copy()
        play(server, rate, storm, frames)
        spent = compute_percentiles(arrays.callback_bins - quiet_bins)
        quiet_spent = compute_percentiles(quiet_bins - no_bins)
        counted, quiet = read_counters(arrays).subtract(quiet), quiet.subtract(before)
        until("the readings", lambda: read_messages(sidecar)[0] >= count, 10.0)
        received, lost = read_messages(sidecar)
    return (
        f"storm{', spinner' if is_busy else '':10} sent {count:,}, received {received:,}, lost {lost}; "
        f"late frames {counted.late_frames} ({quiet.late_frames}), skipped {counted.skipped} ({quiet.skipped}), "
        f"xruns {counted.xruns} ({quiet.xruns}); a callback takes {spent.p50_us:.0f} ({quiet_spent.p50_us:.0f}) µs, "
        f"p99 {spent.p99_us:.0f} ({quiet_spent.p99_us:.0f})"
    )


def read_messages(sidecar: Sidecar) -> tuple[int, int]:
    """Messages received from the controller, and lost."""
    (row,) = sidecar.bus.get_rows("controllers.counters")
    return int(row[0]), int(row[2])


def until(what: str, holds: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Return as soon as ``holds`` is true. Raises: TimeoutError."""
    end_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > end_s:
            raise TimeoutError(f"{what} did not come")
        time.sleep(0.01)


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
        f"{'ms: p50, p99, max':42} {'first sample':20}   {'end of the ramp':20}   skipped   xruns missing\n"
    )
    for setup in SETUPS:
        row, kept = measure(setup, options.rate, options.period, options.presses)
        sys.stdout.write(f"{row}  {'kept' if kept else 'MISSED'}\n")
        sys.stdout.flush()
    for is_busy in (False, True):
        sys.stdout.write(measure_storm(options.rate, options.period, is_busy) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
