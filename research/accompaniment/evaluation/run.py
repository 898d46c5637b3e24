"""The band under each condition, people and chance beside it, on every song."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bridge.core.events import Chord
from engines.accompaniment.performance_controls import SEED
from engines.accompaniment.timeline import LOOKAHEAD
from research.accompaniment.evaluation import baselines
from research.accompaniment.evaluation.harmony import (
    bars_until_right,
    clash,
    in_chord,
    pieces,
    right_after,
    right_bars,
    roots_at_changes,
    silent_bars,
)
from research.accompaniment.evaluation.playing import Sound, pitched, play, played_by_human
from research.accompaniment.evaluation.rhythm import (
    METRE,
    SHORTEST_BARS,
    People,
    bars_of,
    counted,
    divergence,
    people_of,
    similarity,
    steadiness,
)
from research.accompaniment.simulated_input import Told
from research.accompaniment.songs import MODULATED, Song
from research.datasets.symbolic import Groove

FIGURES = {
    "in_chord": "in chord",
    "clash": "clash",
    "roots": "roots at changes",
    "onsets": "onsets, JSD",
    "strokes": "drums, JSD",
    "groove": "drums, similarity",
    "steady": "drums, steadiness",
    "silent": "silent bars",
}
AFTER = {
    "after": "right within two bars of a modulation",
    "passed": "bars that pass until right",
    "right": "bars that are right",
}
WHERE = {
    "first": "a chord's first beat",
    "later": "its later beats",
    "bass": "bass",
    "keys": "keys",
    "pad": "pad",
    "guitar": "guitar",
}
"""Notes in the true chord, there."""
PITCHED = ("bass", "keys", "pad", "guitar")
READY_BEATS = 2.0
"""So many beats after the first chord was told, and the lookahead, the band must play."""
Values = Mapping[str, float]


Play = Callable[[Song, Sequence[Told], Values], list[Sound]]


@dataclass(frozen=True, slots=True)
class Condition:
    """What the band is told of a song, how many beats ``ahead`` it decides, and how it is made to play."""

    name: str
    ahead: float
    tell: Callable[[Song], Sequence[Told]]
    play: Play = play


@dataclass(frozen=True, slots=True)
class Result:
    """``figures``: by the names of FIGURES, AFTER and WHERE; those that are missing do not apply."""

    collection: str
    who: str
    song: str
    figures: dict[str, float] = field(default_factory=dict)


def evaluate(
    songs: Sequence[Song], conditions: Sequence[Condition], people: People, values: Values
) -> Iterator[Result]:
    """A result at a time: of each song the pianist, chance in the rhythm of the first condition, and under each
    condition the band and who holds the last chord. Of songs that were made to modulate only that is looked at. Each
    song is another performance, so that no figure hangs on one seed's luck."""
    for take, song in enumerate(songs):
        if song.human:
            yield _result("pianist", song, played_by_human(song), people, ("in_chord", "clash", "roots", "onsets"))
        for number, condition in enumerate(conditions):
            told = condition.tell(song)
            sounds = condition.play(song, told, {**values, SEED.name: take, LOOKAHEAD.name: condition.ahead})
            if not number and song.collection != MODULATED:
                for name, pitches in (("chance", baselines.at_random), ("chance in the key", baselines.in_key)):
                    yield _result(name, song, pitches(song, sounds), people, ("in_chord", "clash", "roots"))
            if told:
                kept = baselines.held(song, sounds, told, condition.ahead)
                yield _result(f"holds the last chord; {condition.name}", song, kept, people, HARMONY)
            yield _result(f"band; {condition.name}", song, sounds, people, EVERYTHING, _ready(song, told, condition))


HARMONY = ("in_chord", "clash", "roots", *AFTER, *WHERE)
EVERYTHING = (*FIGURES, *AFTER, *WHERE)


def _ready(song: Song, told: Sequence[Told], condition: Condition) -> float:
    known = [each for each in told if isinstance(each.event.payload, Chord) and each.event.payload.root >= 0]
    first = song.beat(known[0].frame) if known else 0.0
    return max(first, 0.0) + condition.ahead + READY_BEATS


def _result(
    who: str, song: Song, sounds: Sequence[Sound], people: People, names: Sequence[str], ready: float = 0.0
) -> Result:  # fmt: skip
    found = figures(song, sounds, people, ready)
    wanted = tuple(AFTER) if song.collection == MODULATED else names
    return Result(song.collection, who, song.name, {name: found[name] for name in wanted if name in found})


def figures(song: Song, sounds: Sequence[Sound], people: People, ready: float = 0.0) -> dict[str, float]:
    """All of FIGURES, AFTER and WHERE; NaN where there is nothing to say. ``ready``: the beat from which silence
    counts."""
    found = pieces(song, sounds)
    drums = counted((s.start for s in sounds if s.part == "drums"), song.bars, song.bar_beats)
    told = {
        "in_chord": in_chord(found),
        "clash": clash(found),
        "roots": roots_at_changes(song, sounds),
        "after": right_after(song, found),
        "passed": float(np.mean(passed)) if (passed := bars_until_right(song, found)) else math.nan,
        "steady": steadiness(drums),
        "silent": float(silent_bars(song, sounds, ready)),
        "right": float(np.mean(right_bars(song, found))),
        "first": in_chord(piece for piece in found if piece.first),
        "later": in_chord(piece for piece in found if not piece.first),
        **{part: in_chord(piece for piece in found if piece.part == part) for part in PITCHED},
    }
    if song.bar_beats == METRE:
        notes = counted((s.start for s in pitched(sounds)), song.bars, METRE)
        told["onsets"] = divergence(notes.sum(0), people.pianists_but(song.name))
        told["strokes"] = divergence(drums.sum(0), people.strokes)
        told["groove"] = similarity(drums, people.bar)
    return told


def drummers(grooves: Sequence[Groove]) -> Iterator[Result]:
    """Each groove of SHORTEST_BARS or more as a player, beside all others of those drummers."""
    for groove in grooves:
        bars = bars_of(groove)
        if len(bars) < SHORTEST_BARS:
            continue
        others = people_of((), [other for other in grooves if other is not groove])
        told = {
            "strokes": divergence(bars.sum(0), others.strokes),
            "groove": similarity(bars, others.bar),
            "steady": steadiness(bars),
        }
        yield Result("Groove MIDI Dataset", "drummers", groove.name, told)
