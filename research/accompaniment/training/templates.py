"""Groove templates: bars that are alike, from the calmest to the hardest of a family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from engines.accompaniment.grooves import CERTAIN_PERCENT, STEPS, Cell, FamilyTable, GrooveFile, TemplateTable
from engines.accompaniment.parts.drums import LANES
from research.accompaniment.training.drumming import KINDS, DrumBars, DrumPerformance, DrumStyle, join

ATTRIBUTION = (
    "Counted in the Groove MIDI Dataset (https://magenta.tensorflow.org/datasets/groove) by Jon Gillick, Adam Roberts, "
    "Jesse Engel, Douglas Eck and David Bamman, (c) Google LLC, CC BY 4.0 "
    "(https://creativecommons.org/licenses/by/4.0/). Changed: bars were put on a grid, grouped and averaged."
)
BANDS, GROUPS = 6, 5
"""The bars are parted by their energy, and those of a band by what is struck."""
MOST_BARS = 48
"""Of a performance, so that no long one outweighs the others."""
FEWEST_BARS = 6
"""Fewer alike are no template."""
BARS_PER_GROUP = 12
"""A band has a group for so many bars at most."""
GROOVE_CLUSTERS = 4
CLEAR_SHARE, MIN_CLEAR_HITS = 0.6, 0.6
"""In a template MIN_CLEAR_HITS of its hits are played in CLEAR_SHARE of its bars or more; else it is a blur."""
HARD_PERCENTILE = 80
"""Percent of a drum's strokes that are softer than its hard ones."""
COUNTED_SHARE = 0.6
"""The share of a group, nearest to its mean, that is counted: the rest blur it."""
MIN_HITS = 4
MOST_OF_A_FILL = 0.3
"""Bars with more of their strokes on toms and crashes are fills, not grooves."""
MOST_ROLLED = 8
"""Where a snare under a backbeat, or an open hi-hat, is struck more often, it marches, rolls or washes."""
OFF_TICKS, MOST_OFF = 45.0, 0.2
"""Where more strokes than MOST_OFF are further than this from the grid it is not the bar's."""
MIN_HIT_SHARE = 0.2
"""A stroke that fewer bars have is left out."""
RAREST_CRASH = 0.6
"""The arranger strikes crashes of its own where something opens."""
MIN_FEEL_HITS = 12
"""A drum's feel at a step is counted from so many strokes, else it is the drum's."""
LATEST_TICKS, WIDEST_TICKS = 30, 25
MAX_ROUNDS = 30
WEIGHTS: Mapping[str, float] = {
    "kick": 1.0, "snare": 1.0, "stick": 0.9, "closed": 0.6, "open": 0.7, "pedal": 0.6, "ride": 0.6,
}  # fmt: skip
"""Weights of the drums in the distance of two bars; of the others OTHER_WEIGHT."""
OTHER_WEIGHT = 0.5


def build_groove_file(learned: Mapping[str, Sequence[DrumPerformance]]) -> GrooveFile:
    """The file of the families that ``learned`` names; deterministic."""
    families = {name: build_family(learned[name], kind) for name, kind in KINDS.items() if learned.get(name)}
    return GrooveFile(1, ATTRIBUTION, families)


def build_family(performances: Sequence[DrumPerformance], kind: DrumStyle) -> FamilyTable:
    bars = select_usable(join([_thin_out(one) for one in performances]), kind)
    levels = _rank(bars.velocity.sum((1, 2)))
    templates: list[TemplateTable] = []
    for band in range(BANDS):
        members = np.flatnonzero((levels * BANDS).astype(int).clip(max=BANDS - 1) == band)
        for group in group_bars(_to_points(bars.only(members)), GROUPS):
            chosen = members[group]
            made = build_template(bars.only(chosen), float(np.median(levels[chosen])))
            if made is not None:
                templates.append(made)
    templates.sort(key=lambda one: one.level)
    loud = {
        role: round(float(np.percentile(bars.velocity[:, lane][bars.is_hit[:, lane]], HARD_PERCENTILE)))
        for role, lane in LANES.items()
        if bars.is_hit[:, lane].any()
    }
    swings = [3 * (2 * one.swing - 1) for one in performances]
    return FamilyTable(
        len(performances), len(bars), round(float(np.clip(np.median(swings), 0, 1)), 2), loud, measure_feel(bars),
        assign_clusters(templates),
    )  # fmt: skip


