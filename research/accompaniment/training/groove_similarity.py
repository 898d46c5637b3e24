"""Groove similarity of the band's drums to held-out human drummers.

A bar's groove vector counts the strokes of each sixteenth. Similarity is the cosine of two such vectors (as in Wu and
Yang, "MuseMorphose", 2021), the mean over all pairs of a bar of ours and one of theirs; ``by drum`` keeps the drums
apart and takes velocities. Steadiness is the grooving pattern similarity of Wu and Yang ("The Jazz Transformer on the
Front Line", ISMIR 2020): the share of sixteenths at which two bars of one song agree whether anything is struck.
Velocities are compared with the hard strokes of the same drum in the same song. Divergences are Jensen-Shannon's in
bits, overlaps the common area of two histograms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.grooves import STEPS
from engines.accompaniment.parts import PARTS
from engines.accompaniment.parts.drums import LANES
from engines.accompaniment.score import NO_CHORD, Bar, PartState, PerformanceControls
from engines.accompaniment.style import ROLES, Style
from research.accompaniment.training.drumming import DrumBars, find_grid_steps, quantize
from research.accompaniment.training.templates import HARD_PERCENTILE

LANE_OF = {note: LANES[role] for role, note in ROLES.items()}
PHRASE_BARS = 8
"""Bars that are played at one intensity, the last with a fill."""
INTENSITIES = tuple(round(0.05 + 0.1 * step, 2) for step in range(10))
SEEDS = range(3)
MOST_BARS = 600
LOUDNESSES = np.arange(0, 1.65, 0.1)
LATENESSES = np.arange(-62.5, 63, 5)


@dataclass(frozen=True)
class GrooveSimilarity:
    similarity: float
    by_drum: float
    steadiness: float
    onset_bits: float
    drum_bits: float
    velocity_overlap: float
    timing_overlap: float


def compare_grooves(ours: DrumBars, theirs: DrumBars) -> GrooveSimilarity:
    mine, others = (bars.is_hit.sum(1, dtype=np.float64) for bars in (ours, theirs))
    return GrooveSimilarity(
        _compute_cosine(mine, others),
        _compute_cosine(ours.velocity.reshape(len(ours), -1), theirs.velocity.reshape(len(theirs), -1)),
        measure_steadiness(ours),
        _compute_divergence(mine.sum(0), others.sum(0)),
        _compute_divergence(ours.is_hit.sum(0).ravel(), theirs.is_hit.sum(0).ravel()),
        _compute_overlap(compute_gains(ours), compute_gains(theirs), LOUDNESSES),
        _compute_overlap(ours.late[ours.is_hit], theirs.late[theirs.is_hit], LATENESSES),
    )


def measure_steadiness(bars: DrumBars) -> float:
    """The mean over songs, each the mean over pairs of its bars."""
    is_hit = np.asarray(bars.is_hit.any(1))
    found = []
    for song in np.unique(bars.song):
        own = is_hit[bars.song == song].astype(np.float64)
        if len(own) > 1:
            agree = own @ own.T + (1 - own) @ (1 - own).T
            found.append((agree.sum() - STEPS * len(own)) / (STEPS * len(own) * (len(own) - 1)))
    return float(np.mean(found)) if found else float("nan")


def compute_gains(bars: DrumBars) -> Float64Array:
    """Every velocity against the hard strokes of its drum in its song: how loud a drum answers is the kit's."""
    found = [np.zeros(0)]
    for song in np.unique(bars.song):
        own = bars.velocity[bars.song == song]
        for lane in range(own.shape[1]):
            is_hit = own[:, lane][own[:, lane] > 0]
            if len(is_hit):
                found.append(is_hit / np.percentile(is_hit, HARD_PERCENTILE))
    return np.concatenate(found)


def _compute_cosine(ours: Float64Array, theirs: Float64Array) -> float:
    units = [_to_unit_vectors(one).mean(0) for one in (ours, theirs)]
    return float(units[0] @ units[1])


def _to_unit_vectors(vectors: Float64Array) -> Float64Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors[length[:, 0] > 0] / length[length[:, 0] > 0])


def _compute_divergence(ours: NDArray[np.generic], theirs: NDArray[np.generic]) -> float:
    one, other = (np.asarray(counts, np.float64) / max(float(np.sum(counts)), 1e-12) for counts in (ours, theirs))
    middle = (one + other) / 2
    return float(sum((p[p > 0] * np.log2(p[p > 0] / middle[p > 0])).sum() for p in (one, other)) / 2)


