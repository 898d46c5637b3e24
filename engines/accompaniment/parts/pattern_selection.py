"""Pattern selection: the pattern that a part plays in a bar, fitted to the bar's metre and the style strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from engines.accompaniment.grooves import Articulation, Articulations
from engines.accompaniment.parts.accent_bias import add_accents, measure_similarity
from engines.accompaniment.parts.random_draws import PHRASE_BARS, RandomDraws
from engines.accompaniment.score import Bar, PerformanceControls
from engines.accompaniment.style import GRIDS, KEEP, PITCHED_LANE, PartStyle, StepLanes, StepPattern, overlay

MOST_PATTERNS = 8
"""Among so many, the nearest in intensity, the highest complexity chooses."""
TEMPERATURE_RANKS = 6.0
"""Ranks over which the choice spreads at a temperature of 1."""
WRITTEN_PENALTY = 0.3
"""How much nearer in intensity a written pattern must be than one that was counted in drummers' bars."""
OTHER_CLUSTER_PENALTY = 0.2
"""Likewise for a pattern of another groove cluster than the section's: a drummer keeps the groove in a section."""
UNLIKE_PENALTY = 1.5
"""How much nearer in intensity a pattern must be that has nothing in common with what the part follows."""
METRES: Mapping[int, tuple[int, ...]] = {
    1: (0,), 2: (0, 3), 3: (0, 1, 3), 4: (0, 1, 2, 3), 5: (0, 1, 3, 2, 3), 6: (0, 1, 3, 2, 1, 3),
    7: (0, 1, 2, 3, 2, 1, 3),
}  # fmt: skip
"""Which of a pattern's four beats are played in a bar of so many: the first stays first, the last last."""
NEUTRAL: Mapping[str, StepLanes] = {
    "drums": {"kick": "9.......9.......", "snare": "....9.......9...", "closed": "9.8.9.8.9.8.9.8."},
    "bass": {PITCHED_LANE: "R---R---R---R---"},
    "keys": {PITCHED_LANE: "X-------X-------"},
    "pad": {PITCHED_LANE: "X---------------"},
    "guitar": {PITCHED_LANE: "X---X---X---X---"},
}
"""What a band without a style plays."""


def select_pattern(bar: Bar, part: PartStyle, controls: PerformanceControls, draws: RandomDraws) -> StepPattern:
    """One of the patterns nearest to the bar's intensity; it stays for a phrase, but may vary in its last bar."""
    groove_cluster = None
    if any(pattern.groove_cluster for pattern in part.patterns):
        groove_cluster = _draw_pattern(bar, part.patterns, controls, draws.section).groove_cluster
    varied = bar.position % PHRASE_BARS == PHRASE_BARS - 1 and draws.phrase[2] < controls.complexity
    return _draw_pattern(bar, part.patterns, controls, float(draws.phrase[1 if varied else 0]), groove_cluster)


def add_fill(
    bar: Bar, part: PartStyle, controls: PerformanceControls, draws: RandomDraws, pattern: StepPattern
) -> StepPattern:
    """``pattern`` with a fill that fits its steps put upon it, if there is one."""
    fits = [fill for fill in part.fills if fill.per_beat == pattern.per_beat]
    if not fits:
        return pattern
    fill = _draw_pattern(bar, fits, replace(controls, accents=()), float(draws.picks[0]))
    lanes = overlay(pattern.lanes, fill.lanes)
    return replace(pattern, lanes=lanes or pattern.lanes, articulations=_drop_gains(pattern.articulations, fill.lanes))


def _drop_gains(articulations: Articulations, lanes: StepLanes) -> Articulations:
    """``articulations`` without the gains of the hits in ``lanes``, which are as loud as written."""
    found = dict(articulations)
    for role in lanes.keys() & articulations.keys():
        found[role] = tuple(
            articulation if symbol == KEEP else Articulation(articulation.late_ticks, articulation.spread_ticks)
            for articulation, symbol in zip(articulations[role], lanes[role], strict=True)
        )
    return found


def _draw_pattern(
    bar: Bar,
    patterns: Sequence[StepPattern],
    controls: PerformanceControls,
    random_draw: float,
    groove_cluster: int | None = None,
) -> StepPattern:
    level = min(max(controls.get_loudness(bar) + controls.pattern_shift, 0.0), 1.0)
    accents = controls.accents

    def measure_distance(pattern: StepPattern) -> float:
        penalty = 0.0
        if not pattern.groove_cluster:
            penalty = WRITTEN_PENALTY
        elif groove_cluster not in (None, pattern.groove_cluster):
            penalty = OTHER_CLUSTER_PENALTY
        unlike = 1.0 - measure_similarity(pattern.lanes, METRES[bar.beats], accents) if accents else 0.0
        return abs(pattern.level - level) + penalty + UNLIKE_PENALTY * unlike

    ranked = sorted(patterns, key=measure_distance)
    count = 1 + round(controls.complexity * (min(len(ranked), MOST_PATTERNS) - 1))
    place = int(np.searchsorted(_make_rank_distribution(count, controls.temperature), random_draw, side="right"))
    return ranked[min(place, count - 1)]


@lru_cache(64)
def _make_rank_distribution(count: int, temperature: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Cumulative distribution of the rank that is drawn."""
    weights = np.exp(-np.arange(count) / (TEMPERATURE_RANKS * temperature + 0.01))
    return np.asarray(np.cumsum(weights) / weights.sum(), np.float64)


def split_beats(
    bar: Bar, name: str, pattern: StepPattern, controls: PerformanceControls, draws: RandomDraws
) -> list[StepLanes]:
    """For each beat of ``bar`` the steps of each line: of ``pattern``, of the plain one where the style is weak; and
    what the part strikes besides because it follows."""
    plain = _fit_grid(NEUTRAL[name], pattern.per_beat)
    beats: list[StepLanes] = []
    for number, beat in enumerate(METRES[bar.beats]):
        lanes = pattern.lanes if draws.beats[number] < controls.style_strength else plain
        beats.append({key: _slice_beat(line, beat) for key, line in lanes.items()})
    return add_accents(name, beats, controls.accents) if controls.accents and not bar.fill else beats


def split_articulations(
    bar: Bar, pattern: StepPattern, controls: PerformanceControls, draws: RandomDraws
) -> list[Articulations]:
    """For each beat of ``bar`` the articulation of its steps; none for the plain pattern's."""
    return [
        {role: steps[4 * beat : 4 * beat + 4] for role, steps in pattern.articulations.items()}
        if draws.beats[number] < controls.style_strength
        else {}
        for number, beat in enumerate(METRES[bar.beats])
    ]


def _slice_beat(line: str, beat: int) -> str:
    per_beat = GRIDS[len(line)]
    return line[beat * per_beat : (beat + 1) * per_beat]


def _fit_grid(lanes: StepLanes, per_beat: int) -> StepLanes:
    """``lanes`` of four steps a beat with ``per_beat`` steps."""
    return {key: "".join(_slice_beat(line, beat)[:per_beat] for beat in range(4)) for key, line in lanes.items()}
