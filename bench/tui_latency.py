"""Key to sound: ``python -m bench.tui_latency [--keys 50] [--rate 48000] [--period 128]``.

A real jackd (dummy driver, real time where the system allows), a sidecar as a process of its own, and the terminal app
in a pseudo terminal. The key that mutes a stem is typed at known frames while a client plays a steady 1 and records
the mix: shown is the time to the first sample that differs, and to the last one of the ramp (5 ms), at 80×24 and
200×60, with a terminal that takes all and one that takes 5 kB/s. A sound card adds its own buffers. Needs jackd; takes
two minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.control_latency import describe, find_delays
from bench.sidecar_process import run_sidecar
from bench.tui_cost import KEY, SIZES, SLOW_BYTES_S, Terminal, open_terminal, report
from bridge.core.audio import CHANNELS
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.runtime.priority import may_use_realtime
from tests.ports import free_port

CLIENT = "sideman"
STEM_KEY = b"4"
"""Selects ``other``: without engines that is all of the input."""
LEAST_S, MOST_S = 0.25, 0.45
"""From key to key; a key that acts later than that counts as missing."""
SPEEDS = (("all", 0), ("5 kB/s", SLOW_BYTES_S))


def press_keys(
    server: DummyServer, terminal: Terminal, keys: int, rate: int
) -> tuple[NDArray[np.float32], list[int], int]:
    """Type the key; the mix, shape (frames,), the frame of each key, and the cycles that the recorder missed."""
    frames = round((keys * MOST_S + 2.0) * rate)
    sends = tuple(f"out_{i + 1}" for i in range(CHANNELS))
    with JackRecorder("bench-daw", server.name, frames, Ports(play=sends, record=("mix",))) as daw:
        daw.load(np.ones((CHANNELS, frames), np.float32))
        daw.recorded[:] = np.nan  # it stays where the server skips the recorder
        daw.connect({**{f"out_{i + 1}": f"{CLIENT}:in_{i + 1}" for i in range(CHANNELS)}, "mix": f"{CLIENT}:mix_1"})
        start_together(daw)
        presses = []
        time.sleep(1.0)
        for _ in range(keys):
            terminal.press(KEY)
            presses.append((int(daw.client.frame_time) - daw.started_at) & 0xFFFFFFFF)
            time.sleep(random.uniform(LEAST_S, MOST_S))
        daw.wait(60.0 + keys)
        return np.array(daw.recorded[0]), presses, daw.skipped


def measure_size(server: DummyServer, port: int, size: tuple[int, int], keys: int) -> None:
    """Measure one size and print a row for each speed."""
    with open_terminal(port, *size) as (terminal, _):
        time.sleep(3.0)
        for words, bytes_s in SPEEDS:
            terminal.bytes_s = bytes_s
            terminal.press(STEM_KEY)
            course, presses, skipped = press_keys(server, terminal, keys, server.rate)
            first, last, missing = find_delays(course, presses, server.period)
            name = f"{size[0]}×{size[1]}"
            if first:
                report(
                    f"{name:<8} {words:<8} {describe(first, server.rate)}   {describe(last, server.rate)}"
                    f"   {missing} missing, {skipped} skipped"
                )
            else:
                report(f"{name:<8} {words:<8} no key was audible")


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=50, help="an even number, so that each row ends as it began")
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--period", type=int, default=128)
    given = parser.parse_args(arguments)
    keys, port = given.keys + given.keys % 2, free_port()
    is_realtime = may_use_realtime()
    with DummyServer(given.rate, given.period, realtime=is_realtime) as server, run_sidecar(server, port):
        report(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, real time: {'yes' if is_realtime else 'no'}")
        report(f"{'':<17} {'first sample, ms':<22}   {'end of the ramp, ms':<22}")
        report(f"{'':<17}    p50    p99    max      p50    p99    max")
        for size in SIZES:
            measure_size(server, port, size, keys)
    return 0


if __name__ == "__main__":
    sys.exit(main())
