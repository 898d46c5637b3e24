"""Bars of the Groove MIDI Dataset on a grid of sixteenths: hits, velocities and lateness."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.grooves import STEPS
from engines.accompaniment.parts.drums import LANES
from research.datasets.sources import HELD_OUT
from research.datasets.symbolic import MidiGroove, read_grooves

MIN_SWING = 0.57
"""A performance swings where the second half of its beats begins later than this share of them."""
MOST_SWUNG = 0.7
MAX_DEVIATION_SHARE = 0.95
"""A swing is believed where it leaves at most so much of the straight reading's deviation."""
FEET = ("pedal",)
"""A foot on the hi-hat keeps to eighths, and comes up to a tenth of a beat early: no sixteenth too soon."""
EVERYBODYS = "/eval_session/"
"""Ten grooves that all drummers of the collection play: those held out would be known from the others."""


@dataclass(frozen=True)
class DrumStyle:
    """The styles of the collection that make a family. ``pair_beats``: within what its second half swings. ``swung``:
    it has those whose eighths swing, and else those whose eighths do not. ``backbeat``: its bars have
    one, of the full or the half tempo. ``held_out``: drummers that are held out beside those of `HELD_OUT`, where these
    play little of it or nothing."""

    styles: tuple[str, ...]
    pair_beats: float = 1.0
    swung: bool = False
    backbeat: bool = True
    held_out: frozenset[str] = frozenset()

    def has(self, style: str) -> bool:
        return any(style == one or style.startswith(f"{one}/") for one in self.styles)


KINDS: Mapping[str, DrumStyle] = {
    "funk": DrumStyle(("funk", "neworleans/funk"), 0.5),
    "hiphop": DrumStyle(("hiphop",), 0.5, held_out=frozenset({"drummer3"})),
    "jazz": DrumStyle(("jazz",), swung=True, backbeat=False, held_out=frozenset({"drummer3"})),
    "latin": DrumStyle(("latin",), 0.5, backbeat=False),
    "pop": DrumStyle(("pop", "soul")),
    "rock": DrumStyle(("rock",)),
}


@dataclass(frozen=True)
class DrumBars:
    """``velocity`` (bars, drums, 16): velocities, 0 where nothing is struck. ``late`` likewise: ticks behind the grid.
    ``song`` (bars,): which performance each is of."""

    velocity: Float64Array
    late: Float64Array
    song: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.velocity)

    @property
    def is_hit(self) -> NDArray[np.bool_]:
        return self.velocity > 0

    def only(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> DrumBars:
        return DrumBars(self.velocity[which], self.late[which], self.song[which])


@dataclass(frozen=True)
class DrumPerformance:
    """``swing``: where in a pair its second half begins, 0.5 is straight."""

    name: str
    style: str
    swing: float
    bars: DrumBars

    @property
    def drummer(self) -> str:
        return self.name.split("/")[0]


def read_drumming(symbolic: Path) -> list[tuple[str, MidiGroove]]:
    """All beats in 4/4 with their styles."""
    grooves = read_grooves(symbolic)
    with (symbolic / "groove" / "info.csv").open(newline="", encoding="utf-8") as file:
        styles = {row["id"]: row["style"] for row in csv.DictReader(file)}
    return [(styles[groove.name], groove) for groove in grooves]


def list_performances(drumming: Sequence[tuple[str, MidiGroove]], kind: DrumStyle) -> list[DrumPerformance]:
    """Those of ``kind``, each read with its own swing."""
    found: list[DrumPerformance] = []
    for style, groove in drumming:
        if not kind.has(style):
            continue
        beats = np.array([hit.beat for hit in groove.hits])
        eighths = estimate_swing(beats, 1.0)
        if (eighths >= MIN_SWING) != kind.swung:
            continue
        swing = eighths if kind.pair_beats == 1.0 else estimate_swing(beats, kind.pair_beats)
        found.append(DrumPerformance(groove.name, style, swing, _to_bars(groove, kind.pair_beats, swing, len(found))))
    return found


def split_performances(
    kind: DrumStyle, all_: Sequence[DrumPerformance]
) -> tuple[list[DrumPerformance], list[DrumPerformance]]:
    """Those to learn from, and those held out."""
    away = HELD_OUT | kind.held_out
    held = [one for one in all_ if one.drummer in away]
    return [one for one in all_ if one.drummer not in away and EVERYBODYS not in one.name], held


def join(all_: Sequence[DrumPerformance]) -> DrumBars:
    """The bars of all, in their order."""
    empty = np.zeros((0, len(LANES), STEPS))
    return DrumBars(
        np.concatenate([empty, *(one.bars.velocity for one in all_)]),
        np.concatenate([empty, *(one.bars.late for one in all_)]),
        np.concatenate([np.zeros(0, np.int64), *(one.bars.song for one in all_)]),
    )


def estimate_swing(beats: Float64Array, pair_beats: float) -> float:
    """With which swing strokes at ``beats`` lie nearest to the grid; 0.5 where it makes no clear difference."""
    tried = np.arange(0.5, MOST_SWUNG + 0.005, 0.01)
    off = []
    for swing in tried:
        _, late = find_grid_steps(beats, pair_beats, float(swing))
        off.append(float(np.abs(late - np.median(late)).mean()))
    best = int(np.argmin(off))
    return float(tried[best]) if off[best] < MAX_DEVIATION_SHARE * off[0] else 0.5


def find_grid_steps(
    beats: Float64Array, pair_beats: float, swing: float, per_beat: int | NDArray[np.int64] = 4
) -> tuple[NDArray[np.int64], Float64Array]:
    """For each stroke the nearest sixteenth of those that are ``per_beat`` a beat, as the pairs swing, and how many
    ticks it comes after it."""
    pairs, rest = np.divmod(beats / pair_beats, 1.0)
    straight = np.where(rest < swing, rest / (2 * swing), 0.5 + (rest - swing) / (2 * (1 - swing)))
    steps = (np.rint((pairs + straight) * pair_beats * per_beat) * (4 / per_beat)).astype(np.int64)
    pairs, rest = np.divmod(steps / 4 / pair_beats, 1.0)
    there = pairs + np.where(rest < 0.5, rest * 2 * swing, swing + (rest - 0.5) * 2 * (1 - swing))
    return steps, (beats - there * pair_beats) * TICKS_PER_BEAT


def _to_bars(groove: MidiGroove, pair_beats: float, swing: float, song: int) -> DrumBars:
    per_beat = np.array([2 if hit.role in FEET else 4 for hit in groove.hits])
    steps, late = find_grid_steps(np.array([hit.beat for hit in groove.hits]), pair_beats, swing, per_beat)
    late = late - np.median(late)  # what the drummer, the kit and its cables are late altogether
    count = int(steps.max()) // STEPS + 1
    lanes = [LANES[hit.role] for hit in groove.hits]
    return quantize(steps, lanes, [127 * hit.force for hit in groove.hits], late, np.full(count, song))


def quantize(
    steps: NDArray[np.int64], lanes: Sequence[int], forces: Sequence[float], late: Float64Array, song: NDArray[np.int64]
) -> DrumBars:
    """As many bars as ``song`` has entries; of two strokes at one place the louder stays."""
    shape = len(song), len(LANES), STEPS
    velocity, lateness = np.zeros(shape), np.zeros(shape)
    for step, lane, loud, ticks in zip(steps, lanes, forces, late, strict=True):
        place = step // STEPS, lane, step % STEPS
        if loud > velocity[place]:
            velocity[place], lateness[place] = loud, ticks
    return DrumBars(velocity, lateness, song)
