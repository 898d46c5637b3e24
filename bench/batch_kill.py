"""Batches of real songs that are killed at random: ``python -m bench.batch_kill FOLDER [--kills 12] [--seconds 20]``.

The songs of a folder, cut to ``--seconds``, go through `sideman batch` with each command, which is killed (SIGKILL) at
random times and started again; where all is done, it begins anew. Shown is how many kills left a file under a final
name that was not whole, and how many ends had other bytes than a batch without a kill. Takes four minutes with four
songs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from batch.batch_journal import WORK_FOLDER
from batch.source_tree import JOURNAL_FILE
from bench.batch_speed import cut_songs
from bridge.printing import Printer

COMMANDS = ("separate --profile dsp", "analyze", "render --target-lufs -14", "accompany --audio")
SHORTEST_S = 0.6
"""Time from the start of a batch to its kill: before, it has hardly begun."""
LONGEST_SHARE = 0.45
"""The same at most, of the time of a whole run."""


def start(songs: Path, out: Path, words: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start the batch."""
    command = [sys.executable, "-P", "-m", "bridge", "batch", words[0], str(songs), "--out", str(out), "--workers", "2"]
    environment = os.environ | {"SIDEMAN_CONFIG_HOME": str(out.parent / "home")}
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*command, *words[1:]], stdout=quiet, stderr=quiet, env=environment)


def hash_results(out: Path) -> dict[str, str]:
    """SHA-256 of each file with a final name; hidden ones have times and paths in them."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*")
        if path.is_file()
        and WORK_FOLDER not in path.parts
        and not path.name.startswith((".", JOURNAL_FILE))
    }  # fmt: skip


def measure(songs: Path, out: Path, words: Sequence[str], kills: int, chance: random.Random) -> bool:
    """Kill a batch some times and print what came of it; whether all is right."""
    began_s = time.monotonic()
    is_right = start(songs, out / "whole", words).wait() == 0
    took_s, whole = time.monotonic() - began_s, hash_results(out / "whole")
    partial = killed = different = 0
    while killed < kills or (out / "killed").exists():
        running = start(songs, out / "killed", words)
        try:
            longest_s = max(2 * SHORTEST_S, LONGEST_SHARE * took_s) if killed < kills else None
            running.wait(longest_s and chance.uniform(SHORTEST_S, longest_s))
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            killed += 1
            partial += any(whole.get(name) != found for name, found in hash_results(out / "killed").items())
        else:
            different += running.returncode != 0 or hash_results(out / "killed") != whole
            shutil.rmtree(out / "killed")
    Printer().say(
        f"{' '.join(words)}: {len(whole)} files in {took_s:.0f} s; {killed} kills, {partial} with a partial file,"
        f" {different} with other bytes in the end"
    )
    return is_right and not partial and not different


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    chance, is_right = random.Random(options.seed), True
    with tempfile.TemporaryDirectory(prefix="sideman-bench-") as name:
        songs = Path(name) / "songs"
        songs.mkdir()
        cut_songs(options.folder, songs, options.seconds)
        for number, words in enumerate(COMMANDS):
            out = Path(name) / str(number)
            out.mkdir()
            is_right &= measure(songs, out, words.split(), options.kills, chance)
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
