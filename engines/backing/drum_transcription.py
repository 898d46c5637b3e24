"""Drum transcription: hits of kick, snare and cymbals with their strengths, bar by bar, and the swing.

A hit is classified by the band in which it rises: a kick below 120 Hz, a snare from 500 to 2000 Hz, hats above
6000 Hz. This holds for drum sets; of hand drums the low and the high ones are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from bridge.core.arrays import Float64Array
from engines.accompaniment.groove_matching import STEPS, VOICES, Groove
from engines.backing.onset_strength import STEPS_A_SECOND, OnsetStrength

VOICE_BANDS: tuple[slice, ...] = (slice(0, 1), slice(2, 3), slice(4, 5))
"""Of `strength.EDGES_HZ`, for each of VOICES."""
HIT_STEPS: tuple[int, ...] = (1, 4, 4)
"""For each voice: a hit's level is the mean of so many steps, and it rises from so many before it. Long ones even out
a snare's rattle but would join two kicks."""
MAX_RING_GROWTH = 1.5
"""A ringing sound may swell by this factor without being a hit."""
SEARCH_STEPS = 0.5
"""A hit belongs to the step that is less than so many steps away."""
LOUD_PERCENTILE = 90.0
"""The percentile of a voice's hits that counts as a loud one."""
HIT_THRESHOLDS: tuple[float, ...] = (0.35, 0.35, 0.2)
"""For each voice, the least strength of a hit, as a share of a loud one's."""
VOICE_THRESHOLDS: tuple[float, ...] = (0.02, 0.05, 0.01)
"""For each voice, the least amplitude of a loud hit, as a share of the loudest voice's; else the voice is absent."""
CROSSTALK: tuple[tuple[float, ...], ...] = ((), (1.0,), (0.05, 1.0))
"""For each voice the most crosstalk from the voices below it: how much their hits rise in its band, as a share of how
much they rise in their own. Kicks click, snares rattle."""
CROSSTALK_PERCENTILE = 25.0
"""The percentile of the rises at loud hits that is crosstalk alone: at others another voice is hit, too."""
CROSSTALK_MARGIN = 1.3
"""So many times the crosstalk is subtracted, as hits differ."""
OFF_BEAT_RANGE = (0.4, 0.71)
"""The part of a beat in which off-beats lie, straight or swung."""
MIN_OFF_BEATS = 8
"""Off-beats needed to measure swing."""
MIN_SWING = 0.12
"""Less swing than this is loose timing."""


def transcribe_grooves(
    strength: OnsetStrength, beats_s: Sequence[float], bars: Sequence[int], swing: float
) -> list[Groove]:
    """Transcribe the groove of each bar. ``beats_s``: all beats, and the last one's end; ``bars``: beats of each."""
    places = place_sixteenths(swing)
    at = np.array([start + part * (end - start) for start, end in pairwise(beats_s) for part in places])
    at = np.append(at, beats_s[-1])
    grown = np.stack([_compute_growth(strength, voice) for voice in range(len(VOICES))])
    peaks = np.stack([_pick_at_steps(voice, at) for voice in grown])
    strengths = _separate_voices(peaks)
    edges = np.concatenate([[0], np.cumsum(bars)]) * STEPS
    return [Groove(strengths[:, first:last]) for first, last in pairwise(edges.tolist())]


def place_sixteenths(swing: float) -> tuple[float, ...]:
    """The places of a beat's sixteenths, 0 to 1."""
    middle = 0.5 * (1 + swing / 3)
    return 0.0, middle / 2, middle, (1 + middle) / 2


