"""Humaniser: swing, timing and velocity variation of notes on the grid; none is doubled, crossed or left hanging."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from engines.accompaniment.grooves import Articulation
from engines.accompaniment.parts.feel import Feel
from engines.accompaniment.parts.random_draws import RandomDraws
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote

LATE_TICKS = 12
"""Largest deviation at a humanise of 1 in a style whose drums no drummer played."""
AS_PLAYED = 0.3
"""At this humanise drum hits have the delay, spread and velocity that drummers played; at 1 twice the delay and
spread."""
MIN_VELOCITY_CONTRAST = 0.5
"""Share of the drummers' velocity differences on one drum that is left at a humanise of 0."""
FURTHEST_TICKS, SWUNG_FURTHEST_TICKS = 36, 54
"""Largest deviation, and that in a pair without its second half: steps are so far apart that none overtakes another."""
COMMON_DEVIATION_SHARE = 0.72
"""Share of a drummer's looseness at a step that is all limbs', and the band's: the root of the correlation that
``grooves`` prints."""
ALONE = math.sqrt(1 - COMMON_DEVIATION_SHARE**2)
STRUM_TICKS = 14
"""From string to string at a humanise of 1."""
SHORTEST_TICKS = 24
MIN_VELOCITY, MAX_VELOCITY = 46.0, 106.0
"""Velocities of weight 9 at intensity 0 and 1."""
DRUM_VELOCITIES = 72.0, 118.0
"""The same of drums: in a sound font the loudness of a hit falls with the square of its velocity, and drums in records
are compressed; over the range of the other parts a verse lost its drums."""
MIN_WEIGHT_SHARE = 0.5
"""Share of them at weight 0."""
DOWNBEAT_VELOCITY = 5
VELOCITY_SPREAD, VELOCITY_SPREAD_HUMANISED = 2.0, 7.0
"""Velocity is off by so much (standard deviation) at a humanise of 0, and by this much more at 1."""
REPEATED_NOTE_CONTRAST = 3
"""Of two notes of one pitch in succession the second differs by this much in velocity."""


@dataclass(frozen=True, slots=True)
class GridNote:
    """A note on the grid. ``lane``: of the random draws. ``strum``: strings before it. ``gain``: of its velocity.
    ``articulation``: a drummer's, where it is known."""

    tick: int
    end: int
    pitch: int
    weight: int
    step: int
    lane: int = 0
    strum: int = 0
    gain: float = 1.0
    articulation: Articulation | None = None


def humanise_notes(
    grid_notes: Sequence[GridNote],
    bar: Bar,
    feel: Feel,
    controls: PerformanceControls,
    draws: RandomDraws,
    before: PartState,
    velocities: tuple[float, float] = (MIN_VELOCITY, MAX_VELOCITY),
) -> tuple[list[ScoreNote], tuple[tuple[int, int], ...]]:
    """The notes in order of their ticks, and the last velocity by pitch. ``velocities``: of weight 9 at intensity 0 and
    1."""
    pair, (softest, hardest) = feel.pair_ticks, velocities
    loud, ticks = softest + (hardest - softest) * controls.get_loudness(bar), bar.ticks
    notes: list[tuple[int, int, int, int]] = []
    for one in grid_notes:
        late = _get_delay(one, feel, controls, draws)
        on = min(max(_apply_swing(one.tick, pair, controls.swing) + late, 0), ticks - 1)
        end = max(_apply_swing(one.end, pair, controls.swing) + min(late, 0), on + 1)
        room = max(min(end, ticks) - on - SHORTEST_TICKS, 0)
        on += min(round(one.strum * STRUM_TICKS * controls.humanise), room // 2)
        velocity = _get_velocity(one, loud, controls)
        velocity += (VELOCITY_SPREAD + VELOCITY_SPREAD_HUMANISED * controls.humanise) * draws.velocity.item(
            one.lane, one.step
        )
        notes.append((on, min(end, ticks), one.pitch, min(max(round(velocity), 1), 127)))
    return _vary(_separate(sorted(notes)), before)


def _get_delay(one: GridNote, feel: Feel, controls: PerformanceControls, draws: RandomDraws) -> int:
    """Ticks, negative: early. All parts share the drummer's deviation at a step; each adds its own."""
    articulation = one.articulation or feel.get_articulation(one.tick)
    own = draws.limbs.item(one.lane, one.step) if draws.limbs.size else draws.timing.item(one.step)
    loose = COMMON_DEVIATION_SHARE * feel.get_deviation(one.tick) + ALONE * own
    if articulation is None:
        return round(controls.humanise * LATE_TICKS / 2 * loose)
    far = min(controls.humanise / AS_PLAYED, 1.0) + max(controls.humanise - AS_PLAYED, 0.0) / (1 - AS_PLAYED)
    ticks = far * (articulation.late_ticks + articulation.spread_ticks * loose)
    furthest = min(FURTHEST_TICKS, SWUNG_FURTHEST_TICKS * (1 - controls.swing / 3))
    return round(min(max(ticks, -furthest), furthest))


def _get_velocity(one: GridNote, loud: float, controls: PerformanceControls) -> float:
    articulation = one.articulation
    if articulation is None or not articulation.gain:
        return loud * (MIN_WEIGHT_SHARE + (1 - MIN_WEIGHT_SHARE) * one.weight / 9) * one.gain + DOWNBEAT_VELOCITY * (
            one.tick == 0
        )
    shape = min(MIN_VELOCITY_CONTRAST + (1 - MIN_VELOCITY_CONTRAST) * controls.humanise / AS_PLAYED, 1.0)
    return loud * one.gain * (articulation.flat + shape * (articulation.gain - articulation.flat))


@lru_cache(4096)
def _apply_swing(tick: int, pair: int, swing: float) -> int:
    """``tick`` with the second half of each pair of notes delayed; order and the pairs' ends stay."""
    if not pair:
        return tick
    half, start = pair / 2, tick // pair * pair
    middle = half * (1 + swing / 3)
    within = tick - start
    if within < half:
        return start + round(within * middle / half)
    return start + round(middle + (within - half) * (pair - middle) / half)


def _separate(notes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """No pitch twice at once: of two at one tick the louder stays, and each ends before the next begins."""
    kept: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    for note in notes:
        there = kept.get((note[2], note[0]))
        if there is None or note[3] > there[3]:
            kept[note[2], note[0]] = note
    following: dict[int, int] = {}
    found = []
    for on, end, pitch, velocity in sorted(kept.values(), reverse=True):
        found.append((on, min(end, following.get(pitch, end)), pitch, velocity))
        following[pitch] = on
    return sorted(found)


def _vary(
    notes: list[tuple[int, int, int, int]], before: PartState
) -> tuple[list[ScoreNote], tuple[tuple[int, int], ...]]:  # fmt: skip
    last = dict(before.velocities)
    found = []
    for on, end, pitch, velocity in notes:
        if last.get(pitch) == velocity:
            velocity += -REPEATED_NOTE_CONTRAST if velocity > 64 else REPEATED_NOTE_CONTRAST
        last[pitch] = velocity
        found.append(ScoreNote(on, end - on, pitch, velocity))
    return found, tuple(sorted(last.items()))