def assign_clusters(templates: Sequence[TemplateTable]) -> tuple[TemplateTable, ...]:
    """Numbered from 1 by what they are made of, whatever their level."""
    made = np.zeros((len(templates), len(LANES), STEPS))
    for number, one in enumerate(templates):
        for role, cells in one.hits.items():
            for cell in cells:
                made[number, LANES[role], cell.step] = cell.percent / 100 * WEIGHTS.get(role, OTHER_WEIGHT)
    labels = _cluster(made.reshape(len(templates), len(LANES) * STEPS), min(GROOVE_CLUSTERS, len(templates)))[0]
    return tuple(
        msgspec.structs.replace(one, groove_cluster=1 + int(label))
        for one, label in zip(templates, labels, strict=True)
    )


def build_template(bars: DrumBars, level: float) -> TemplateTable | None:
    """From bars that are alike; None where nothing is common to them."""
    if len(bars) < FEWEST_BARS:
        return None
    share = bars.is_hit.mean(0)
    hits: dict[str, tuple[Cell, ...]] = {}
    for role, lane in LANES.items():
        rarest = RAREST_CRASH if role == "crash" else MIN_HIT_SHARE
        cells = [
            _make_cell(bars, lane, int(step), float(share[lane, step]))
            for step in np.flatnonzero(share[lane] >= rarest)
        ]
        if cells:
            hits[role] = tuple(cells)
    shares = [cell.percent / 100 for cells in hits.values() for cell in cells]
    clear = sum(share for share in shares if share >= CLEAR_SHARE)
    if max(shares, default=0.0) < CERTAIN_PERCENT / 100 or clear < MIN_CLEAR_HITS * sum(shares):
        return None
    return TemplateTable(round(level, 3), 0, len(bars), hits)


def _make_cell(bars: DrumBars, lane: int, step: int, share: float) -> Cell:
    is_hit = bars.is_hit[:, lane, step]
    velocity = round(float(np.median(bars.velocity[is_hit, lane, step])))
    return Cell(step, round(100 * share), velocity, *_measure_feel(bars.late[is_hit, lane, step]))


def measure_feel(bars: DrumBars) -> dict[str, tuple[tuple[int, int], ...]]:
    """Lateness and spread in ticks of every drum that was struck often enough."""
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for role, lane in LANES.items():
        is_hit = bars.is_hit[:, lane]
        if is_hit.sum() < MIN_FEEL_HITS:
            continue
        whole = _measure_feel(bars.late[:, lane][is_hit])
        found[role] = tuple(
            _measure_feel(bars.late[is_hit[:, step], lane, step]) if is_hit[:, step].sum() >= MIN_FEEL_HITS else whole
            for step in range(STEPS)
        )
    return found


def _measure_feel(late: Float64Array) -> tuple[int, int]:
    """Median, and standard deviation by the quartiles, whom a few stray strokes do not move."""
    low, middle, high = np.percentile(late, (25, 50, 75))
    return int(np.clip(round(middle), -LATEST_TICKS, LATEST_TICKS)), min(round((high - low) / 1.349), WIDEST_TICKS)


def measure_correlation(bars: DrumBars) -> float:
    """How much the lateness of two drums struck at one step correlates, less what is usual of each at that step."""
    is_hit = bars.is_hit
    usual = np.array(
        [
            [np.median(lane[on]) if on.any() else 0.0 for lane, on in zip(drum, ons, strict=True)]
            for drum, ons in zip(bars.late.transpose(1, 2, 0), is_hit.transpose(1, 2, 0), strict=True)
        ]
    )
    off = np.clip(np.where(is_hit, bars.late - usual, 0.0), -OFF_TICKS, OFF_TICKS)
    count = is_hit.sum(1)
    several = count > 1
    squares = (off**2).sum(1)[several]
    pairs = (off.sum(1)[several] ** 2 - squares) / (count[several] * (count[several] - 1))
    return float(pairs.mean() / (squares / count[several]).mean())


