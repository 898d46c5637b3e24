"""Song timeline: an analysed song as the band plays to it, bars with a chord a beat and a tempo for each beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.core.chords import MAJOR, QUALITIES, find_intervals
from bridge.core.events import Chord, Key
from bridge.core.time import TICKS_PER_BEAT
from bridge.errors import ConfigError
from engines.accompaniment.offline.timed_sheet import Tempi, TimedSheet
from engines.accompaniment.score import NO_CHORD
from engines.accompaniment.sheet import METRES, Sheet, SheetSection
from engines.backing.beat_grid import BeatGrid, build_beat_grid
from engines.backing.onset_strength import OnsetStrength, measure_onset_strength
from engines.backing.song_sections import SongSection, find_sections, measure_bar_levels
from engines.mir.engine_lookup import DEFAULT, create_engine
from engines.mir.offline.analysis_job import analyse_file
from engines.mir.offline.analysis_remarks import NO_BEAT
from engines.mir.offline.beat_decoder import HarmonicChanges
from engines.mir.offline.song_map import ChordSpan, SongMap
from engines.offline.smf.bars import FASTEST_US, choose_lead_quarters, fill_quarters
from engines.offline.smf.metas import SLOWEST_BPM
from engines.offline.song_batch import ProgressCallback

MAX_BAR_BEATS = max(METRES.values())
"""Longer bars, where the count was lost, are divided."""
MAX_TEMPO_US = int(60e6 / SLOWEST_BPM)
"""Microseconds a quarter note."""
REST_POWER_RATIO = 1e-3
"""Power of a bar, against the median bar's, below which (30 dB) it is a rest: the band is silent, too."""


@dataclass(frozen=True, slots=True)
class SongTimeline:
    """A song as the band plays to it. ``beats_s``: from the first bar's first beat to the end of the last bar's last.
    ``bars``: beats of each. ``power``: the song's mean, full scale is 1. ``map``: the analysis."""

    piece: TimedSheet
    beats_s: tuple[float, ...]
    bars: tuple[int, ...]
    power: float
    map: SongMap


@dataclass(frozen=True, slots=True)
class FittedTempi:
    """Tempo map of a song. ``lead_ticks``: of the whole bars before the first beat. ``late_ticks``: how far the first
    beat lies behind the bar line at the song's start, where no bar leads in to it."""

    lead_ticks: int
    late_ticks: int
    tempi: Tempi


def analyse_song(path: Path, progress: ProgressCallback, harmony: bool = True) -> SongTimeline:
    """Analyse the song at ``path``; a `ConfigError` if it is silent, has no beat or, with ``harmony``, no chord."""
    strength = measure_onset_strength(path, progress)
    if strength.is_silent:
        raise ConfigError(f"{path}: is silent", "give a song with audible sound")
    analysis = analyse_file(path, create_engine(DEFAULT), {}, progress)
    return build_timeline(analysis.map, analysis.activation, strength, str(path), harmony, analysis.changes)


def build_timeline(
    song_map: SongMap,
    activation: NDArray[np.float32],
    strength: OnsetStrength,
    name: str,
    harmony: bool = True,
    changes: HarmonicChanges | None = None,
) -> SongTimeline:
    """Build the timeline of the song ``name`` from its analysis, its beat ``activation`` and its onset ``strength``.

    ``harmony``: whether chords are needed. ``changes``: of the harmony, as evidence for the beats.
    """
    grid = build_beat_grid(song_map.beats, activation, strength, changes)
    starts = _find_downbeats(grid) if grid is not None else []
    if grid is None or len(starts) < 2:
        hint = "give a longer one, at least ten seconds with a steady beat, or write a chord sheet"
        raise ConfigError(f"{name}: no beat was detected in its {strength.duration_s:.1f} s", hint)
    if harmony and all(span.root < 0 for span in song_map.chords):
        raise ConfigError(f"{name}: no chord was detected in it", "ask for --parts drums, or write a chord sheet")
    beats = grid.beats_s[starts[0] :]
    lengths = [after - start for start, after in pairwise([*starts, len(grid.beats_s)])]
    missing = max(grid.bar_beats - lengths[-1], 0)
    lengths[-1] += missing  # the last bar is whole, whatever the beat on which the song stops
    ends = np.append(beats, beats[-1] + (beats[-1] - beats[-2]) * np.arange(1, missing + 2))
    edges = np.concatenate([[0], np.cumsum(lengths)])
    chords = [
        find_chord_between(song_map.chords, start, end) for start, end in pairwise(ends[: len(beats) + 1].tolist())
    ]
    chords += [NO_CHORD] * missing
    sounding_s = [float(ends[min(edge, len(beats))]) for edge in edges]
    powers = [strength.measure_power(start_s, end_s) for start_s, end_s in pairwise(sounding_s)]
    sections = find_sections(measure_bar_levels(strength, sounding_s), powers)
    bars = [tuple(chords[first:last]) for first, last in pairwise(edges.tolist())]
    fitted = fit_tempi(ends.tolist(), grid.bar_beats)
    bpm = 60.0 / float(np.median(np.diff(beats)))
    usual = float(np.median([power for power in powers if power > REST_POWER_RATIO * max(powers)]))
    piece = TimedSheet(
        Sheet(_join_sections(bars, sections), grid.bar_beats, bpm, _find_longest_key(song_map)),
        fitted.tempi,
        fitted.lead_ticks,
        intensities=tuple(section.intensity for section in sections for _ in range(section.bars)),
        rests=frozenset(bar for bar, power in enumerate(powers) if power < REST_POWER_RATIO * usual),
        remarks=song_map.remarks if NO_BEAT in song_map.remarks else (*song_map.remarks, *grid.remarks),
        late_ticks=fitted.late_ticks,
    )
    return SongTimeline(piece, tuple(ends.tolist()), tuple(lengths), float(strength.powers.mean()), song_map)