def _compute_overlap(ours: Float64Array, theirs: Float64Array, edges: NDArray[np.generic]) -> float:
    shares = [
        np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / max(len(values), 1) for values in (ours, theirs)
    ]
    return float(np.minimum(*shares).sum())


def play_style(style: Style, controls: PerformanceControls) -> DrumBars:
    """What the drums of ``style`` play from the calmest to the hardest."""
    swing = (1 + controls.swing / 3) / 2
    found = []
    for song, (intensity, seed) in enumerate((i, s) for i in INTENSITIES for s in SEEDS):
        memory = PartState()
        beats: list[float] = []
        is_hit: list[tuple[int, float]] = []
        for number in range(PHRASE_BARS):
            bar = Bar(
                number, (NO_CHORD,) * 4, position=number, intensity=intensity,
                opens=number == 0, fill=number == PHRASE_BARS - 1,
            )  # fmt: skip
            notes, memory = PARTS["drums"](bar, style, replace(controls, seed=seed), memory)
            beats += [(number * bar.ticks + note.tick) / TICKS_PER_BEAT for note in notes]
            is_hit += [(LANE_OF[note.pitch], note.velocity) for note in notes]
        steps, late = find_grid_steps(np.array(beats), style.swing_ticks / TICKS_PER_BEAT, swing)
        late = late - np.median(late)  # as theirs are
        inside = steps < PHRASE_BARS * STEPS
        here = [one for one, kept in zip(is_hit, inside, strict=True) if kept]
        found.append(
            quantize(
                steps[inside],
                [lane for lane, _ in here],
                [velocity for _, velocity in here],
                late[inside],
                np.full(PHRASE_BARS, song),
            )
        )
    return DrumBars(*(np.concatenate([getattr(one, name) for one in found]) for name in ("velocity", "late", "song")))


def remove_templates(style: Style) -> Style:
    """``style`` with nothing but its written patterns, played as without drummers."""
    drums = style.parts["drums"]
    written = tuple(replace(one, articulations={}) for one in drums.patterns if not one.groove_cluster)
    return replace(style, parts={**style.parts, "drums": replace(drums, patterns=written)})


def make_rows(style: Style, learned: DrumBars, held: DrumBars) -> dict[str, GrooveSimilarity]:
    """What is compared with the bars held out, by name."""
    random = np.random.default_rng(0)
    usual = PerformanceControls(swing=style.swing)
    some = np.sort(random.permutation(len(learned))[:MOST_BARS])
    compared: Mapping[str, DrumBars] = {
        "templates": play_style(style, usual),
        "written by hand": play_style(remove_templates(style), usual),
        "the drummers learned from": learned.only(some),
        "those held out, steps shuffled": shuffle_steps(held, random),
    }
    return {name: compare_grooves(bars, held) for name, bars in compared.items()} | {
        "those held out, among themselves": compare_grooves(*split_halves(held))
    }


def shuffle_steps(bars: DrumBars, random: np.random.Generator) -> DrumBars:
    """Each bar with its sixteenths in another order, all drums alike."""
    order = np.stack([random.permutation(STEPS) for _ in range(len(bars))])[:, None, :]
    return DrumBars(
        np.take_along_axis(bars.velocity, order, 2), np.take_along_axis(bars.late, order, 2), bars.song
    )  # fmt: skip


def split_halves(bars: DrumBars) -> tuple[DrumBars, DrumBars]:
    """Every other performance, and the rest; of a single one every other bar."""
    songs = np.unique(bars.song)
    first = np.isin(bars.song, songs[::2]) if len(songs) > 1 else np.arange(len(bars)) % 2 == 0
    return bars.only(first), bars.only(~first)


def format_table(style: str, learned: int, held: int, found: Mapping[str, GrooveSimilarity]) -> Sequence[str]:
    """Lines of Markdown."""
    titles = (
        f"{style}: {held} bars held out, {learned} learned from",
        "similarity", "by drum", "steadiness", "onset JSD", "by drum", "velocity overlap", "timing overlap",
    )  # fmt: skip
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for name, one in found.items():
        values = (
            one.similarity, one.by_drum, one.steadiness, one.onset_bits, one.drum_bits, one.velocity_overlap,
            one.timing_overlap,
        )  # fmt: skip
        lines.append(f"| {name} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    return lines
