"""Tempo adaptation: how players change swing, density and patterns as the tempo changes."""

from __future__ import annotations

from dataclasses import replace
from math import log2

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.score import Bar, PerformanceControls
from engines.accompaniment.style import Style

STRAIGHT_PAIRS = 300.0
"""Pairs of notes a minute from which on the two are equally long. Friberg and Sundström, "Swing ratios and ensemble
timing in jazz performance" (Music Perception 19, 2002): the ratio falls about linearly with tempo, from as much as
3.5:1 in slow pieces to 1:1 in fast ones."""
STRAIGHT_RATIO = 1.5
"""Ratio of that tempo to the style's usual one, for styles whose notes swing that fast themselves."""
HIGHEST_RATIO = 3.5
DENSITY_PER_OCTAVE = 0.4
"""Density that a tempo twice as fast takes away."""
LEVEL_PER_OCTAVE = 0.25
"""Level that patterns lose at a tempo twice as fast; the loudness stays."""
WIDEST_OCTAVES = 1.0
"""Range of the adaptation, in octaves of tempo around the style's."""


def fit_to_tempo(controls: PerformanceControls, bar: Bar, style: Style) -> PerformanceControls:
    """``controls`` at the tempo of ``bar``: as they are at the style's usual one, and where the bar has none."""
    if bar.tempo <= 0.0 or bar.tempo == style.tempo:
        return controls
    octaves = min(max(log2(bar.tempo / style.tempo), -WIDEST_OCTAVES), WIDEST_OCTAVES)
    return replace(
        controls,
        swing=scale_swing(controls.swing, bar.tempo, style),
        density=min(max(controls.density - DENSITY_PER_OCTAVE * octaves, 0.0), 1.0),
        pattern_shift=controls.pattern_shift - LEVEL_PER_OCTAVE * octaves,
    )


def scale_swing(swing: float, tempo: float, style: Style) -> float:
    """The swing at ``tempo`` that is ``swing`` at the style's usual tempo; above 1 beyond the triplet."""
    pairs = TICKS_PER_BEAT / style.swing_ticks
    usual = style.tempo * pairs
    straight = max(STRAIGHT_PAIRS, STRAIGHT_RATIO * usual)
    excess = to_swing_ratio(swing) - 1.0
    excess *= max((straight - tempo * pairs) / (straight - usual), 0.0)
    excess = min(excess, HIGHEST_RATIO - 1.0)
    return 3.0 * excess / (2.0 + excess)


def to_swing_ratio(swing: float) -> float:
    """The length of a pair's first note against its second: 1 straight, 2 on the triplet."""
    return (1.0 + swing / 3.0) / (1.0 - swing / 3.0)
