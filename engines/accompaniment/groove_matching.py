"""Groove matching: new drums to a transcribed groove, with its kicks and snares and the nearest pattern's cymbals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.arranger import PartTrack
from engines.accompaniment.parts.drums import GAINS, HIT_TICKS, LANES, NAME, OPENING_FROM
from engines.accompaniment.parts.feel import Feel
from engines.accompaniment.parts.humanise import DRUM_VELOCITIES, GridNote, humanise_notes
from engines.accompaniment.parts.pattern_selection import METRES
from engines.accompaniment.parts.random_draws import draw
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import REST, ROLES, StepPattern, Style

STEPS = 4
"""Of a beat."""
VOICES = ("kick", "snare", "cymbals")
ROLES_OF: tuple[tuple[str, ...], ...] = (
    ("kick",), ("snare", "stick", "clap"),
    ("closed", "pedal", "open", "crash", "ride", "bell", "tambourine", "shaker", "cowbell", "triangle"),
)  # fmt: skip
"""The drums of each voice. Toms are none of them: the transcription finds them as one of the others."""
_, SNARES, CYMBALS = ROLES_OF
LOUD_WEIGHT, SOFT_WEIGHT = 9, 3
"""Weights of a hit as loud as the song's loud ones, and of the softest."""
EACH: Mapping[str, float] = {"kick": 1.0, "snare": 1.0, "cymbals": 0.7}
"""Weight of each voice in the distance: hats are transcribed with the least confidence."""


@dataclass(frozen=True, slots=True)
class Groove:
    """One bar. ``strengths``: the strength of each of VOICES at each sixteenth, shape (VOICES, steps), 0 to 1."""

    strengths: Float64Array

    @property
    def beats(self) -> int:
        return int(self.strengths.shape[1]) // STEPS


