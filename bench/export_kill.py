"""Exports that are killed at random: ``python -m bench.export_kill [--kills 30] [--seconds 12]``.

`sideman export` of a song to two formats, with stems, analysis and band, is killed (SIGKILL) at random times of its run
and started again. Shown is how many kills left a session under its final name that was not whole, how many runs behind
a kill gave other bytes than a run without one, and drafts that were left. All should be 0. Takes about two runs a kill.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from bench.killed_runs import KilledCommand, add_kill_options, report_kills

RATE = 44100
FORMATS = "dawproject,reaper"


def write_song(path: Path, seconds: float) -> None:
    """Clicks on each beat at 120 BPM, a bass, and a chord that changes each bar."""
    time_s = np.arange(round(RATE * seconds)) / RATE
    rng = np.random.default_rng(1)
    clicks = rng.standard_normal(len(time_s)) * np.exp(-((time_s % 0.5) * 40.0)) * 0.3
    root_hz = np.array([130.8, 110.0, 87.3, 98.0])[(time_s // 2.0).astype(int) % 4]
    phase = 2 * np.pi * np.cumsum(root_hz) / RATE
    chord = sum(np.sin(phase * ratio) for ratio in (0.5, 1.0, 1.26, 1.5)) * 0.08
    soundfile.write(path, np.stack([chord + clicks, 0.8 * chord - 0.5 * clicks], axis=1), RATE, "PCM_16")


def start(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    """Start the export into ``out``."""
    command = [sys.executable, "-P", "-m", "bridge", "export", str(folder / "song.wav"), "--out", str(out)]
    command += ["--to", FORMATS, "--profile", "dsp"]
    quiet = subprocess.DEVNULL
    environment = os.environ | {"SIDEMAN_CONFIG_HOME": str(folder / "home")}
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment)


def hash_sessions(out: Path) -> dict[str, str]:
    """SHA-256 of each session with a final name: of its file, or of the names and contents of its files."""
    sessions = [path for path in out.glob("*") if not path.name.startswith(".") and path.name != "results"]
    return {path.name: _hash_session(path) for path in sessions}


def _hash_session(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def list_drafts(out: Path) -> list[str]:
    """Names of drafts."""
    names = [path.name for path in out.rglob(".*")]
    return [name for name in names if name.endswith((".part", ".old", ".tmp"))]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_kill_options(parser, 30, 12.0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sideman-bench-") as name:
        folder = Path(name)
        write_song(folder / "song.wav", options.seconds)
        command = KilledCommand(partial(start, folder), hash_sessions, list_drafts)
        return 0 if report_kills(command, folder, options.kills, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
