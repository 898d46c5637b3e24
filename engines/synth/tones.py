"""The pitched instruments of synth.plain: which harmonics, how they fade, and single cycles of them as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TABLE = 2048
"""Samples of a cycle; read with linear interpolation, which is then wrong by less than -90 dB at the tenth harmonic."""
HARMONICS = 48
SPAN = 4
"""Semitones that share a table: the harmonics of its highest note lie below half the rate."""
GROUPS = 128 // SPAN

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tone:
    """An instrument.

    ``steady``, ``bright``: amplitudes of harmonics from the first; the bright ones, louder with harder strokes, fade
    with the time constant ``dulls_s``. ``attack_s``: until it is at its loudest. From there it falls with ``decay_s``
    to ``sustain``, and with ``release_s`` to nothing once it is let go of. ``spread_cents``: by how much the left side
    is lower and the right side higher. ``sinks``: by how many octaves up the decay is twice as quick (0: never).
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


def _falling(power: float, count: int = HARMONICS, of: int = 1) -> tuple[float, ...]:
    """Harmonics as 1 / n ** power, of each ``of``-th."""
    return tuple((1.0 / n**power if (n - 1) % of == 0 else 0.0) for n in range(1, count + 1))


def _plucked(power: float, place: float, count: int = HARMONICS) -> tuple[float, ...]:
    """Of a string struck at ``place`` of its length: harmonics with a node there are missing."""
    return tuple(float(np.sin(np.pi * n * place)) / n**power for n in range(1, count + 1))


def _only(**amplitudes: float) -> tuple[float, ...]:
    """Harmonics by number: ``_only(h1=1.0, h4=0.2)``."""
    found = [0.0] * HARMONICS
    for name, amplitude in amplitudes.items():
        found[int(name[1:]) - 1] = amplitude
    return tuple(found)


PIANO = Tone(
    "piano", steady=_falling(1.9, 12), bright=_plucked(1.1, 0.12, 24),
    level=0.17, attack_s=0.003, decay_s=1.6, sustain=0.0, release_s=0.12, dulls_s=0.35, spread_cents=1.5, sinks=2.0,
)  # fmt: skip
ELECTRIC = Tone(
    "electric piano", steady=_only(h1=1.0, h2=0.12), bright=_only(h3=0.1, h14=0.22),
    level=0.22, attack_s=0.004, decay_s=1.8, sustain=0.0, release_s=0.15, dulls_s=0.12, spread_cents=2.0, sinks=2.5,
)  # fmt: skip
BELLS = Tone(
    "bells", steady=_only(h1=1.0), bright=_only(h4=0.5, h10=0.25),
    level=0.18, attack_s=0.002, decay_s=1.2, sustain=0.0, release_s=0.4, dulls_s=0.25, spread_cents=1.0, sinks=2.0,
)  # fmt: skip
ORGAN = Tone(
    "organ", steady=_only(h1=1.0, h2=0.8, h3=0.6, h4=0.35, h6=0.2, h8=0.15), bright=_only(h5=0.1),
    level=0.085, attack_s=0.008, decay_s=1.0, sustain=1.0, release_s=0.06, dulls_s=0.05, spread_cents=4.0,
)  # fmt: skip
NYLON = Tone(
    "guitar", steady=_plucked(1.7, 0.2, 16), bright=_plucked(0.9, 0.13, 30),
    level=0.21, attack_s=0.003, decay_s=0.9, sustain=0.0, release_s=0.1, dulls_s=0.18, spread_cents=1.0, sinks=2.0,
)  # fmt: skip
DRIVEN = Tone(
    "driven guitar", steady=_falling(1.2, 20, 2), bright=_falling(0.9, 32),
    level=0.09, attack_s=0.004, decay_s=2.5, sustain=0.35, release_s=0.08, dulls_s=0.5, spread_cents=6.0,
)  # fmt: skip
BASS = Tone(
    "bass", steady=_only(h1=1.0, h2=0.45, h3=0.2, h4=0.08), bright=_plucked(1.2, 0.22, 20),
    level=0.28, attack_s=0.004, decay_s=1.6, sustain=0.1, release_s=0.07, dulls_s=0.15,
)  # fmt: skip
SYNTH_BASS = Tone(
    "synth bass", steady=_falling(1.6, 10), bright=_falling(1.0, 30),
    level=0.22, attack_s=0.003, decay_s=0.5, sustain=0.45, release_s=0.05, dulls_s=0.12,
)  # fmt: skip
STRINGS = Tone(
    "strings", steady=_falling(1.35, 24), bright=_falling(1.1, 16),
    level=0.075, attack_s=0.09, decay_s=1.0, sustain=0.9, release_s=0.25, dulls_s=0.8, spread_cents=9.0,
)  # fmt: skip
PAD = Tone(
    "pad", steady=_falling(1.7, 14), bright=_falling(1.2, 10),
    level=0.095, attack_s=0.22, decay_s=1.5, sustain=0.85, release_s=0.5, dulls_s=1.2, spread_cents=11.0,
)  # fmt: skip
BRASS = Tone(
    "brass", steady=_falling(1.3, 12), bright=_falling(0.9, 20),
    level=0.075, attack_s=0.035, decay_s=0.4, sustain=0.8, release_s=0.12, dulls_s=0.5, spread_cents=5.0,
)  # fmt: skip
PIPE = Tone(
    "pipe", steady=_only(h1=1.0, h2=0.25, h3=0.1), bright=_only(h4=0.05),
    level=0.16, attack_s=0.05, decay_s=1.0, sustain=0.9, release_s=0.12, dulls_s=0.3, spread_cents=3.0,
)  # fmt: skip
LEAD = Tone(
    "lead", steady=_falling(1.1, 30), bright=_falling(0.8, 40),
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
"""The General MIDI programs below each number, from the one before on."""
TONE_OF: tuple[int, ...] = tuple(
    TONES.index(next(tone for below, tone in _FAMILIES if program < below)) for program in range(128)
)
"""The index in TONES for each program."""


def tables(rate: int, tones: Sequence[Tone] = TONES) -> NDArray[np.float32]:
    """Cycles of all ``tones``, shape (tones, GROUPS, 2, TABLE + 1): steady and bright, the first sample once more last.

    Harmonics are in the phases of sines; those that would lie above 0.45 of the rate are left out.
    """
    made = np.zeros((len(tones), GROUPS, 2, TABLE + 1), np.float32)
    for number, tone in enumerate(tones):
        for group in range(GROUPS):
            highest = hz_of(SPAN * group + SPAN - 1)
            for which, amplitudes in enumerate((tone.steady, tone.bright)):
                spectrum = np.zeros(TABLE // 2 + 1, np.complex128)
                for n, amplitude in enumerate(amplitudes, 1):
                    if n * highest < 0.45 * rate:
                        spectrum[n] = -0.5j * TABLE * amplitude
                made[number, group, which, :TABLE] = np.fft.irfft(spectrum)
    made[..., TABLE] = made[..., 0]
    return made


def hz_of(pitch: float) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))
