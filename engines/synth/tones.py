"""Tones of synth.plain: harmonics and envelopes of its pitched instruments, and their wavetables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TABLE_SAMPLES = 2048
"""Samples of a cycle; the error of linear interpolation is then below -90 dB at the tenth harmonic."""
HARMONICS = 48
SPAN = 4
"""Semitones that share a table; the harmonics of its highest note lie below half the rate."""
GROUPS = 128 // SPAN


@dataclass(frozen=True, slots=True)
class Tone:
    """An instrument.

    ``steady``, ``bright``: amplitudes of harmonics from the first; the bright ones, louder with velocity, fade with the
    time constant ``dulls_s``. ``attack_s``: time to the peak. From there it decays with ``decay_s`` to ``sustain``, and
    after note-off with ``release_s`` to nothing. ``spread_cents``: detune, left down and right up. ``sinks``: octaves
    upwards over which the decay halves (0: it does not).
    """

    name: str
    steady: tuple[float, ...]
    bright: tuple[float, ...]
    level: float
    attack_s: float
    decay_s: float
    sustain: float
    release_s: float
    dulls_s: float
    spread_cents: float = 0.0
    sinks: float = 0.0


def _make_falling(power: float, count: int = HARMONICS, of: int = 1) -> tuple[float, ...]:
    """Harmonics 1 / n ** power; only each ``of``-th."""
    return tuple((1.0 / n**power if (n - 1) % of == 0 else 0.0) for n in range(1, count + 1))


def _make_plucked(power: float, place: float, count: int = HARMONICS) -> tuple[float, ...]:
    """Harmonics of a string plucked at ``place`` of its length: those with a node there are missing."""
    return tuple(float(np.sin(np.pi * n * place)) / n**power for n in range(1, count + 1))


def _make_partials(**amplitudes: float) -> tuple[float, ...]:
    """Harmonics by number: ``_only(h1=1.0, h4=0.2)``."""
    found = [0.0] * HARMONICS
    for name, amplitude in amplitudes.items():
        found[int(name[1:]) - 1] = amplitude
    return tuple(found)


PIANO = Tone(
    "piano", steady=_make_falling(1.9, 12), bright=_make_plucked(1.1, 0.12, 24),
    level=0.17, attack_s=0.003, decay_s=1.6, sustain=0.0, release_s=0.12, dulls_s=0.35, spread_cents=1.5, sinks=2.0,
)  # fmt: skip
ELECTRIC = Tone(
    "electric piano", steady=_make_partials(h1=1.0, h2=0.12), bright=_make_partials(h3=0.1, h14=0.22),
    level=0.22, attack_s=0.004, decay_s=1.8, sustain=0.0, release_s=0.15, dulls_s=0.12, spread_cents=2.0, sinks=2.5,
)  # fmt: skip
BELLS = Tone(
    "bells", steady=_make_partials(h1=1.0), bright=_make_partials(h4=0.5, h10=0.25),
    level=0.18, attack_s=0.002, decay_s=1.2, sustain=0.0, release_s=0.4, dulls_s=0.25, spread_cents=1.0, sinks=2.0,
)  # fmt: skip
ORGAN = Tone(
    "organ", steady=_make_partials(h1=1.0, h2=0.8, h3=0.6, h4=0.35, h6=0.2, h8=0.15), bright=_make_partials(h5=0.1),
    level=0.085, attack_s=0.008, decay_s=1.0, sustain=1.0, release_s=0.06, dulls_s=0.05, spread_cents=4.0,
)  # fmt: skip
NYLON = Tone(
    "guitar", steady=_make_plucked(1.7, 0.2, 16), bright=_make_plucked(0.9, 0.13, 30),
    level=0.21, attack_s=0.003, decay_s=0.9, sustain=0.0, release_s=0.1, dulls_s=0.18, spread_cents=1.0, sinks=2.0,
)  # fmt: skip
DRIVEN = Tone(
    "driven guitar", steady=_make_falling(1.2, 20, 2), bright=_make_falling(0.9, 32),
    level=0.09, attack_s=0.004, decay_s=2.5, sustain=0.35, release_s=0.08, dulls_s=0.5, spread_cents=6.0,
)  # fmt: skip
BASS = Tone(
    "bass", steady=_make_partials(h1=1.0, h2=0.45, h3=0.2, h4=0.08), bright=_make_plucked(1.2, 0.22, 20),
    level=0.28, attack_s=0.004, decay_s=1.6, sustain=0.1, release_s=0.07, dulls_s=0.15,
)  # fmt: skip
SYNTH_BASS = Tone(
    "synth bass", steady=_make_falling(1.6, 10), bright=_make_falling(1.0, 30),
    level=0.22, attack_s=0.003, decay_s=0.5, sustain=0.45, release_s=0.05, dulls_s=0.12,
)  # fmt: skip
STRINGS = Tone(
    "strings", steady=_make_falling(1.35, 24), bright=_make_falling(1.1, 16),
    level=0.075, attack_s=0.09, decay_s=1.0, sustain=0.9, release_s=0.25, dulls_s=0.8, spread_cents=9.0,
)  # fmt: skip
PAD = Tone(
    "pad", steady=_make_falling(1.7, 14), bright=_make_falling(1.2, 10),
    level=0.095, attack_s=0.22, decay_s=1.5, sustain=0.85, release_s=0.5, dulls_s=1.2, spread_cents=11.0,
)  # fmt: skip
BRASS = Tone(
    "brass", steady=_make_falling(1.3, 12), bright=_make_falling(0.9, 20),
    level=0.075, attack_s=0.035, decay_s=0.4, sustain=0.8, release_s=0.12, dulls_s=0.5, spread_cents=5.0,
)  # fmt: skip
PIPE = Tone(
    "pipe", steady=_make_partials(h1=1.0, h2=0.25, h3=0.1), bright=_make_partials(h4=0.05),
    level=0.16, attack_s=0.05, decay_s=1.0, sustain=0.9, release_s=0.12, dulls_s=0.3, spread_cents=3.0,
)  # fmt: skip
LEAD = Tone(
    "lead", steady=_make_falling(1.1, 30), bright=_make_falling(0.8, 40),
    level=0.075, attack_s=0.006, decay_s=0.8, sustain=0.6, release_s=0.08, dulls_s=0.4, spread_cents=7.0,
)  # fmt: skip

TONES: tuple[Tone, ...] = (
    PIANO, ELECTRIC, BELLS, ORGAN, NYLON, DRIVEN, BASS, SYNTH_BASS, STRINGS, PAD, BRASS, PIPE, LEAD,
)  # fmt: skip
_FAMILIES: tuple[tuple[int, Tone], ...] = (
    (4, PIANO), (6, ELECTRIC), (8, PIANO), (16, BELLS), (24, ORGAN), (29, NYLON), (32, DRIVEN), (38, BASS),
    (40, SYNTH_BASS), (45, STRINGS), (48, NYLON), (56, STRINGS), (64, BRASS), (80, PIPE), (88, LEAD), (104, PAD),
    (120, NYLON), (128, BELLS),
)  # fmt: skip
"""Tones of General MIDI programs: each up to but not including its number, from the previous number on."""
TONE_OF: tuple[int, ...] = tuple(
    TONES.index(next(tone for below, tone in _FAMILIES if program < below)) for program in range(128)
)
"""The index in TONES for each program."""


def make_tables(rate: int, tones: Sequence[Tone] = TONES) -> NDArray[np.float32]:
    """Wavetables of ``tones``, shape (tones, GROUPS, 2, TABLE_SAMPLES + 1): steady and bright, the last is the first.

    Harmonics have the phases of sines; those above 0.45 of the rate are left out.
    """
    made = np.zeros((len(tones), GROUPS, 2, TABLE_SAMPLES + 1), np.float32)
    for number, tone in enumerate(tones):
        for group in range(GROUPS):
            highest = to_hz(SPAN * group + SPAN - 1)
            for which, amplitudes in enumerate((tone.steady, tone.bright)):
                spectrum = np.zeros(TABLE_SAMPLES // 2 + 1, np.complex128)
                for n, amplitude in enumerate(amplitudes, 1):
                    if n * highest < 0.45 * rate:
                        spectrum[n] = -0.5j * TABLE_SAMPLES * amplitude
                made[number, group, which, :TABLE_SAMPLES] = np.fft.irfft(spectrum)
    made[..., TABLE_SAMPLES] = made[..., 0]
    return made


def to_hz(pitch: float) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))
