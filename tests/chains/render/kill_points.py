"""Kill points of a render: a program that kills renders at points spread over all that they do to files.

It forks for each render, so that one start of Python serves all. It prints JSON: what was found after each kill, and
after the run behind it.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bridge.errors import BridgeError
from chains.render.chain_player import ChainPlayer
from chains.render.render_job import render_source
from chains.render.render_options import RenderOptions
from engines.mastering.mastering import Target
from engines.offline.stemfile import FORMATS

EVENTS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.truncate", "mmap.__new__", "os.listdir"})
"""Audit events that count as points, beside each report of progress."""
OPTIONS = RenderOptions(format=FORMATS["wav16"], target=Target(-12.0, -1.0))
FLOAT = RenderOptions(format=FORMATS["wav32f"])
"""Options with which a file is larger than the audio while it is at work."""


LIMITS_BYTES = (100_000, 384_020)
"""Below the size of a segment of 48,000 frames, and just above it, where the header of a float WAV does not fit."""


class PointCounter:
    """Counts points and kills this process at one of them; 0: none."""

    def __init__(self, at: int) -> None:
        self.count, self._at = 0, at

    def pass_point(self) -> None:
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in EVENTS and self.is_on:
            self.pass_point()

    is_on = False


def render_once(source: Path, out: Path, counter: PointCounter, options: RenderOptions = OPTIONS) -> None:
    sys.addaudithook(counter.audit)
    counter.is_on = True
    with ChainPlayer(options) as player:
        render_source(source, out, options, player, lambda *_: counter.pass_point(), lambda: 0.0)
    counter.is_on = False


def fork(work: Callable[[], object]) -> tuple[int, str]:
    """Do ``work`` in a fork: the exit status (negative: a signal), and what it returned as text."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(work()).encode())
            os._exit(0)
        except BridgeError as error:
            os.write(writing, str(error).encode())
            os._exit(2)
        finally:
            os._exit(3)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def count_points(source: Path, out: Path) -> int:
    counter = PointCounter(0)
    render_once(source, out, counter)
    return counter.count


def list_results(out: Path) -> dict[str, str]:
    """Hash of each file that is no draft, without the journal."""
    files = (path for path in out.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def list_drafts(out: Path) -> list[str]:
    return sorted(path.name for path in out.rglob(".*.tmp"))


def kill_everywhere(source: Path, folder: Path, kills: int) -> dict[str, object]:
    status, said = fork(lambda: count_points(source, folder / "whole"))
    points = int(said)
    found = []
    for number in range(kills):
        out = folder / f"out{number}"
        out.mkdir()
        at = 1 + number * (points - 1) // max(kills - 1, 1)
        killed, _ = fork(partial(render_once, source, out, PointCounter(at)))
        behind = list_results(out)
        again, _ = fork(partial(render_once, source, out, PointCounter(0)))
        found.append([killed, behind, again, list_results(out), list_drafts(out)])
    return {"status": status, "points": points, "whole": list_results(folder / "whole"), "kills": found}


def fill_disk(source: Path, folder: Path, limit_bytes: int) -> dict[str, object]:
    """A render that may write no file above ``limit_bytes``, and one behind it that may."""
    folder.mkdir()

    def render_limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        render_once(source, folder, PointCounter(0), FLOAT)

    status, said = fork(render_limited)
    left = [list_results(folder), list_drafts(folder), [path.name for path in folder.iterdir() if path.is_dir()]]
    again, _ = fork(lambda: render_once(source, folder, PointCounter(0), FLOAT))
    return {"status": status, "said": said, "left": left, "again": again, "results": list_results(folder)}


if __name__ == "__main__":
    place = Path(sys.argv[2])
    (place / "whole").mkdir()
    report = kill_everywhere(Path(sys.argv[1]), place, int(sys.argv[3]))
    report["full"] = [fill_disk(Path(sys.argv[1]), place / f"full{size}", size) for size in LIMITS_BYTES]
    sys.stdout.write(json.dumps(report))
