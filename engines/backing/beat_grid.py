"""Beat grid: a song's beats to a few milliseconds, decoded over the whole song and aligned to its attacks.

The song map says how fast the beats are and how they are counted. They are decoded once more with the silences of the
recording (`song_beat_tracker`), tracked near those along the onset envelope by dynamic programming (Ellis, "Beat
tracking by dynamic programming", J. New Music Research 36, 2007), then aligned to the attacks around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array, Int64Array
from bridge.core.jit import njit
from engines.backing.onset_strength import MIN_POWER, SLOTS_A_SECOND, STEPS_A_SECOND, OnsetStrength
from engines.backing.song_beat_tracker import track_song_beats
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY
from engines.mir.learned.features import STEPS_PER_SECOND as ACTIVATION_STEPS_A_SECOND
from engines.mir.learned.rhythm_chain import DELAY_S
from engines.mir.offline.beat_decoder import HarmonicChanges, Track
from engines.mir.offline.song_map import SongBeat
from engines.mir.offline.tempo_changes import describe_changes, find_tempo_changes

TEMPO_CHANGE_COST = 300.0
"""Cost of a beat that is longer or shorter than usual by a factor of e, in strong onsets."""
NEAR_S, BEAT_ATTRACTION = 0.03, 3.0
"""How near (standard deviation) a decoded beat attracts a beat, and how strongly, in strong onsets."""
ONSET_LEAD_S = 0.005
"""How long before an attack the onset envelope peaks, with a window of `onset_strength.WINDOW_S`."""
CONFIDENT_ACTIVATION = 0.1
"""A decoded beat of this activation or more attracts fully; one without any activation does not attract."""
ACTIVATION_REACH = 15
"""Steps (0.3 s) around a beat in which its activation is looked up: it may have been moved by half a beat."""
SMOOTHING_BEATS = 5
"""The expected interval is a median of so many."""
ATTACK_MS, AFTER_MS, BEFORE_MS = 15, 5, 8
"""The range in which a beat's attack is searched: where the mean of AFTER_MS rises most above that of BEFORE_MS."""
MIN_RISE = 4.0
"""The least rise in power of an attack, a factor."""
LINE_NEIGHBOURS = 2
"""A beat lies on a line through so many beats before and behind it."""
MIN_BEATS = 8
"""Beats that the song map must have."""
DOUBLE_SPEED_RATIO = 0.6
"""Intervals of so much of the beat's or less are at twice its speed."""
BAR_SLIP_COST = 10.0
"""Cost of a slip in the count of the bar, in beats that were detected with another number."""


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """``beats_s``: in order. ``numbers``: of each in its bar, from 0. ``bar_beats``: of a usual bar.

    ``remarks``: on its tempo, for the user.
    """

    beats_s: Float64Array
    numbers: Int64Array
    bar_beats: int
    remarks: tuple[str, ...] = ()


def build_beat_grid(
    detected: Sequence[SongBeat],
    activation: Float32Array,
    strength: OnsetStrength,
    changes: HarmonicChanges | None = None,
) -> BeatGrid | None:
    """Lay beats from the song's first sound to its last; None where too few were detected.

    ``detected``: the beats of the song map, whose bars and speed are kept. ``activation``: the song's beat activation.
    ``changes``: of its harmony.
    """
    if len(detected) < MIN_BEATS:
        return None
    track, doubts = track_song_beats(detected, activation, strength, changes)
    if len(track.beats_s) < MIN_BEATS:
        return None
    envelope = strength.compute_onset_envelope()
    at = np.arange(len(envelope)) / STEPS_A_SECOND
    worth = envelope.copy()
    for beat_s, confidence in zip(track.beats_s, _estimate_confidence(track.beats_s, activation), strict=True):
        step = beat_s * STEPS_A_SECOND
        first, last = (round(step + side * 4 * NEAR_S * STEPS_A_SECOND) for side in (-1, 1))
        near = slice(max(first, 0), max(last, 0) + 1)
        worth[near] += BEAT_ATTRACTION * confidence * np.exp(-0.5 * ((at[near] + ONSET_LEAD_S - beat_s) / NEAR_S) ** 2)
    steps = track_beats(worth, _estimate_periods(at, track) * STEPS_A_SECOND, TEMPO_CHANGE_COST)
    laid_s = steps / STEPS_A_SECOND + ONSET_LEAD_S
    beats = _align_to_attacks(laid_s, strength.edges, np.searchsorted(track.beats_s[track.restarts] - NEAR_S, laid_s))
    first_s, last_s = find_sounding_range(strength)
    beats = np.maximum(beats[(beats >= first_s - NEAR_S) & (beats <= last_s - 2 * NEAR_S)], 0.0)
    if len(beats) < MIN_BEATS:
        return None
    bar_beats = _find_usual_metre(detected)
    remarks = describe_changes(find_tempo_changes(beats, activation), doubts)
    return BeatGrid(beats, _count_beats(beats, detected, bar_beats, track.beats_s[track.restarts]), bar_beats, remarks)


