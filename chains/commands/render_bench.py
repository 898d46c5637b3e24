"""The command ``sideman bench render``: the cost of chains in host processes, beside plain Pedalboard in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from rich.console import Group, RenderableType

from bridge.core.audio import CHANNELS
from bridge.errors import BridgeError
from bridge.number_text import check_option
from bridge.printing import Printer, columns
from bridge.streams import write_json
from chains.document.chain import Chain, Member
from chains.document.chain_text import format_chain
from chains.process.audio_file import map_segment, open_segment
from chains.process.host_process import HostProcess
from chains.process.messages import AudioSegment, RenderRequest

PLAIN_MODULE = "chains.hosts.plain_pedalboard"
RATE = 48_000
DURATION_S = (1.0, 3600.0)
"""Shortest and longest audio: three files of it lie on the disk, of 1.4 GB each for an hour."""
RUNS = (1, 100)
"""Fewest and most runs."""
ALLOWED_S, ALLOWED_SHARE = 0.25, 0.03
"""Goal for three minutes: the start of a process in processor seconds, and a share of the plain render."""
_HIGHPASS = Member(effect="HighpassFilter", parameters={"cutoff_frequency_hz": 40.0})
_COMPRESSOR = Member(effect="Compressor", parameters={"threshold_db": -18.0, "ratio": 3.0})
_LIMITER = Member(effect="Limiter", parameters={"threshold_db": -1.0})
_REVERB = Member(effect="Reverb", parameters={"room_size": 0.4, "wet_level": 0.15})
CHAINS = {
    "light": Chain(doc="Two filters' worth of work.", members=(_HIGHPASS, Member(effect="Gain"))),
    "standard": Chain(doc="A channel strip with a reverb.", members=(_HIGHPASS, _COMPRESSOR, _REVERB, _LIMITER)),
    "heavy": Chain(
        doc="Modulation and reverbs in a row.",
        members=(
            _HIGHPASS,
            _COMPRESSOR,
            Member(effect="Chorus"),
            Member(effect="Phaser"),
            Member(effect="Distortion"),
            _REVERB,
            Member(name="second reverb", effect="Reverb", parameters={"room_size": 0.9}),
            _LIMITER,
        ),
    ),
}
"""The chains that are measured; all of built-in effects, so that every installation has them."""


@dataclass(frozen=True, slots=True)
class RenderCost:
    """Processor seconds of a render of ``seconds`` of stereo. ``times_real``: wall clock of the isolated one.

    ``plain_s``: Pedalboard in a process that has it loaded. ``isolated_s``: both processes, the child's start included.
    ``difference_db``: peak of the difference of both results.
    """

    chain: str
    seconds: float
    plain_s: float
    isolated_s: float
    times_real: float
    difference_db: float

    @property
    def allowed_s(self) -> float:
        """The goal for ``isolated_s``."""
        return self.plain_s * (1 + ALLOWED_SHARE) + ALLOWED_S


def bench_render(
    *,
    seconds: Annotated[float, Parameter(help="Duration of the audio that is rendered, 1 to 3600.")] = 180.0,
    runs: Annotated[int, Parameter(help="Runs of each, of which the median counts, 1 to 100.")] = 3,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False,
) -> None:
    """Measure the cost of plugin chains in their host process, beside plain Pedalboard in the same run.

    The figures are processor time, so that a busy machine does not change them much; times real time is wall clock.
    The goal is what the isolated one may take: 0.25 s and 3 % more than plain Pedalboard.
    The difference is the largest one between both results, relative to full scale; -240 dB: they are the same.
    """
    check_option("--seconds", seconds, *DURATION_S, "s")
    check_option("--runs", runs, *RUNS)
    with make_sound(seconds) as (source, sinks):
        costs = [measure(name, chain, source, sinks, runs) for name, chain in CHAINS.items()]
    if json_:
        write_json([asdict(cost) | {"allowed_s": round(cost.allowed_s, 3)} for cost in costs])
    else:
        Printer().print(make_table(costs))


@contextmanager
def make_sound(seconds: float) -> Iterator[tuple[AudioSegment, tuple[AudioSegment, AudioSegment]]]:
    """A segment with noise and a beat, and two as long for results, in a folder of their own."""
    frames = round(seconds * RATE)
    with tempfile.TemporaryDirectory(prefix="sideman-bench-") as name:
        place = Path(name) / "render"
        with (
            open_segment(place, CHANNELS, frames) as source,
            open_segment(place, CHANNELS, frames) as plain,
            open_segment(place, CHANNELS, frames) as isolated,
        ):
            audio = map_segment(source, writable=True)
            noise = np.random.default_rng(1)
            for start in range(0, frames, RATE):
                block = audio[:, start : start + RATE]
                block[:] = noise.normal(0, 0.1, block.shape) * np.exp(-3.0 * np.arange(block.shape[1]) / RATE)
            yield source, (plain, isolated)


def measure(
    name: str, chain: Chain, source: AudioSegment, sinks: tuple[AudioSegment, AudioSegment], runs: int
) -> RenderCost:
    """Measure a chain in both ways, one after the other, ``runs`` times."""
    plain, isolated, walls = [], [], []
    for _ in range(runs):
        plain.append(render_plain(chain, source, sinks[0]))
        used_s, wall_s = render_isolated(chain, source, sinks[1])
        isolated.append(used_s)
        walls.append(wall_s)
    both = [map_segment(sink) for sink in sinks]
    difference = float(np.abs(both[0] - both[1]).max())
    seconds = source.frames / RATE
    difference_db = 20 * float(np.log10(max(difference, 1e-12)))
    return RenderCost(name, seconds, median(plain), median(isolated), seconds / median(walls), difference_db)


def render_plain(chain: Chain, source: AudioSegment, sink: AudioSegment) -> float:
    """Processor seconds of plain Pedalboard. Raises: BridgeError where it fails."""
    with tempfile.TemporaryDirectory(prefix="sideman-bench-") as folder:
        path = Path(folder) / "chain.toml"
        path.write_text(format_chain(chain), encoding="utf-8")
        command = [sys.executable, "-P", "-m", PLAIN_MODULE, str(path), str(RATE), source.path, sink.path]
        ended = subprocess.run([*command, str(source.frames)], capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise BridgeError(f"plain Pedalboard failed: {ended.stderr.strip()[-200:]}", "pip install 'sideman[chains]'")
    return float(ended.stdout)


def render_isolated(chain: Chain, source: AudioSegment, sink: AudioSegment) -> tuple[float, float]:
    """Processor seconds of this process and the host process, from its start to its end, and seconds on the clock."""
    before, began_s = os.times(), time.perf_counter()
    with HostProcess() as process:
        process.load(chain, RATE)
        process.render(RenderRequest(source, sink))
    after = os.times()
    used = sum(after[:4]) - sum(before[:4])  # user and system, of this process and of children that ended
    return used, time.perf_counter() - began_s


def make_table(costs: list[RenderCost]) -> RenderableType:
    """Table of the costs, and whether each is within the goal."""
    table = columns("chain", "plain", "isolated", "ratio", "goal", "within", "x real time", "difference")
    for cost in costs:
        table.add_row(
            cost.chain,
            f"{cost.plain_s:.2f} s",
            f"{cost.isolated_s:.2f} s",
            f"{cost.isolated_s / max(cost.plain_s, 1e-9):.2f}",
            f"{cost.allowed_s:.2f} s",
            "yes" if cost.isolated_s <= cost.allowed_s else "no",
            f"{cost.times_real:.0f}",
            f"{cost.difference_db:.0f} dB",
        )
    title = f"{costs[0].seconds:g} s of stereo at {RATE:,} Hz: processor time of plain Pedalboard and of a host process"
    return Group(title, table)
