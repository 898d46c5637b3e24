"""Feel of a bar: which notes swing, and the drummer's timing deviations, which the whole band shares."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.arrays import Float64Array
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.grooves import Articulation
from engines.accompaniment.parts.pattern_selection import METRES
from engines.accompaniment.parts.random_draws import RandomDraws
from engines.accompaniment.score import Bar
from engines.accompaniment.style import StepPattern, Style

STEP_TICKS = TICKS_PER_BEAT // 4


@dataclass(frozen=True, slots=True)
class Feel:
    """``pair_ticks``: of two notes of which the second swings; 0: none does, as with triplets. ``deviations``: the
    drummer's at each sixteenth of the bar, standardised. ``articulations``: the drummer's timing at each sixteenth;
    empty: no drummer played the style."""

    pair_ticks: int
    deviations: Float64Array
    articulations: tuple[Articulation, ...] = ()

    def get_deviation(self, tick: int) -> float:
        return self.deviations.item(tick // STEP_TICKS)

    def get_articulation(self, tick: int) -> Articulation | None:
        return self.articulations[tick // STEP_TICKS] if self.articulations else None


def make_feel(bar: Bar, style: Style, pattern: StepPattern, draws: RandomDraws) -> Feel:
    """The feel of ``bar``, the same for all parts of a style but for the notes of ``pattern`` that swing."""
    articulations = tuple(
        one for beat in METRES[bar.beats] for one in style.feel[4 * beat : 4 * beat + 4]
    )  # fmt: skip
    return Feel(style.pair_ticks(pattern), draws.band_timing, articulations)
