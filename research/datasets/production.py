"""Random production of a stem: one of many plausible effect chains for each kind."""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float32Array
from research.datasets.effects import (
    Random,
    add_chorus,
    add_echo,
    add_reverb,
    apply_amplifier,
    apply_filter,
    apply_pan,
    compress,
    overdrive,
    widen,
)
from research.datasets.sources import set_peak

LOW_CUT_HZ = {"drums": (20, 35), "bass": (20, 40), "vocals": (70, 140), "other": (30, 180)}
ROOM_S = {"drums": (0.2, 1.4), "bass": (0.15, 0.5), "vocals": (0.6, 3.0), "other": (0.4, 3.0)}
WET_DB = {"drums": (-26, -11), "bass": (-34, -22), "vocals": (-24, -9), "other": (-26, -8)}


def produce(wave: Float32Array, stem: str, random: Random, beat_s: float = 0.5) -> Float32Array:
    """``wave`` (2, frames) through a random chain for ``stem``; no DC, peak between -9 and -1 dB of full scale."""
    if float(np.abs(wave).max(initial=0.0)) < 1e-6:
        return wave
    wave = set_peak(wave, -3.0)
    wave = apply_filter(wave, "high", random.uniform(*LOW_CUT_HZ[stem]))
    wave = _equalise(wave, random)
    if random.random() < {"drums": 0.7, "bass": 0.8, "vocals": 0.9, "other": 0.5}[stem]:
        attack = random.uniform(0.001, 0.03)
        wave = compress(wave, random.uniform(6, 22), random.uniform(2, 8), attack, random.uniform(0.05, 0.3))
    if random.random() < {"drums": 0.35, "bass": 0.5, "vocals": 0.3, "other": 0.25}[stem]:
        wave = overdrive(wave, random.uniform(-6, 9 if stem != "vocals" else 3), random.uniform(0, 0.2))
    wave = set_peak(wave, -3.0)
    if stem == "other" and random.random() < 0.3:
        wave = add_chorus(wave, random)
    if stem == "vocals" and random.random() < 0.1:
        wave = add_chorus(wave, random)
    if stem in ("vocals", "other") and random.random() < 0.35:
        late = beat_s * float(random.choice([0.25, 0.5, 0.75, 1.0]))
        wave = add_echo(wave, late, random.uniform(0.1, 0.55), random.uniform(-24, -10), bool(random.random() < 0.6))
    if random.random() < {"drums": 0.75, "bass": 0.15, "vocals": 0.85, "other": 0.7}[stem]:
        wave = add_reverb(wave, random, random.uniform(*WET_DB[stem]), random.uniform(*ROOM_S[stem]))
    if stem != "bass" and random.random() < 0.4:
        wave = widen(wave, random.uniform(0.2, 1.7))
    if stem == "other" and random.random() < 0.4:
        wave = apply_pan(wave, random.uniform(-0.5, 0.5))
    return set_peak(wave, random.uniform(-9.0, -1.0))


def _equalise(wave: Float32Array, random: Random) -> Float32Array:
    if random.random() < 0.5:
        wave = apply_filter(wave, "lowshelf", random.uniform(80, 300), 0.707, random.uniform(-5, 5))
    for _ in range(int(random.integers(3))):
        wave = apply_filter(
            wave, "peak", float(np.exp(random.uniform(5.5, 8.7))), random.uniform(0.5, 2.5), random.uniform(-6, 6)
        )
    if random.random() < 0.6:
        wave = apply_filter(wave, "highshelf", random.uniform(3000, 10000), 0.707, random.uniform(-7, 7))
    if random.random() < 0.08:
        wave = apply_filter(wave, "low", random.uniform(3000, 12000))
    return wave


def reamp(wave: Float32Array, random: Random) -> Float32Array:
    """A DI guitar as it sounds on records: clean, crunch or lead."""
    return set_peak(
        apply_amplifier(
            set_peak(wave),
            random,
            random.choice([random.uniform(0, 6), random.uniform(10, 22), random.uniform(25, 42)]),
        )
    )