def measure_swing(strength: OnsetStrength, beats_s: Sequence[float]) -> float:
    """Measure how late off-beats are, 0 straight to 1 on the triplet: the median of the strongest rises near them."""
    grown = sum((_compute_growth(strength, voice) for voice in (1, 2)), np.zeros(len(strength.levels)))
    places, sizes = [], []
    for start, end in pairwise(beats_s):
        first, last = (round((start + part * (end - start)) * STEPS_A_SECOND) for part in OFF_BEAT_RANGE)
        here = grown[first : last + 1]
        if len(here) > 2:
            places.append(((first + int(here.argmax())) / STEPS_A_SECOND - start) / (end - start))
            sizes.append(float(here.max()))
    if not sizes:
        return 0.0
    strong = np.asarray(sizes) >= HIT_THRESHOLDS[2] * max(float(np.percentile(sizes, LOUD_PERCENTILE)), 1e-9)
    if strong.sum() < MIN_OFF_BEATS or max(sizes) <= 0:
        return 0.0
    swing = (float(np.median(np.asarray(places)[strong])) - 0.5) * 6
    return min(swing, 1.0) if swing > MIN_SWING else 0.0


def _compute_growth(strength: OnsetStrength, voice: int) -> Float64Array:
    """The rise of the amplitude in the band of ``voice`` at each step."""
    length = HIT_STEPS[voice]
    powers = np.concatenate([[0.0], np.cumsum(strength.levels[:, VOICE_BANDS[voice]].sum(1))])
    level = np.sqrt(np.maximum(powers[length:] - powers[:-length], 0.0) / length)
    grown = np.zeros(len(strength.levels))
    if len(level) > length + 1:
        found = np.maximum(level[length + 1 :] - MAX_RING_GROWTH * level[: -length - 1], 0.0)
        grown[length + 1 : length + 1 + len(found)] = found
    return grown


def _pick_at_steps(grown: Float64Array, at: Float64Array) -> Float64Array:
    """The largest rise around each of the times ``at`` but the last."""
    found = np.zeros(len(at) - 1)
    for number in range(len(found)):
        before = at[number] - at[number - 1] if number else at[1] - at[0]
        first = round((at[number] - SEARCH_STEPS * before) * STEPS_A_SECOND) + 1
        last = round((at[number] + SEARCH_STEPS * (at[number + 1] - at[number])) * STEPS_A_SECOND)
        here = grown[max(first, 0) : max(last, 0) + 1]
        found[number] = here.max() if here.size else 0.0
    return found


def _separate_voices(peaks: Float64Array) -> Float64Array:
    """Strengths of hits, shape (VOICES, steps), from the rise in each voice's band, its crosstalk removed."""
    clean = peaks.copy()
    for voice in range(1, len(VOICES)):
        crosstalk = [
            _estimate_crosstalk(clean[below], peaks[voice], most) for below, most in enumerate(CROSSTALK[voice])
        ]
        clean[voice] = np.maximum(peaks[voice] - np.max(crosstalk, axis=0), 0.0)
    loud = np.array([_measure_loud_hit(voice) for voice in clean])
    strengths = np.zeros_like(clean)
    for voice in range(len(VOICES)):
        if loud[voice] > max(VOICE_THRESHOLDS[voice] * loud.max(), 1e-6):
            share_of_loud = clean[voice] / loud[voice]
            strengths[voice] = np.where(share_of_loud >= HIT_THRESHOLDS[voice], np.minimum(share_of_loud, 1.0), 0.0)
    return strengths


def _estimate_crosstalk(own: Float64Array, above: Float64Array, most: float) -> Float64Array:
    """The crosstalk at each step, in the band with the rises ``above``, of hits that rise by ``own`` in theirs."""
    is_hit = own >= 0.5 * max(_measure_loud_hit(own), 1e-9)
    if not is_hit.any():
        return np.zeros_like(above)
    return CROSSTALK_MARGIN * min(float(np.percentile(above[is_hit] / own[is_hit], CROSSTALK_PERCENTILE)), most) * own


def _measure_loud_hit(voice: Float64Array) -> float:
    """The rise of a loud hit of ``voice``; noise between hits is left out."""
    hits = voice[voice > 0.1 * voice.max()]
    return float(np.percentile(hits, LOUD_PERCENTILE)) if hits.size else 0.0
