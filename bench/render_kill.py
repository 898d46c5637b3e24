"""Renders that are killed at random: ``python -m bench.render_kill [--kills 50] [--seconds 20]``.

`sideman render` of a song through a chain of built-in effects, to a loudness and 16 bits, is killed (SIGKILL) at random
times of its run and started again. Shown is how many kills left a file under its final name that was not whole, how
many runs behind a kill gave other bytes than a run without one, and drafts that were left. All should be 0. Takes about
two runs a kill.
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
from chains.commands.render_bench import CHAINS, RATE
from chains.document.chain_text import format_chain


def start(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    """Start the render into ``out``."""
    command = [sys.executable, "-P", "-m", "bridge", "render", str(folder / "song.wav"), "--out", str(out)]
    command += ["--chain", str(folder / "chain.toml"), "--target-lufs", "-14", "--format", "wav16"]
    quiet = subprocess.DEVNULL
    environment = os.environ | {"SIDEMAN_CONFIG_HOME": str(folder / "home")}
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment)


def hash_results(out: Path) -> dict[str, str]:
    """SHA-256 of each file with a final name."""
    files = [path for path in out.glob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def list_drafts(out: Path) -> list[str]:
    """Names of drafts."""
    return [path.name for path in out.glob(".*.tmp")]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_kill_options(parser, 50, 20.0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sideman-bench-") as name:
        folder = Path(name)
        sound = np.random.default_rng(1).normal(0, 0.1, (round(options.seconds * RATE), 2))
        soundfile.write(folder / "song.wav", sound.astype(np.float32), RATE, "PCM_24")
        (folder / "chain.toml").write_text(format_chain(CHAINS["standard"]), encoding="utf-8")
        command = KilledCommand(partial(start, folder), hash_results, list_drafts)
        return 0 if report_kills(command, folder, options.kills, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
