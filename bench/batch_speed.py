"""Speed of batches of real songs: ``python -m bench.batch_speed FOLDER [--seconds 60] [--workers 1 2] [--rounds 2]``.

The songs of a folder, cut to ``--seconds``, go through `sideman batch analyze` and `sideman batch separate --profile
dsp`, or each ``--command``, with each number of workers. Shown are songs an hour, how many times as fast as with the
first number, and the largest resident set and address space of the work on one song. Takes four minutes with ten songs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import soundfile

from batch.batch_kind import KINDS
from batch.file_process import MODULE
from batch.source_tree import iterate_sources
from bridge.printing import Printer

COMMANDS = ("analyze", "separate --profile dsp")
LOOK_S = 0.2


def cut_songs(folder: Path, target: Path, seconds: float) -> int:
    """Write the begin of each song as a WAV file; how many there are."""
    count = 0
    for source in iterate_sources([folder], target, KINDS["analyze"]):
        with soundfile.SoundFile(source.path) as song:
            sound = song.read(round(seconds * song.samplerate))
            if len(sound) >= seconds * song.samplerate:
                soundfile.write(target / f"{count:03} {source.path.stem}.wav", sound, song.samplerate)
                count += 1
    return count


def watch_memory(pid: int, largest: list[int]) -> None:
    """Keep the largest resident set and address space of the processes that work on songs."""
    try:
        for child in psutil.Process(pid).children(recursive=True):
            if MODULE in child.cmdline():
                memory = child.memory_info()
                largest[:] = max(largest[0], memory.rss), max(largest[1], memory.vms)
    except psutil.Error:
        return


def measure(songs: Path, out: Path, words: Sequence[str], workers: int, largest: list[int]) -> float:
    """Songs an hour of a batch."""
    command = [sys.executable, "-P", "-m", "bridge", "batch", words[0], str(songs), "--out", str(out)]
    command += ["--workers", str(workers), "--json", *words[1:]]
    environment = os.environ | {"SIDEMAN_CONFIG_HOME": str(out.parent / "home")}
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    while running.poll() is None:
        watch_memory(running.pid, largest)
        time.sleep(LOOK_S)
    shown, _ = running.communicate()
    shutil.rmtree(out)
    result = json.loads(shown)
    if result["failed"]:
        raise SystemExit(str(result["failures"][0]["error"]))
    return float(result["files_per_hour"])


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--command", action="append", help="such as 'accompany --audio'; may be repeated")
    options = parser.parse_args(arguments)
    say = Printer().say
    with tempfile.TemporaryDirectory(prefix="sideman-bench-") as name:
        songs = Path(name) / "songs"
        songs.mkdir()
        count = cut_songs(options.folder, songs, options.seconds)
        say(f"{count} songs of {options.seconds:g} s, best of {options.rounds}; load at first {os.getloadavg()[0]:.1f}")
        for words in map(str.split, options.command or COMMANDS):
            first, largest = 0.0, [0, 0]
            for workers in options.workers:
                hourly = max(measure(songs, Path(name) / "out", words, workers, largest) for _ in range(options.rounds))
                first = first or hourly
                say(f"{' '.join(words)}, {workers} workers: {hourly:,.0f} songs an hour, {hourly / first:.2f} times")
            say(f"    largest resident set {largest[0] / 1e6:.0f} MB, address space {largest[1] / 1e9:.2f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