def _estimate_confidence(beats: Float64Array, activation: Float32Array) -> Float64Array:
    """The confidence of each decoded beat, 0 to 1: 0 in a silence, or without any activation near it."""
    reach = np.arange(-ACTIVATION_REACH, ACTIVATION_REACH + 1)
    steps = np.rint((beats + DELAY_S) * ACTIVATION_STEPS_A_SECOND).astype(np.int64)[:, None] - 1 + reach
    near = activation[np.clip(steps, 0, len(activation) - 1)].max(1)
    return np.asarray(
        np.clip((near - UNINFORMATIVE_PROBABILITY) / (CONFIDENT_ACTIVATION - UNINFORMATIVE_PROBABILITY), 0.0, 1.0)
    )


def _estimate_periods(at: Float64Array, track: Track) -> Float64Array:
    """The expected beat interval in seconds at each of the times ``at``; medians, not across a new count."""
    gaps = np.diff(track.beats_s)
    smooth = gaps.copy()
    starts = [*np.flatnonzero(track.restarts).tolist(), len(track.beats_s)]
    for first, last in pairwise(starts):
        inner = gaps[first : last - 1]
        if len(inner) >= SMOOTHING_BEATS:
            padded = np.pad(inner, SMOOTHING_BEATS // 2, mode="reflect")
            windows = np.lib.stride_tricks.sliding_window_view(padded, SMOOTHING_BEATS)
            smooth[first : last - 1] = np.median(windows, axis=1)
    middles = (track.beats_s[1:] + track.beats_s[:-1]) / 2
    return smooth[np.clip(np.searchsorted(middles, at) - 1, 0, len(smooth) - 1)]


def track_beats(worth: Float64Array, periods: Float64Array, steadiness: float) -> Int64Array:
    """The steps of the beats with the highest sum of ``worth`` (steps,) less the costs of their intervals.

    ``periods``: the expected interval at each step, in steps.
    """
    if not len(worth):
        return np.zeros(0, np.int64)
    score, before = _score_steps(worth, periods, steadiness)
    tail = score[-max(round(float(periods[-1])), 1) :]
    step = len(score) - len(tail) + int(tail.argmax())
    found = []
    while step >= 0:
        found.append(step)
        step = int(before[step])
    return np.array(found[::-1], np.int64)


@njit()
def _score_steps(worth: Float64Array, periods: Float64Array, steadiness: float) -> tuple[Float64Array, Int64Array]:
    """The best score of beats up to each step, with one there, and the step of the one before (-1: none)."""
    score = worth.copy()
    before = np.full(worth.shape[0], -1, np.int64)
    for step in range(worth.shape[0]):
        period = periods[step]
        best, place = 0.0, -1
        for back in range(max(int(period / 2), 1), int(period * 2) + 1):
            if back > step:
                break
            value = score[step - back] - steadiness * np.log(back / period) ** 2
            if place < 0 or value > best:
                best, place = value, step - back
        if place >= 0 and best > 0.0:  # else better begin here
            score[step] += best
            before[step] = place
    return score, before


def _align_to_attacks(beats: Float64Array, edges: Float64Array, counts: Int64Array) -> Float64Array:
    """Move ``beats`` onto the attacks near them, and each onto a line through its neighbours of one of ``counts``."""
    moved, weights = beats.copy(), np.full(len(beats), 0.05)
    sums = np.concatenate([np.zeros(BEFORE_MS + 1), np.cumsum(edges)])  # silence before the song
    for number, beat in enumerate(beats):
        slot = round(beat * SLOTS_A_SECOND)
        at = BEFORE_MS + np.arange(max(slot - ATTACK_MS, 0), min(slot + ATTACK_MS, len(edges) - AFTER_MS) + 1)
        if not len(at):
            continue
        after = (sums[at + AFTER_MS] - sums[at]) / AFTER_MS
        before = (sums[at] - sums[at - BEFORE_MS]) / BEFORE_MS
        rise = after / (before + 1e-3 * after.max() + 1e-15)
        best = int(rise.argmax())
        if rise[best] > MIN_RISE and after[best] > MIN_POWER * 1e-3:
            moved[number] = (at[best] - BEFORE_MS + 0.5) / SLOTS_A_SECOND  # it began within the slot
            weights[number] = 1.0
    leaning = np.empty_like(moved)
    for number in range(len(moved)):
        near = np.arange(max(number - LINE_NEIGHBOURS, 0), min(number + LINE_NEIGHBOURS, len(moved) - 1) + 1)
        near = near[counts[near] == counts[number]]
        leaning[number] = _fit_line(near - number, moved[near], weights[near] / (1.0 + np.abs(near - number)))
    return leaning


def _fit_line(places: Int64Array, values: Float64Array, weights: Float64Array) -> float:
    """The value at place 0 of the line that lies nearest to ``values``."""
    total = weights.sum()
    place, value = float((weights * places).sum() / total), float((weights * values).sum() / total)
    spread = float((weights * (places - place) ** 2).sum())
    if spread < 1e-9:
        return value
    slope = float((weights * (places - place) * (values - value)).sum()) / spread
    return value - slope * place


def find_sounding_range(strength: OnsetStrength) -> tuple[float, float]:
    """Seconds at which the song's first sound begins and its last one ends."""
    there = np.flatnonzero(strength.find_sounding_slots())
    if not len(there):
        return 0.0, 0.0
    return float(there[0]) / SLOTS_A_SECOND, float(there[-1] + 1) / SLOTS_A_SECOND


def _find_usual_metre(detected: Sequence[SongBeat]) -> int:
    """Beats of a bar by the votes of the detected beats, weighted by their confidence."""
    votes: dict[int, float] = {}
    for beat in detected:
        votes[beat.bar_beats] = votes.get(beat.bar_beats, 0.0) + beat.confidence
    return max(votes, key=lambda beats: votes[beats])


def _count_beats(beats: Float64Array, detected: Sequence[SongBeat], bar_beats: int, anew_s: Float64Array) -> Int64Array:
    """The number of each beat in its bar: as detected, with the fewest slips; free at ``anew_s``."""
    cost = np.full(len(beats), BAR_SLIP_COST)
    cost[[int(np.abs(beats - at).argmin()) for at in anew_s]] = 0.0
    votes = np.zeros((len(beats), bar_beats))
    gaps = np.diff(beats)
    period = float(np.median(gaps))
    for beat, gap_s in zip(detected, np.diff([beat.time_s for beat in detected], append=np.inf), strict=True):
        nearest = int(np.abs(beats - beat.time_s).argmin())
        if abs(beats[nearest] - beat.time_s) >= period / 4 or beat.bar_beats != bar_beats:
            continue
        if gap_s > DOUBLE_SPEED_RATIO * gaps[min(nearest, len(gaps) - 1)] or bar_beats % 2:
            votes[nearest, beat.number - 1] += 1.0
        elif beat.number % 2:  # at twice the speed the engine's bar is half of one
            votes[nearest, (beat.number - 1) // 2 :: bar_beats // 2] += 0.5
    turned = np.stack([np.roll(row, -number % bar_beats) for number, row in enumerate(votes)])  # by the count's offset
    score, came = turned[0].copy(), np.zeros(turned.shape, np.int64)
    for number in range(1, len(turned)):
        best = int(score.argmax())
        slips = score < score[best] - cost[number]
        came[number] = np.where(slips, best, np.arange(bar_beats))
        score = np.maximum(score, score[best] - cost[number]) + turned[number]
    offset = int(score.argmax())
    numbers = np.zeros(len(beats), np.int64)
    for number in range(len(beats) - 1, -1, -1):
        numbers[number] = (offset + number) % bar_beats
        offset = int(came[number, offset])
    return numbers
