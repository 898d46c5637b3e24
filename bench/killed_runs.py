"""Killed runs: a command on files that is killed at random times and started again, and what it left."""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import EngineError
from bridge.printing import Printer

SHARES = (0.1, 1.0)
"""A run is killed at a time from the first to the second share of that of a whole run."""


@dataclass(frozen=True, slots=True)
class KilledCommand:
    """A command. ``start``: begins it, with results into a folder.

    ``hash_results``: hashes of what has a final name in the folder, by name. ``list_drafts``: what has another.
    """

    start: Callable[[Path], subprocess.Popen[bytes]]
    hash_results: Callable[[Path], Mapping[str, str]]
    list_drafts: Callable[[Path], list[str]]


def add_kill_options(parser: argparse.ArgumentParser, kills: int, seconds: float) -> None:
    """Add the options of a bench that kills, with their defaults. ``seconds``: of the song."""
    parser.add_argument("--kills", type=int, default=kills)
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--seed", type=int, default=1)


def report_kills(command: KilledCommand, folder: Path, kills: int, seed: int) -> bool:
    """Kill ``kills`` runs (SIGKILL), start each again, and print what was left; whether nothing was wrong.

    A run that ended before its kill does not count. ``folder``: for the results.

    Raises:
        EngineError: The command fails without a kill.
    """
    chance = random.Random(seed)
    began_s = time.monotonic()
    if command.start(folder / "whole").wait() != 0:
        raise EngineError("the run without a kill failed", "run the command by hand")
    whole, took_s = command.hash_results(folder / "whole"), time.monotonic() - began_s
    killed = partial = different = left = 0
    while killed < kills:
        out = folder / f"out{killed}"
        running = command.start(out)
        try:
            running.wait(chance.uniform(*SHARES) * took_s)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            killed += 1
            partial += any(whole.get(name) != found for name, found in command.hash_results(out).items())
            status = command.start(out).wait()
            different += status != 0 or command.hash_results(out) != whole
            left += bool(command.list_drafts(out))
        shutil.rmtree(out)
    Printer().say(f"{killed} runs of {took_s:.1f} s killed:")
    Printer().say(f"{partial} left a result that was not whole, {different} then gave other bytes, {left} left drafts")
    return not (partial or different or left)
