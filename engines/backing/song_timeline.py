"""From what was heard in a song to what the band plays to: bars with a chord a beat, and a tempo for each beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.core.events import QUALITY_INTERVALS, Chord, Key
from bridge.core.time import TICKS_PER_BEAT
from bridge.errors import ConfigError
from engines.accompaniment.offline.piece import Piece, Tempi
from engines.accompaniment.score import NO_CHORD
from engines.accompaniment.sheet import METRES, Section, Sheet
from engines.backing.beat_grid import Grid, grid_of
from engines.backing.onset_strength import Strength, measured
from engines.backing.song_sections import Stretch, levels_of, stretches_of
from engines.mir.engine_lookup import DEFAULT, engine_named
from engines.mir.offline.analysis_job import hear
from engines.mir.offline.analysis_remarks import NO_BEAT
from engines.mir.offline.song_map import ChordSpan, SongMap
from engines.offline.smf.bars import FASTEST_US, fill_time
from engines.offline.smf.metas import SLOWEST_BPM
from engines.offline.song_batch import ProgressCallback

LONGEST_BEATS = max(METRES.values())
"""Longer bars, where the count was lost, are divided."""
MOST_US = int(60e6 / SLOWEST_BPM)
"""Microseconds a quarter note."""
REST = 1e-3
"""A bar of which the power is so much (30 dB) below the median bar's is a rest, in which the band is silent, too."""


@dataclass(frozen=True, slots=True)
class Course:
    """A song as the band plays to it. ``beats_s``: from the first bar's first beat to the end of its last bar's last.
    ``bars``: beats of each. ``power``: the song's mean, full scale is 1. ``map``: what was heard."""

    piece: Piece
    beats_s: tuple[float, ...]
    bars: tuple[int, ...]
    power: float
    map: SongMap


def follow(path: Path, told: ProgressCallback, harmony: bool = True) -> Course:
    """What the band plays to the song at ``path``; a `ConfigError` where it is silent or no beat, or, unless without
    ``harmony``, no chord is heard in it."""
    strength = measured(path, told)
    if strength.silent:
        raise ConfigError(f"{path}: is silent", "give a song that can be heard")
    analysis = hear(path, engine_named(DEFAULT), {}, told)
    return course_of(analysis.map, analysis.chances, strength, str(path), harmony)


def course_of(
    heard: SongMap, chances: NDArray[np.float32], strength: Strength, name: str, harmony: bool = True
) -> Course:
    """The course of the song ``name``, of which ``strength`` was measured and ``heard`` was heard.

    ``chances``: its beat activation.
    """
    grid = grid_of(heard.beats, chances, strength)
    starts = _downbeats(grid) if grid is not None else []
    if grid is None or len(starts) < 2:
        mend = "give a longer one, at least ten seconds with a steady beat, or write a chord sheet"
        raise ConfigError(f"{name}: no beat was heard in its {strength.duration_s:.1f} s", mend)
    if harmony and all(span.root < 0 for span in heard.chords):
        raise ConfigError(f"{name}: no chord was heard in it", "ask for --parts drums, or write a chord sheet")
    beats = grid.beats_s[starts[0] :]
    ends = np.append(beats, 2 * beats[-1] - beats[-2])
    lengths = [after - start for start, after in pairwise([*starts, len(grid.beats_s)])]
    edges = np.concatenate([[0], np.cumsum(lengths)])
    chords = [chord_between(heard.chords, start, end) for start, end in pairwise(ends.tolist())]
    powers = [strength.power_between(ends[first], ends[last]) for first, last in pairwise(edges.tolist())]
    stretches = stretches_of(levels_of(strength, [float(ends[edge]) for edge in edges]), powers)
    bars = [tuple(chords[first:last]) for first, last in pairwise(edges.tolist())]
    lead, tempi = tempi_of(ends.tolist())
    usual = float(np.median([power for power in powers if power > REST * max(powers)]))
    piece = Piece(
        Sheet(_sections(bars, stretches), grid.bar_beats, 60.0 / float(np.median(np.diff(beats))), _key(heard)),
        tempi,
        lead,
        intensities=tuple(stretch.intensity for stretch in stretches for _ in range(stretch.bars)),
        rests=frozenset(bar for bar, power in enumerate(powers) if power < REST * usual),
        remarks=heard.remarks if NO_BEAT in heard.remarks else (*heard.remarks, *grid.remarks),
        late_ticks=late_ticks_of(float(ends[0]), lead, tempi),
    )
    return Course(piece, tuple(ends.tolist()), tuple(lengths), float(strength.powers.mean()), heard)


