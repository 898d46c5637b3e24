"""Memory and speed of ``sideman separate`` on a long file: ``python -m bench.long_file [--minutes 120]``.

Writes a made-up song of that length, separates it in a process of its own, and prints the resident memory of that
process as it goes, at its highest, and the speed. The memory must not grow with the length. Takes about eight
minutes for the default, two hours of music by rule.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

RATE = 44100
EVERY_S = 0.5


def write_song(path: Path, minutes: float) -> None:
    """Chords, a bass and clicks, a minute again and again, each at another level."""
    rng = np.random.default_rng(1)
    time_s = np.arange(RATE * 60) / RATE
    hum = sum(np.sin(2 * np.pi * hz * time_s) for hz in (55.0, 220.0, 277.2, 329.6)) * 0.08
    clicks = rng.standard_normal(len(time_s)) * np.exp(-((time_s % 0.5) * 40.0)) * 0.3
    minute = np.stack([hum + clicks, 0.8 * hum - 0.5 * clicks], axis=1)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(round(minutes)):
            file.write(minute * rng.uniform(0.3, 1.0))


def read_resident_mib(pid: int) -> tuple[float, float]:
    """Now and at the highest; zeros once the process is gone."""
    fields = {}
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, rest = line.partition(":")
            fields[name] = rest.split()
    except OSError:
        return 0.0, 0.0
    return tuple(float(fields.get(name, ["0"])[0]) / 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--profile", default="dsp")
    parser.add_argument("--format", default="flac16")
    parser.add_argument("--folder", type=Path, help="where to work; needs about 170 MB a minute")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        song, out = Path(folder) / "long.flac", Path(folder) / "out"
        write_song(song, options.minutes)
        command = [sys.executable, "-m", "bridge.cli", "separate", str(song), "--out", str(out)]
        began_s = time.monotonic()
        process = subprocess.Popen([*command, "--profile", options.profile, "--format", options.format])
        seen, highest = [], 0.0
        while process.poll() is None:
            now, most = read_resident_mib(process.pid)
            seen.append(now)
            highest = max(highest, most)
            time.sleep(EVERY_S)
        took_s = time.monotonic() - began_s
        parts = [seen[round(share * (len(seen) - 1))] for share in (0.1, 0.25, 0.5, 0.75, 0.95)]
        sys.stdout.write(
            f"{options.minutes:g} minutes, {options.profile}, {options.format}: exit status {process.returncode}\n"
            f"resident at 10, 25, 50, 75, 95 % of the run: {', '.join(f'{mib:.0f}' for mib in parts)} MiB\n"
            f"at the highest {highest:.0f} MiB; {options.minutes * 60 / took_s:.1f} x real time\n"
        )


if __name__ == "__main__":
    main()