def select_usable(bars: DrumBars, kind: DrumStyle) -> DrumBars:
    """Without fills, near silence, what is on another grid, what rolls, and what begins without a stroke: of kinds with
    a backbeat what has none, or no kick first."""
    is_hit = bars.is_hit
    back = np.asarray(is_hit[:, [LANES[role] for role in ("snare", "stick", "clap")]].any(1))
    beaten = ((back[:, 4] & back[:, 12]) | back[:, 8]) & (back.sum(1) <= MOST_ROLLED)
    stands = is_hit[:, LANES["kick"], 0] & beaten if kind.backbeat else is_hit[:, :, 0].any(1)
    count = is_hit.sum((1, 2))
    loud = is_hit[:, [LANES[role] for role in ("tom_low", "tom_mid", "tom_high", "crash")]].sum((1, 2))
    off = (is_hit & (np.abs(bars.late) > OFF_TICKS)).sum((1, 2))
    stands = np.asarray(stands & (is_hit[:, LANES["open"]].sum(1) <= MOST_ROLLED))
    return bars.only(stands & (count >= MIN_HITS) & (loud <= MOST_OF_A_FILL * count) & (off <= MOST_OFF * count))


def _thin_out(one: DrumPerformance) -> DrumPerformance:
    count = len(one.bars)
    kept = np.unique(np.linspace(0, count - 1, min(count, MOST_BARS)).round().astype(np.int64))
    return replace(one, bars=one.bars.only(kept))


def _rank(energy: Float64Array) -> Float64Array:
    """From 0, the least, to 1."""
    ranks = np.empty(len(energy))
    ranks[np.argsort(energy, kind="stable")] = np.arange(len(energy))
    return ranks / max(len(energy) - 1, 1)


def _to_points(bars: DrumBars) -> Float64Array:
    weights = np.array([WEIGHTS.get(role, OTHER_WEIGHT) for role in LANES])
    points = bars.is_hit * (0.5 + 0.5 * bars.velocity / 127) * weights[:, None]
    return np.asarray(points.reshape(len(bars), -1), np.float64)


def group_bars(points: Float64Array, count: int) -> list[NDArray[np.int64]]:
    """Those that are alike, of each group the nearest to its mean."""
    count = min(count, max(len(points) // BARS_PER_GROUP, len(points) >= FEWEST_BARS))
    if not count:
        return []
    labels, nearest = _cluster(points, count)
    found = []
    for number in range(count):
        members = np.flatnonzero(labels == number)
        kept = max(FEWEST_BARS, round(COUNTED_SHARE * len(members)))
        found.append(np.sort(members[np.argsort(nearest[members], kind="stable")][:kept]))
    return found


def _cluster(points: Float64Array, count: int) -> tuple[NDArray[np.int64], Float64Array]:
    """k-means (Lloyd) from seeds that lie apart (k-means++): each point's group, and its distance from the mean."""
    random = np.random.default_rng(0)
    means = points[[0]]
    means[0] = points[int(_trim_overlaps(points, points.mean(0, keepdims=True)).argmin())]
    while len(means) < count:
        odds = _trim_overlaps(points, means).min(1)
        if not odds.any():
            break
        means = np.concatenate([means, points[[random.choice(len(points), p=odds / odds.sum())]]])
    for _ in range(MAX_ROUNDS):
        labels = _trim_overlaps(points, means).argmin(1)
        moved = np.stack([points[labels == i].mean(0) if (labels == i).any() else mean for i, mean in enumerate(means)])
        if np.array_equal(moved, means):
            break
        means = moved
    distances = _trim_overlaps(points, means)
    return distances.argmin(1), distances.min(1)


def _trim_overlaps(points: Float64Array, means: Float64Array) -> Float64Array:
    """Squared distances, shape (points, means)."""
    across = points @ means.T
    found = (points**2).sum(1)[:, None] - 2 * across + (means**2).sum(1)[None, :]
    return np.asarray(np.maximum(found, 0.0), np.float64)


def to_json(grooves: GrooveFile) -> bytes:
    """JSON with a line for each template."""
    text = msgspec.json.encode(grooves)
    for begins in (b'{"level"', b'"templates"', b'"families"', b'{"performances"'):
        text = text.replace(begins, b"\n" + begins)
    return text + b"\n"