def _downbeats(grid: Grid) -> list[int]:
    """The places of beats that begin a bar; where the count was lost a long bar is divided."""
    found = np.flatnonzero(grid.numbers == 0).tolist()
    starts: list[int] = []
    for start, after in pairwise([*found, len(grid.numbers)]):
        starts.append(start)
        while after - starts[-1] > LONGEST_BEATS:
            starts.append(starts[-1] + grid.bar_beats)
    return starts


def chord_between(spans: Sequence[ChordSpan], start_s: float, end_s: float) -> Chord:
    """The chord that was heard longest between, weighed by how sure it was."""
    shares: dict[Chord, float] = {}
    for span in spans:
        shared = min(span.end_s, end_s) - max(span.start_s, start_s)
        if shared > 0:
            chord = _chord(span)
            shares[chord] = shares.get(chord, 0.0) + shared * (0.1 + span.confidence)
    return max(shares, key=lambda chord: shares[chord], default=NO_CHORD)


def _chord(span: ChordSpan) -> Chord:
    if span.root < 0:
        return NO_CHORD
    intervals = tuple((pitch_class - span.root) % 12 for pitch_class in span.pitch_classes)
    quality = QUALITY_INTERVALS.index(intervals) if intervals in QUALITY_INTERVALS else 0
    return Chord(span.root, quality, span.root if span.bass < 0 else span.bass, 1.0)


def _key(heard: SongMap) -> Key | None:
    """The one that lasts longest."""
    return next((Key(span.tonic, int(span.minor), 1.0) for span in heard.keys if span.label == heard.key), None)


def _sections(bars: Sequence[tuple[Chord, ...]], stretches: Sequence[Stretch]) -> tuple[Section, ...]:
    """Neighbours of one name as one section."""
    found, at = [], 0
    for name, group in groupby(stretches, key=lambda stretch: stretch.name):
        count = sum(stretch.bars for stretch in group)
        found.append(Section(name, 1, tuple(bars[at : at + count])))
        at += count
    return tuple(found)


def tempi_of(beats_s: Sequence[float]) -> tuple[int, Tempi]:
    """Ticks before the first of ``beats_s``, and a tempo for each beat so that it falls where it lies in the song.

    Tick 0 is the song's first frame. Microseconds a quarter note are whole numbers; what one loses the next makes up
    for, so beats are right to the microsecond however long the song is, and the first to a tenth of a millisecond.
    Where no bar is short enough for the time before the first beat (50 ms), its bar line lies at the song's start.
    """
    lead = fill_time(beats_s[0] * 1e6, float(np.median(np.diff(beats_s[:9]))) * 1e6)
    tempi = list(lead.tempi)
    ends = [*(tick for tick, _ in tempi[1:]), lead.ticks]
    here_us = sum(tempo * (end - tick) / TICKS_PER_BEAT for (tick, tempo), end in zip(tempi, ends, strict=False))
    for number, after_s in enumerate(beats_s[1:]):
        tempo = min(max(round(after_s * 1e6 - here_us), FASTEST_US), MOST_US)
        tempi.append((lead.ticks + number * TICKS_PER_BEAT, tempo))
        here_us += tempo
    return lead.ticks, tuple(tempi)


def late_ticks_of(first_s: float, lead_ticks: int, tempi: Tempi) -> int:
    """How far behind the file's start the first beat is, where no bar leads in to it."""
    return 0 if lead_ticks else round(first_s * 1e6 * TICKS_PER_BEAT / tempi[0][1])
