"""Drum part: hits by their weights, fills at the ends of sections, a count-in."""

from __future__ import annotations

import numpy as np

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.grooves import Articulation
from engines.accompaniment.parts.accent_bias import KICK, bias_weight
from engines.accompaniment.parts.feel import Feel, make_feel
from engines.accompaniment.parts.form_figures import shape_beats
from engines.accompaniment.parts.humanise import DRUM_VELOCITIES, GridNote, humanise_notes
from engines.accompaniment.parts.pattern_selection import add_fill, select_pattern, split_articulations, split_beats
from engines.accompaniment.parts.random_draws import draw, get_probability
from engines.accompaniment.parts.tempo import fit_to_tempo
from engines.accompaniment.score import COUNT_IN, Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import REST, ROLES, Style

NAME = "drums"
HIT_TICKS = 60
"""A drum sounds by itself; its note is a thirty-second."""
GAINS = {"closed": 0.8, "pedal": 0.7, "shaker": 0.7, "tambourine": 0.75, "ride": 0.85, "triangle": 0.75, "crash": 0.95}
"""Gain of a drum, where it is not 1."""
CHOKE_GROUPS = {"closed": ("open", "pedal"), "pedal": ("open",)}
"""Choke groups of the hi-hat: the first is silent where one of the others is hit."""
OPENING_FROM = 0.35
"""From this intensity on a section begins with the style's opening drum."""
BAR_DRAW_SHARE = 0.3
"""Share of the hits that are drawn for each bar; the others are drawn for each phrase: a drummer keeps a groove."""
LANES = {role: lane for lane, role in enumerate(ROLES)}


def play(bar: Bar, style: Style, controls: PerformanceControls, before: PartState) -> tuple[list[ScoreNote], PartState]:
    """The drums of ``bar``."""
    part = style.parts.get(NAME)
    if part is None:
        return [], before
    controls = fit_to_tempo(controls, bar, style)
    draws = draw(bar, controls, NAME)
    if bar.section == COUNT_IN:
        grid_notes = [_make_hit("stick", beat * TICKS_PER_BEAT, 4 * beat, 9) for beat in range(bar.beats)]
        feel = Feel(0, draws.band_timing)
    else:
        pattern = select_pattern(bar, part, controls, draws)
        if bar.fill:
            pattern = add_fill(bar, part, controls, draws, pattern)
        grid_notes = []
        step, feel = 0, make_feel(bar, style, pattern, draws)
        articulations = split_articulations(bar, pattern, controls, draws)
        step_draws = np.where(draws.varies < BAR_DRAW_SHARE, draws.sounds, draws.steady)
        beats = shape_beats(bar, NAME, split_beats(bar, NAME, pattern, controls, draws), part.opening)
        for beat, lines in enumerate(beats):
            length = len(next(iter(lines.values())))
            for place in range(length):
                tick = beat * TICKS_PER_BEAT + place * TICKS_PER_BEAT // length
                here = {role: int(line[place]) for role, line in lines.items() if line[place] != REST}
                led = {r: _bias_weight(r, w, tick, bar, controls) for r, w in here.items()}
                here = {r: w for r, w in here.items() if step_draws[LANES[r], step] < get_probability(led[r], controls)}
                for role, weight in here.items():
                    if not any(other in here for other in CHOKE_GROUPS.get(role, ())):
                        articulation = articulations[beat][role][place] if role in articulations[beat] else None
                        grid_notes.append(_make_hit(role, tick, step, weight, articulation))
                step += 1
        if bar.opens and part.opening and controls.get_loudness(bar) >= OPENING_FROM:
            grid_notes = [one for one in grid_notes if (one.tick, one.pitch) != (0, ROLES[part.opening])]
            grid_notes.append(_make_hit(part.opening, 0, 0, 9))
    notes, last = humanise_notes(grid_notes, bar, feel, controls, draws, before, DRUM_VELOCITIES)
    return notes, PartState(velocities=last)


def _bias_weight(role: str, weight: int, tick: int, bar: Bar, controls: PerformanceControls) -> int:
    return bias_weight(weight, tick, controls.accents) if role == KICK and not bar.fill else weight


def _make_hit(role: str, tick: int, step: int, weight: int, articulation: Articulation | None = None) -> GridNote:
    gain = GAINS.get(role, 1.0)
    return GridNote(
        tick, tick + HIT_TICKS, ROLES[role], weight, step, LANES[role], gain=gain, articulation=articulation
    )
