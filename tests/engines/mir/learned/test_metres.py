"""Bars of three, four and six, slow and fast: drums and chords of which every beat is known."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from bridge.core.audio import Audio
from bridge.core.engine_stream import EngineStream
from bridge.core.events import Beat
from engines.mir.chroma.chroma_mir import PRIOR
from engines.mir.learned.learned_mir import LearnedMir
from research.datasets.grooves import KitDrummer, assemble_kit, play
from research.datasets.kits import synthesise_kit
from research.datasets.sources import RATE

SECONDS, SETTLED_S = 32.0, 16.0
ROOTS = (60, 65, 67, 57)
WALTZ = {"kick": "9..", "closed": ".77"}
SLOW_WALTZ = {"kick": "9.....", "snare": "..6.6.", "closed": "5.5.5."}
SIX_EIGHT = {"kick": "9.....", "snare": "...9..", "closed": "777777"}
ROCK = {"kick": "9...9...", "snare": "..9...9.", "closed": "99999999"}


@cache
def drummer() -> KitDrummer:
    random = np.random.default_rng(3)
    return assemble_kit({}, synthesise_kit(random), random, 0.0)


def song(bpm: float, bar: int, groove: Mapping[str, str]) -> Audio:
    """The groove, its lines a bar each, and a chord a bar that dies away."""
    beats, beat_s = int(SECONDS * bpm / 60), 60 / bpm
    hits = [
        ((at + step * bar / len(line)) * beat_s, role, int(force) / 9)
        for at in range(0, beats, bar)
        for role, line in groove.items()
        for step, force in enumerate(line)
        if force != "."
    ]
    wave = 0.5 * play(drummer(), hits, SECONDS, np.random.default_rng(4)).mean(0)
    for number, at in enumerate(range(0, beats, bar)):
        start, stop = (min(round(beat * beat_s * RATE), len(wave)) for beat in (at, at + bar))
        time, root = np.arange(stop - start) / RATE, ROOTS[number % len(ROOTS)]
        for pitch in (root - 24, root, root + 4, root + 7):
            hz = 440.0 * 2 ** ((pitch - 69) / 12)
            wave[start:stop] += 0.06 * np.exp(-time) * sum(np.sin(2 * np.pi * hz * n * time) / n for n in range(1, 6))
    wave /= max(1.0, float(np.abs(wave).max()))
    return np.stack([wave, wave]).astype(np.float32)


@pytest.mark.parametrize(
    ("bpm", "bar", "groove", "prior"),
    [
        (150.0, 3, WALTZ, 120.0),
        (96.0, 3, SLOW_WALTZ, 120.0),
        (120.0, 4, ROCK, 120.0),
        (180.0, 6, SIX_EIGHT, 180.0),  # with the usual prior its dotted quarters are reported
        (62.0, 4, ROCK, 70.0),
        (185.0, 4, ROCK, 180.0),
    ],
)
def test_tempo_metre_and_downbeats_are_reported(bpm: float, bar: int, groove: Mapping[str, str], prior: float) -> None:
    stream = EngineStream(LearnedMir(), RATE, {PRIOR.name: prior})
    events = [output.event for output in stream.push(song(bpm, bar, groove)).events]
    beats = [(event.frame / RATE, event.payload) for event in events if isinstance(event.payload, Beat)]
    settled = [(at, beat) for at, beat in beats if at > SETTLED_S]
    assert len(settled) == pytest.approx((SECONDS - SETTLED_S) * bpm / 60, abs=2)
    assert np.median([beat.tempo for _, beat in settled]) == pytest.approx(bpm, rel=0.02)
    assert np.mean([beat.bar_beats == bar for _, beat in settled]) > 0.9
    away = [abs((at * bpm / 60 + bar / 2) % bar - bar / 2) for at, beat in settled if beat.number == 0]
    assert np.mean(np.array(away) < 0.12) > 0.6
