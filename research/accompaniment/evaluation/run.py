"""Evaluation run: the band under each condition, with people and random notes as baselines, on every song."""

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
    count_bars_until_right,
    count_silent_bars,
    cut_notes,
    judge_bars,
    measure_clash,
    measure_in_chord,
    measure_right_after,
    measure_roots_at_changes,
)
from research.accompaniment.evaluation.playing import PlayedNote, list_human_notes, play, select_pitched
from research.accompaniment.evaluation.rhythm import (
    METRE,
    SHORTEST_BARS,
    HumanReference,
    count_groove,
    count_onsets,
    make_reference,
    measure_divergence,
    measure_similarity,
    measure_steadiness,
)
from research.accompaniment.simulated_input import ChordEvent
from research.accompaniment.songs import MODULATED, AnnotatedSong
from research.datasets.symbolic import MidiGroove

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
"""So many beats after the first chord event, and the lookahead, the band must play."""
Values = Mapping[str, float]


Play = Callable[[AnnotatedSong, Sequence[ChordEvent], Values], list[PlayedNote]]


@dataclass(frozen=True, slots=True)
class Condition:
    """The band's input from a song, how many beats ahead it decides, and the function that runs it."""

    name: str
    lookahead_beats: float
    simulate_input: Callable[[AnnotatedSong], Sequence[ChordEvent]]
    play: Play = play


@dataclass(frozen=True, slots=True)
class PerformanceResult:
    """``compute_figures``: by the names of FIGURES, AFTER and WHERE; those that are missing do not apply."""

    collection: str
    player: str
    song: str
    figures: dict[str, float] = field(default_factory=dict)


def evaluate(
    songs: Sequence[AnnotatedSong], conditions: Sequence[Condition], reference: HumanReference, values: Values
) -> Iterator[PerformanceResult]:
    """A result at a time: of each song the pianist, chance in the rhythm of the first condition, and under each
    condition the band and the baseline that holds the last chord. Songs that were made to modulate are judged by that
    alone. Each song has another seed, so that no figure depends on one random draw."""
    for take, song in enumerate(songs):
        if song.human:
            yield _score_player(
                "pianist", song, list_human_notes(song), reference, ("in_chord", "clash", "roots", "onsets")
            )
        for number, condition in enumerate(conditions):
            chord_events = condition.simulate_input(song)
            sounds = condition.play(
                song, chord_events, {**values, SEED.name: take, LOOKAHEAD.name: condition.lookahead_beats}
            )
            if not number and song.collection != MODULATED:
                for name, pitches in (
                    ("chance", baselines.draw_random_pitches),
                    ("chance in the key", baselines.draw_pitches_in_key),
                ):
                    yield _score_player(name, song, pitches(song, sounds), reference, ("in_chord", "clash", "roots"))
            if chord_events:
                kept = baselines.hold_last_chord(song, sounds, chord_events, condition.lookahead_beats)
                yield _score_player(f"holds the last chord; {condition.name}", song, kept, reference, HARMONY)
            yield _score_player(
                f"band; {condition.name}",
                song,
                sounds,
                reference,
                EVERYTHING,
                _find_start(song, chord_events, condition),
            )


HARMONY = ("in_chord", "clash", "roots", *AFTER, *WHERE)
EVERYTHING = (*FIGURES, *AFTER, *WHERE)


def _find_start(song: AnnotatedSong, chord_events: Sequence[ChordEvent], condition: Condition) -> float:
    known = [each for each in chord_events if isinstance(each.event.payload, Chord) and each.event.payload.root >= 0]
    first = song.to_beat(known[0].frame) if known else 0.0
    return max(first, 0.0) + condition.lookahead_beats + READY_BEATS


def _score_player(
    player: str, song: AnnotatedSong, sounds: Sequence[PlayedNote], reference: HumanReference, names: Sequence[str],
    ready: float = 0.0,
) -> PerformanceResult:  # fmt: skip
    found = compute_figures(song, sounds, reference, ready)
    wanted = tuple(AFTER) if song.collection == MODULATED else names
    return PerformanceResult(
        song.collection, player, song.name, {name: found[name] for name in wanted if name in found}
    )


def compute_figures(
    song: AnnotatedSong, sounds: Sequence[PlayedNote], reference: HumanReference, ready: float = 0.0
) -> dict[str, float]:
    """All of FIGURES, AFTER and WHERE; NaN where there is nothing to say. ``ready``: the beat from which silence
    counts."""
    found = cut_notes(song, sounds)
    drums = count_onsets((s.start for s in sounds if s.part == "drums"), song.bars, song.bar_beats)
    chord_events = {
        "in_chord": measure_in_chord(found),
        "clash": measure_clash(found),
        "roots": measure_roots_at_changes(song, sounds),
        "after": measure_right_after(song, found),
        "passed": float(np.mean(passed)) if (passed := count_bars_until_right(song, found)) else math.nan,
        "steady": measure_steadiness(drums),
        "silent": float(count_silent_bars(song, sounds, ready)),
        "right": float(np.mean(judge_bars(song, found))),
        "first": measure_in_chord(piece for piece in found if piece.first),
        "later": measure_in_chord(piece for piece in found if not piece.first),
        **{part: measure_in_chord(piece for piece in found if piece.part == part) for part in PITCHED},
    }
    if song.bar_beats == METRE:
        notes = count_onsets((s.start for s in select_pitched(sounds)), song.bars, METRE)
        chord_events["onsets"] = measure_divergence(notes.sum(0), reference.sum_other_pianists(song.name))
        chord_events["strokes"] = measure_divergence(drums.sum(0), reference.hits)
        chord_events["groove"] = measure_similarity(drums, reference.bar)
    return chord_events


def score_drummers(grooves: Sequence[MidiGroove]) -> Iterator[PerformanceResult]:
    """Each groove of SHORTEST_BARS or more as a player, beside all others of those drummers."""
    for groove in grooves:
        bars = count_groove(groove)
        if len(bars) < SHORTEST_BARS:
            continue
        others = make_reference((), [other for other in grooves if other is not groove])
        chord_events = {
            "strokes": measure_divergence(bars.sum(0), others.hits),
            "groove": measure_similarity(bars, others.bar),
            "steady": measure_steadiness(bars),
        }
        yield PerformanceResult("Groove MIDI Dataset", "drummers", groove.name, chord_events)
