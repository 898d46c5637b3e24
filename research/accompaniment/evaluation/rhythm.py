"""Rhythm measures: onsets within the bar, compared with people's playing. Everything is counted in sixteenths."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.core.arrays import Float64Array
from research.accompaniment.songs import AnnotatedSong
from research.datasets.symbolic import MidiGroove

STEPS = 4
"""A beat."""
SHORTEST_BARS = 4
"""A groove of fewer says little of how bars resemble one another."""
METRE = 4
"""Beats of a bar of the people's playing; what has another metre is not compared."""


def count_onsets(beats: Iterable[float], bars: int, bar_beats: int) -> Float64Array:
    """How much begins at each sixteenth, each beginning at the nearest: shape (bars, steps of a bar)."""
    steps = bar_beats * STEPS
    at = np.floor(np.asarray(list(beats), np.float64) * STEPS + 0.5).astype(np.int64)
    inside = at[(at >= 0) & (at < bars * steps)]
    return np.bincount(inside, minlength=bars * steps).astype(np.float64).reshape(bars, steps)


def measure_steadiness(bars: Float64Array) -> float:
    """How alike the ``bars`` of one player are: the share of the bar's positions at which two of them agree whether
    something begins there, over all pairs (the grooving pattern similarity of Wu and Yang, "The Jazz Transformer on the
    front line", ISMIR 2020, on 16 positions of a bar of four instead of their 64). Bars before the first and after the
    last beginning do not count. NaN for fewer than SHORTEST_BARS."""
    struck = bars > 0
    sounding = np.flatnonzero(struck.any(1))
    if not len(sounding) or (count := sounding[-1] + 1 - sounding[0]) < SHORTEST_BARS:
        return math.nan
    here = struck.sum(0)
    differ = here * (count - here) / (count * (count - 1) / 2)  # pairs of which one strikes and one does not
    return float(1.0 - differ.mean())


def compute_typical_bar(bars: Float64Array) -> Float64Array:
    """The mean of ``bars`` as vectors of length 1; shape (steps,). Bars in which nothing begins do not count."""
    length = np.linalg.norm(bars, axis=1, keepdims=True)
    there = length[:, 0] > 0
    units = bars[there] / length[there]
    return np.asarray(units.mean(0) if len(units) else np.zeros(bars.shape[1]), np.float64)


def measure_similarity(bars: Float64Array, reference: Float64Array) -> float:
    """The mean cosine of a bar of ``bars`` and one of the reference, given as its `compute_typical_bar`, over all pairs
    (the groove similarity of Wu and Yang, "MuseMorphose", 2021, between other bars). NaN where nothing begins."""
    here = compute_typical_bar(bars)
    return float(here @ reference) if here.any() and reference.any() else math.nan


def measure_divergence(one: Float64Array, other: Float64Array) -> float:
    """Jensen and Shannon's (Lin 1991) of two counts, in bits: 0 for the same shares, 1 where they share no position."""
    if not one.sum() or not other.sum():
        return math.nan
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    return float((_compute_relative_entropy(p, middle) + _compute_relative_entropy(q, middle)) / 2)


def _compute_relative_entropy(p: Float64Array, to: Float64Array) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / to[there])).sum())


@dataclass(frozen=True)
class HumanReference:
    """How people play bars of METRE beats. ``pianists``: of each song the shares of each position, shape (steps,);
    ``strokes``: those of drummers; ``bar``: their bars' `compute_typical_bar`."""

    pianists: Mapping[str, Float64Array]
    hits: Float64Array
    bar: Float64Array

    def sum_other_pianists(self, song: str) -> Float64Array:
        """All but that of ``song`` itself, each weighing the same."""
        others = [shares for name, shares in self.pianists.items() if name != song]
        return np.asarray(sum(others, np.zeros(METRE * STEPS)), np.float64)


def count_groove(groove: MidiGroove) -> Float64Array:
    return count_onsets((hit.beat for hit in groove.hits), round(groove.beats) // METRE, METRE)


def make_reference(songs: Sequence[AnnotatedSong], grooves: Sequence[MidiGroove]) -> HumanReference:
    """The pianists of those ``songs`` that have one, and drummers, each groove weighing as much as it has bars."""
    pianists = {
        song.name: count_onsets((note.beat for note in song.human), song.bars, METRE).sum(0)
        for song in songs
        if song.human and song.bar_beats == METRE
    }
    bars = np.concatenate([np.zeros((0, METRE * STEPS)), *(count_groove(groove) for groove in grooves)])
    return HumanReference(
        {name: each / each.sum() for name, each in pianists.items()}, bars.sum(0), compute_typical_bar(bars)
    )
