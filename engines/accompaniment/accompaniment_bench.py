"""``sideman bench accompaniment``: time for a bar, a song and a live hop of the band, by style."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from rich.table import Table

from bridge.core.engine import block_for
from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime
from bridge.number_text import check_option
from bridge.printing import Printer, columns, one_line
from bridge.streams import write_json
from engines.accompaniment.arranger import arrange, perform
from engines.accompaniment.band import Band
from engines.accompaniment.parts import PARTS
from engines.accompaniment.performance_controls import STYLE
from engines.accompaniment.score import Bar, PartState, PerformanceControls
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.style import Style, load_style
from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style
from engines.accompaniment.timeline import HOP

SHEET = "| Am7 | D7 G7 | Cmaj7 | Fmaj7 E7 | Am Am/G | F | Dm7 G | C E7 |"
BARS = 32
ROUNDS = (1, 1000)
"""Fewest and most rounds."""
TEMPO, RATE = 120.0, 48000
LIVE_BEATS = 64


@dataclass(frozen=True, slots=True)
class BandCost:
    """Wall-clock milliseconds. ``bar``: one bar of all parts. ``song``: 32 bars of all parts, as often as the loop
    needs. ``hop``: a block of the live band, most of which only receive input."""

    style: str
    bar_p50_ms: float
    bar_p99_ms: float
    song_p50_ms: float
    song_max_ms: float
    hop_p50_ms: float
    hop_p99_ms: float
    hop_max_ms: float


def time_bars(style: Style, bars: tuple[Bar, ...], rounds: int) -> list[float]:
    """Each bar of all parts, one after the other."""
    took = []
    for turn in range(rounds):
        memories = {name: PartState() for name in PARTS}
        for bar in bars:
            began = time.perf_counter()
            for name, play in PARTS.items():
                _, memories[name] = play(bar, style, PerformanceControls(seed=turn), memories[name])
            took.append(1e3 * (time.perf_counter() - began))
    return took


def time_song(style: Style, bars: tuple[Bar, ...], rounds: int) -> list[float]:
    """All bars of all parts."""

    def play_round(turn: int) -> None:
        for name, play in PARTS.items():
            perform(bars, name, play, style, PerformanceControls(seed=turn))

    return [_time_call(play_round, turn) for turn in range(rounds)]


def time_hops(style: int, bars: tuple[Bar, ...], beats: int = LIVE_BEATS) -> list[float]:
    """The live band's hops over so many beats, with the chords of ``bars`` as input."""
    band = Band()
    band.prepare(RATE, HOP)
    beat_frames = 60 * RATE / TEMPO
    chords = [chord for bar in bars for chord in bar.chords]
    block = block_for(band.spec.inputs, HOP, band.spec.controls)
    block.values = {**block.values, STYLE.name: float(style)}
    took = []
    for frame in range(0, int(beats * beat_frames), HOP):
        out = block_for(band.spec.outputs, HOP)
        beat = int(frame // beat_frames)
        begins = frame == 0 or beat != int((frame - HOP) // beat_frames)
        block.events["chords"] = [TimedEvent(frame, chords[beat % len(chords)])] if begins else []
        at = BlockTime(frame, RATE, frame / beat_frames, TEMPO, True, 4, True)
        began = time.perf_counter()
        band.process(block, at, out)
        took.append(1e3 * (time.perf_counter() - began))
    return took


def _time_call(work: Callable[[int], None], turn: int) -> float:
    began = time.perf_counter()
    work(turn)
    return 1e3 * (time.perf_counter() - began)


def measure_costs(rounds: int) -> Iterator[BandCost]:
    """The cost of each shipped style."""
    bars = arrange(read_sheet(SHEET), BARS)
    gc.collect()
    gc.freeze()  # as the worker does: else a collection of everything falls into one of the rounds
    try:
        for number, name in enumerate(SHIPPED_STYLES):
            style = load_style(find_style(name))
            one, song, hops = time_bars(style, bars, rounds), time_song(style, bars, rounds), time_hops(number, bars)
            (bar_p50, bar_p99), (hop_p50, hop_p99) = (np.percentile(took, (50, 99)).tolist() for took in (one, hops))
            yield BandCost(name, bar_p50, bar_p99, float(np.median(song)), max(song), hop_p50, hop_p99, max(hops))
    finally:
        gc.unfreeze()


def make_table(rows: list[BandCost]) -> Table:
    """All of it in milliseconds."""
    shown = columns("style", "bar p50", "p99", f"{BARS} bars p50", "max", "hop p50", "p99", "max")
    for row in rows:
        style, *values = asdict(row).values()
        shown.add_row(one_line(style), *(f"{value:.3f}" if value < 1 else f"{value:.1f}" for value in values))
    return shown


def bench_accompaniment(
    *,
    rounds: Annotated[int, Parameter(help="How often the 32 bars are played.")] = 5,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False,
) -> int:
    """Measure the cost of the band in ms, by style: a bar of all parts, 32 bars of all parts, a live hop."""
    check_option("--rounds", rounds, *ROUNDS)
    rows = list(measure_costs(rounds))
    if json_:
        write_json([asdict(row) for row in rows])
    else:
        Printer().print(make_table(rows))
    return 0