def measure_distance(groove: Float64Array, pattern: StepPattern) -> float:
    """How far ``pattern`` is from the usual ``groove`` of a bar, shape (VOICES, steps): 0 is alike, 1 has nothing in
    common."""
    played = to_strengths(pattern, groove.shape[1] // STEPS)
    away = weight = 0.0
    for voice, here, there in zip(VOICES, groove, played, strict=True):
        both = float(np.sqrt((here**2).sum() * (there**2).sum()))
        near = float((here * there).sum()) / both if both > 0 else float(not here.any() and not there.any())
        share = EACH[voice]
        away += share * (1.0 - near)
        weight += share
    return away / weight


def to_strengths(pattern: StepPattern, beats: int) -> Float64Array:
    """The strengths of a bar of ``pattern``: at each sixteenth the heaviest hit of each voice."""
    strengths = np.zeros((len(VOICES), beats * STEPS))
    for role, tick, weight in _iterate_hits(pattern, beats):
        step = min(round(tick * STEPS / TICKS_PER_BEAT), strengths.shape[1] - 1)
        for voice, roles in enumerate(ROLES_OF):
            if role in roles:
                strengths[voice, step] = max(strengths[voice, step], weight / LOUD_WEIGHT)
    return strengths


def _iterate_hits(pattern: StepPattern, beats: int) -> Iterator[tuple[str, int, int]]:
    """(drum, tick, weight) of every hit of ``pattern`` in a bar of ``beats``."""
    per_beat = pattern.per_beat
    for role, line in pattern.lanes.items():
        for number, beat in enumerate(METRES[beats]):
            for place, symbol in enumerate(line[beat * per_beat : (beat + 1) * per_beat]):
                if symbol != REST:
                    yield role, number * TICKS_PER_BEAT + place * TICKS_PER_BEAT // per_beat, int(symbol)


def average_grooves(grooves: Sequence[Groove]) -> Float64Array:
    """The mean of the ``grooves`` that have as many beats as most, shape (VOICES, steps)."""
    beats = [groove.beats for groove in grooves]
    most = max(set(beats), key=beats.count)
    return np.asarray(np.mean([groove.strengths for groove in grooves if groove.beats == most], axis=0))


def find_nearest_style(grooves: Sequence[Groove], styles: Sequence[Style]) -> Style:
    """The one of ``styles`` that has the pattern nearest to what is usually played; of those for a drum set, if any."""
    played = average_grooves(grooves)
    with_drums = [style for style in styles if NAME in style.parts]
    sets = [style for style in with_drums if _is_drum_set(style)]
    return min(
        sets or with_drums, key=lambda style: min(measure_distance(played, one) for one in style.parts[NAME].patterns)
    )


def _is_drum_set(style: Style) -> bool:
    """Whether most of its patterns have kick, snare and cymbals: timpani are nothing to replace a set by."""
    patterns = style.parts[NAME].patterns
    return sum(bool(to_strengths(pattern, 4).any(axis=1).all()) for pattern in patterns) > len(patterns) / 2


def match_grooves(
    bars: Sequence[Bar], grooves: Sequence[Groove], style: Style, controls: PerformanceControls
) -> PartTrack:
    """The drums of ``bars``, each with its groove. A section keeps to the pattern that is nearest to it.

    Kicks and snares are where the song has them and as accented; hats and the like are those of the pattern, as many as
    the song has in the section (at a density of 0.5). Where the song has no drums there are none.
    """
    memory = PartState()
    played: list[tuple[ScoreNote, ...]] = []
    for _, group in groupby(zip(bars, grooves, strict=True), key=lambda both: both[0].section):
        section = list(group)
        strengths = average_grooves([groove for _, groove in section if groove.strengths.any()] or [section[0][1]])
        pattern = min(style.parts[NAME].patterns, key=lambda one: measure_distance(strengths, one))
        share = _measure_share(section, pattern) * (0.5 + controls.density)
        for bar, groove in section:
            draws = draw(bar, controls, NAME)
            grid_notes = list(_make_hits(bar, groove, pattern, share, style.parts[NAME].opening, controls))
            feel = Feel(TICKS_PER_BEAT, draws.band_timing)
            notes, last = humanise_notes(grid_notes, bar, feel, controls, draws, memory, DRUM_VELOCITIES)
            memory = PartState(velocities=last)
            played.append(tuple(notes))
    return PartTrack(NAME, tuple(played))


def _measure_share(section: Sequence[tuple[Bar, Groove]], pattern: StepPattern) -> float:
    """How many steps have a cymbal in the song for each that has one in ``pattern``."""
    strengths = sum(int((groove.strengths[2] > 0).sum()) for _, groove in section)
    there = sum(int((to_strengths(pattern, groove.beats)[2] > 0).sum()) for _, groove in section)
    return strengths / there if there else 0.0


def _make_hits(
    bar: Bar, groove: Groove, pattern: StepPattern, share: float, opening: str, controls: PerformanceControls
) -> Iterator[GridNote]:  # fmt: skip
    if not groove.strengths.any():
        return
    backbeat = max(SNARES, key=lambda role: sum(symbol != REST for symbol in pattern.lanes.get(role, "")))
    for role, strengths in zip(("kick", backbeat), groove.strengths, strict=False):
        for step, strength in enumerate(strengths):
            if strength > 0:
                weight = round(SOFT_WEIGHT + (LOUD_WEIGHT - SOFT_WEIGHT) * min(float(strength), 1.0))
                yield _make_hit(role, step * TICKS_PER_BEAT // STEPS, step, weight)
    others = [(role, tick, weight) for role, tick, weight in _iterate_hits(pattern, bar.beats) if role in CYMBALS]
    opens = bar.opens and opening in ROLES and controls.get_loudness(bar) >= OPENING_FROM and groove.strengths[2, 0] > 0
    if opens:
        yield _make_hit(opening, 0, 0, LOUD_WEIGHT)
    for role, tick, weight in _thin_out(others, min(share, 1.0)):
        if not (opens and tick == 0):
            yield _make_hit(role, tick, tick * STEPS // TICKS_PER_BEAT, weight)


def _thin_out(hits: Sequence[tuple[str, int, int]], share: float) -> list[tuple[str, int, int]]:
    """The ``share`` of the places with hits that are heaviest and earliest."""
    places: dict[int, int] = {}
    for _, tick, weight in hits:
        places[tick] = max(places.get(tick, 0), weight)
    ranked = sorted(places, key=lambda tick: (-places[tick], tick % TICKS_PER_BEAT, tick))
    kept = set(ranked[: round(share * len(ranked))])
    return [hit for hit in hits if hit[1] in kept]


def _make_hit(role: str, tick: int, step: int, weight: int) -> GridNote:
    return GridNote(tick, tick + HIT_TICKS, ROLES[role], weight, step, LANES[role], gain=GAINS.get(role, 1.0))
