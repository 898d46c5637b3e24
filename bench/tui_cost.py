"""Cost of the terminal app: ``python -m bench.tui_cost [--keys 100] [--seconds 15]``.

The real OSC server and Bus, with 12 stereo meters at 50 Hz and a clock, and the app in a pseudo terminal that takes
what is written at full speed, at 5 kB/s, or not at all for three seconds. Shown are the app's own CPU time at ten
frames a second, while nothing moves, and up to its first picture that says ``attached``; the bytes that it writes; and
the time from a key, as it is written to the terminal, to the change at the Bus. Goals (docs/tui.md): 10 % of a core
with meters, 2 % and no byte while nothing moves, 0.5 s of CPU to start, p99 of a key 50 ms. Takes four minutes.
"""

from __future__ import annotations

import argparse
import fcntl
import math
import os
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psutil

from bridge.control.bus import Bus, Row
from bridge.installed_controls import make_registry
from bridge.osc.server import OscServer
from bridge.settings import Settings

SIZES = ((80, 24), (200, 60))
METERS = ("in", *(f"{stem}{tap}" for stem in ("drums", "bass", "vocals", "other") for tap in ("", ".out")), "mix")
MORE_METERS = ("band", "click")
PUBLISH_S = 0.02
RATE_HZ = 44_100
KEY, CONTROL = b"m", "stems.drums.mute"
SLOW_BYTES_S = 5_000
STILL_S = 3.0
START_S = 30.0
ATTACHED = ("● attached".encode(), "● 127.".encode())
"""Words of the head once the app is attached, at 80 columns and at more."""