def _find_downbeats(grid: BeatGrid) -> list[int]:
    """Places of the downbeats from the first whole bar on; where the count was lost a long bar is divided."""
    found = np.flatnonzero(grid.numbers == 0).tolist()
    while len(found) > 2 and found[1] - found[0] < grid.bar_beats:
        found.pop(0)
    starts: list[int] = []
    for start, after in pairwise([*found, len(grid.numbers)]):
        starts.append(start)
        while after - starts[-1] > MAX_BAR_BEATS:
            starts.append(starts[-1] + grid.bar_beats)
    return starts


def find_chord_between(spans: Sequence[ChordSpan], start_s: float, end_s: float) -> Chord:
    """The chord that lasts longest between, weighted by its confidence."""
    shares: dict[Chord, float] = {}
    for span in spans:
        shared = min(span.end_s, end_s) - max(span.start_s, start_s)
        if shared > 0:
            chord = _to_chord(span)
            shares[chord] = shares.get(chord, 0.0) + shared * (0.1 + span.confidence)
    return max(shares, key=lambda chord: shares[chord], default=NO_CHORD)


def _to_chord(span: ChordSpan) -> Chord:
    if span.root < 0:
        return NO_CHORD
    quality = find_intervals(frozenset((pitch_class - span.root) % 12 for pitch_class in span.pitch_classes))
    return Chord(
        span.root,
        QUALITIES.index(MAJOR) if quality is None else quality,
        span.root if span.bass < 0 else span.bass,
        1.0,
    )


def _find_longest_key(song_map: SongMap) -> Key | None:
    """The key that lasts longest."""
    return next((Key(span.tonic, int(span.minor), 1.0) for span in song_map.keys if span.label == song_map.key), None)


def _join_sections(bars: Sequence[tuple[Chord, ...]], sections: Sequence[SongSection]) -> tuple[SheetSection, ...]:
    """Join neighbours of one name into one section."""
    found, at = [], 0
    for name, group in groupby(sections, key=lambda section: section.name):
        count = sum(section.bars for section in group)
        found.append(SheetSection(name, 1, tuple(bars[at : at + count])))
        at += count
    return tuple(found)


def fit_tempi(beats_s: Sequence[float], bar_beats: int) -> FittedTempi:
    """Fit a tempo map that puts each of ``beats_s``, from the first bar's first on, on its time.

    Tick 0 is the song's first frame, and a bar begins there. Whole bars of ``bar_beats`` lead in to the first beat, or
    the bar that begins there is the first beat's own: as leaves the tempo more even. Microseconds a quarter note are
    whole numbers; what one loses the next makes up for, so beats are right to the microsecond however long the song
    is, and the first to a tenth of a millisecond.
    """
    first_us, after_us = beats_s[0] * 1e6, beats_s[1] * 1e6
    quarters = choose_lead_quarters(first_us, after_us, float(np.median(np.diff(beats_s[:9]))) * 1e6, bar_beats)
    lead_ticks, late_ticks = quarters * TICKS_PER_BEAT, 0
    tempi, here_us = list[tuple[int, int]](), 0.0
    if quarters:
        tempi = list(fill_quarters(first_us, quarters).tempi)
        ends = [*(tick for tick, _ in tempi[1:]), lead_ticks]
        here_us = sum(tempo * (end - tick) / TICKS_PER_BEAT for (tick, tempo), end in zip(tempi, ends, strict=True))
    elif late_ticks := round(first_us / after_us * TICKS_PER_BEAT):
        tempi = [(0, round(first_us * TICKS_PER_BEAT / late_ticks))]
        here_us = tempi[0][1] * late_ticks / TICKS_PER_BEAT
    for number, beat_s in enumerate(beats_s[1:]):
        ticks = TICKS_PER_BEAT if number else TICKS_PER_BEAT - late_ticks
        tempo = min(max(round((beat_s * 1e6 - here_us) * TICKS_PER_BEAT / ticks), FASTEST_US), MAX_TEMPO_US)
        tempi.append((lead_ticks + (number + 1) * TICKS_PER_BEAT - ticks, tempo))
        here_us += tempo * ticks / TICKS_PER_BEAT
    return FittedTempi(lead_ticks, late_ticks, tuple(tempi))