class Band:
    """The Bus of a sidecar whose meters and clock move while ``moves``."""

    def __init__(self) -> None:
        self.bus = Bus(make_registry(Settings()))
        self.moves = True
        self.changed_s: list[float] = []
        self._stopping = threading.Event()
        self.bus.subscribe(self._note)
        self.bus.publish("sideman", "sideman", "1", 1, "bench", "host", os.getpid(), 0.0, "bench", RATE_HZ, "running")

    def _note(self, name: str, _row: Row, _source: str) -> None:
        if name == CONTROL:
            self.changed_s.append(time.monotonic())

    def play(self) -> None:
        """Publish until `stop`."""
        cycle = 0
        while not self._stopping.wait(PUBLISH_S):
            if not self.moves:
                continue
            cycle += 1
            now_s = cycle * PUBLISH_S
            for number, port in enumerate((*METERS, *MORE_METERS)):
                left, right = (-20 + 15 * math.sin(now_s * (speed + number)) for speed in (3.0, 3.1))
                peak = max(left, right)
                self.bus.publish("meters", port, peak, peak - 6, left, right, left - 6, right - 6)
            if cycle % 5 == 0:
                beat = now_s * 2
                self.bus.publish(
                    "clock",
                    *(int(now_s * RATE_HZ), int(now_s * 1000), 1, int(beat // 4) + 1, 1 + beat % 4, 4, 120.0),
                    *("host", "locked", 0.3, 0),
                )

    def stop(self) -> None:
        """End `play`."""
        self._stopping.set()


class Terminal:
    """The app in a pseudo terminal. ``bytes_s``: what the terminal takes a second; 0: all."""

    def __init__(self, port: int, width: int, height: int) -> None:
        self.main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui", "--attach", f"127.0.0.1:{port}", "--screen", "stems"],
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment,
            start_new_session=True,
        )
        os.close(other)
        self.bytes_s = 0
        self.is_still = False
        self.taken = 0
        self.is_attached = threading.Event()
        self._tail = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            if self.is_still:
                time.sleep(0.01)
                continue
            select.select([self.main], [], [], 1.0)
            try:
                data = os.read(self.main, self.bytes_s // 20 if self.bytes_s else 65536)
            except OSError:
                return  # the app ended
            self.taken += len(data)
            if not self.is_attached.is_set():
                self._tail = (self._tail + data)[-8192:]
                if any(words in self._tail for words in ATTACHED):
                    self.is_attached.set()
            if self.bytes_s:
                time.sleep(len(data) / self.bytes_s)

    def press(self, key: bytes) -> float:
        """Type ``key``; when, in seconds."""
        now_s = time.monotonic()
        os.write(self.main, key)
        return now_s

    def find_cpu_s(self) -> float:
        """CPU time of the app and its children so far."""
        app = psutil.Process(self.process.pid)
        return sum(sum(one.cpu_times()[:2]) for one in (app, *app.children(recursive=True)))

    def close(self) -> None:
        """End the app."""
        self.bytes_s, self.is_still = 0, False
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
        os.close(self.main)


@contextmanager
def open_terminal(port: int, width: int, height: int) -> Iterator[tuple[Terminal, float]]:
    """The app once it is attached, and the CPU time up to then in seconds."""
    terminal = Terminal(port, width, height)
    try:
        if not terminal.is_attached.wait(START_S):
            raise SystemExit(f"the app did not attach within {START_S:.0f} s")
        yield terminal, terminal.find_cpu_s()
    finally:
        terminal.close()


def measure_share(terminal: Terminal, seconds: float) -> tuple[float, int]:
    """The share of a core and the bytes written over ``seconds``."""
    cpu_s, taken, start_s = terminal.find_cpu_s(), terminal.taken, time.monotonic()
    time.sleep(seconds)
    passed_s = time.monotonic() - start_s
    return (terminal.find_cpu_s() - cpu_s) / passed_s, terminal.taken - taken


def measure_keys(band: Band, terminal: Terminal, keys: int, prepare: Callable[[], None]) -> list[float]:
    """Milliseconds from each key to the change at the Bus. ``prepare``: called before each key."""
    delays: list[float] = []
    for _ in range(keys):
        prepare()
        before = len(band.changed_s)
        pressed_s = terminal.press(KEY)
        deadline_s = pressed_s + 10.0
        while len(band.changed_s) == before and time.monotonic() < deadline_s:
            time.sleep(0.0005)
        changed_s = band.changed_s[before] if len(band.changed_s) > before else deadline_s
        delays.append((changed_s - pressed_s) * 1000)
        time.sleep(random.uniform(0.1, 0.3))
    return sorted(delays)


def format_delays(delays: list[float]) -> str:
    """Percentiles of sorted delays."""
    at = [delays[min(int(len(delays) * share), len(delays) - 1)] for share in (0.5, 0.9, 0.99)]
    return "".join(f"{value:9.1f}" for value in at)


def report(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def measure_size(band: Band, port: int, size: tuple[int, int], keys: int, seconds: float) -> None:
    """Measure the app at one size and print it."""
    name = f"{size[0]}×{size[1]}"
    band.moves = True
    with open_terminal(port, *size) as (terminal, start_s):
        time.sleep(3.0)
        share, taken = measure_share(terminal, seconds)
        report(
            f"{name:<8} start {start_s:.2f} s CPU   meters {share:6.1%}   {taken / seconds / 1024:.0f} KiB/s written"
        )
        band.moves = False
        time.sleep(12.0)
        share, taken = measure_share(terminal, seconds)
        report(f"{name:<8} idle {share:6.1%}   {taken} bytes written in {seconds:.0f} s")
        band.moves = True

        def stand_still() -> None:
            terminal.is_still = True
            time.sleep(STILL_S)

        def nothing() -> None:
            terminal.is_still = False

        report(f"{name:<8} {'key to Bus, ms':<20}      p50      p90      p99")
        for words, bytes_s, count, prepare in (
            ("full speed", 0, keys, nothing),
            ("5 kB/s", SLOW_BYTES_S, keys, nothing),
            ("stands still 3 s", 0, max(keys // 8, 3), stand_still),
        ):
            terminal.bytes_s = bytes_s
            report(f"{name:<8} {words:<20}{format_delays(measure_keys(band, terminal, count, prepare))}")
            terminal.is_still = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=15.0)
    given = parser.parse_args(arguments)
    band = Band()
    with OscServer(band.bus, "127.0.0.1", 0) as server:
        player = threading.Thread(target=band.play, daemon=True)
        player.start()
        report(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
        for size in SIZES:
            measure_size(band, server.port, size, given.keys, given.seconds)
        band.stop()
        player.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
