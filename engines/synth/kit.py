"""The drums of synth.plain: one sound a drum, made of sines and noise when it is prepared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio

SEED = 9
LEVEL = 0.8
"""Of all drums, beside the pitched voices."""
Floats = NDArray[np.float64]
DrumRenderer = Callable[["Bench"], Floats]
METAL_HZ = (205.3, 304.4, 369.6, 522.7, 635.0, 800.0)
"""Square waves that ring against one another; the six oscillators of a well-known drum machine are tuned about so."""


class Bench:
    """What sounds are made with, at ``rate`` Hz."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.random = np.random.Generator(np.random.Philox(SEED))

    def time(self, seconds: float) -> Floats:
        """Shape (frames,), in seconds."""
        return np.arange(int(seconds * self.rate)) / self.rate

    def noise(self, seconds: float, low_hz: float, high_hz: float) -> Floats:
        """Noise of a band with soft edges, its RMS 1."""
        frames = int(seconds * self.rate)
        spectrum = np.fft.rfft(self.random.standard_normal(frames))
        hz = np.fft.rfftfreq(frames, 1 / self.rate)
        below = 1 / (1 + (low_hz / np.maximum(hz, 1.0)) ** 6)
        above = 1 / (1 + (hz / high_hz) ** 6)
        wave = np.fft.irfft(spectrum * below * above, frames)
        return np.asarray(wave / max(np.sqrt(np.mean(wave**2)), 1e-9))

    def metal(self, seconds: float, low_hz: float, tune: float = 1.0) -> Floats:
        """METAL_HZ's square waves above ``low_hz``, their harmonics below half the rate only; RMS 1."""
        time, wave = self.time(seconds), np.zeros(int(seconds * self.rate))
        for base in METAL_HZ:
            for n in range(1, 40, 2):
                if low_hz < (hz := n * base * tune) < 0.45 * self.rate:
                    wave += np.sin(2 * np.pi * hz * time) / n
        return np.asarray(wave / max(np.sqrt(np.mean(wave**2)), 1e-9))

    def sweep(self, seconds: float, from_hz: float, to_hz: float, falls_s: float) -> Floats:
        """A sine whose pitch falls."""
        time = self.time(seconds)
        cycles = to_hz * time + (from_hz - to_hz) * falls_s * (1 - np.exp(-time / falls_s))
        return np.asarray(np.sin(2 * np.pi * cycles))

    def fading(self, wave: Floats, fades_s: float) -> Floats:
        return np.asarray(wave * np.exp(-np.arange(len(wave)) / (fades_s * self.rate)))


def _kick(b: Bench) -> Floats:
    body = b.fading(b.sweep(0.5, 165, 48, 0.028), 0.13)
    click = np.zeros_like(body)
    click[: int(0.02 * b.rate)] = b.fading(b.noise(0.02, 1500, 6000), 0.003)
    return 0.95 * body + 0.12 * click


def _snare(b: Bench) -> Floats:
    shell = b.fading(b.sweep(0.35, 300, 185, 0.02), 0.07)
    wires = b.fading(b.noise(0.35, 900, 9000), 0.085)
    return 0.5 * shell + 0.2 * wires


def _stick(b: Bench) -> Floats:
    return 0.4 * b.fading(b.sweep(0.12, 2200, 1650, 0.003), 0.012) + 0.1 * b.fading(b.noise(0.12, 1200, 7000), 0.01)


def _clap(b: Bench) -> Floats:
    wave = b.noise(0.35, 800, 5000)
    time = b.time(0.35)
    bursts = sum(np.where(time >= at, np.exp(-(time - at) / 0.006), 0.0) for at in (0.0, 0.011, 0.022))
    tail = np.where(time >= 0.03, np.exp(-(time - 0.03) / 0.07), 0.0)
    return np.asarray(0.19 * wave * (bursts + 0.7 * tail))


def _hat(seconds: float, fades_s: float) -> DrumRenderer:
    def make(b: Bench) -> Floats:
        return b.fading(0.07 * b.noise(seconds, 7000, 16000) + 0.05 * b.metal(seconds, 5000), fades_s)

    return make


def _tom(hz: float) -> DrumRenderer:
    def make(b: Bench) -> Floats:
        skin = b.fading(b.sweep(0.7, 1.7 * hz, hz, 0.05), 0.19)
        hit = np.zeros_like(skin)
        hit[: int(0.05 * b.rate)] = b.fading(b.noise(0.05, 400, 4000), 0.012)
        return 0.6 * skin + 0.07 * hit

    return make


def _cymbal(seconds: float, fades_s: float, low_hz: float, metal: float, noise: float) -> DrumRenderer:
    def make(b: Bench) -> Floats:
        ring = b.fading(metal * b.metal(seconds, low_hz, 1.37), fades_s)
        wash = b.fading(noise * b.noise(seconds, low_hz, 15000), 0.7 * fades_s)
        strike = b.fading(0.5 * noise * b.noise(seconds, 2500, 12000), 0.012)
        return ring + wash + strike

    return make


def _shaken(fades_s: float, low_hz: float, level: float, rises_s: float) -> DrumRenderer:
    def make(b: Bench) -> Floats:
        time = b.time(0.3)
        shape = np.minimum(time / rises_s, 1.0) * np.exp(-np.maximum(time - rises_s, 0) / fades_s)
        return np.asarray(level * b.noise(0.3, low_hz, 14000) * shape)

    return make


def _rung(partials: Sequence[tuple[float, float]], fades_s: float, level: float) -> DrumRenderer:
    """``partials``: Hz and amplitude."""

    def make(b: Bench) -> Floats:
        time = b.time(6 * fades_s)
        return b.fading(np.asarray(level * sum(a * np.sin(2 * np.pi * hz * time) for hz, a in partials)), fades_s)

    return make


_COWBELL = _rung(((540, 1.0), (800, 0.8), (1620, 0.33), (2400, 0.26), (2700, 0.2), (4000, 0.15)), 0.07, 0.16)
_BELL = _rung(((2610, 1.0), (4180, 0.5), (6890, 0.4)), 0.3, 0.12)
_TRIANGLE = _rung(((1430, 0.12), (3390, 1.0), (4300, 0.3), (6120, 0.6), (8830, 0.25)), 0.45, 0.08)
_CLOSED, _OPEN, _RIDE, _CRASH = (
    _hat(0.15, 0.035), _hat(0.7, 0.22), _cymbal(1.8, 0.45, 3500, 0.045, 0.03), _cymbal(2.6, 0.6, 2500, 0.045, 0.085),
)  # fmt: skip

DRUMS: dict[int, tuple[DrumRenderer, float]] = {
    35: (_kick, 0.0), 36: (_kick, 0.0), 37: (_stick, 0.1), 38: (_snare, 0.0), 39: (_clap, 0.0), 40: (_snare, 0.0),
    41: (_tom(78), 0.35), 42: (_CLOSED, -0.25), 43: (_tom(92), 0.3), 44: (_hat(0.1, 0.02), -0.25),
    45: (_tom(110), 0.2), 46: (_OPEN, -0.25), 47: (_tom(138), 0.0), 48: (_tom(165), -0.15), 49: (_CRASH, -0.35),
    50: (_tom(196), -0.25), 51: (_RIDE, 0.35), 52: (_CRASH, 0.3), 53: (_BELL, 0.35),
    54: (_shaken(0.07, 6000, 0.1, 0.004), 0.3), 55: (_CRASH, -0.1), 56: (_COWBELL, 0.2), 57: (_CRASH, 0.35),
    59: (_RIDE, 0.3), 69: (_shaken(0.03, 5000, 0.08, 0.01), -0.3), 70: (_shaken(0.035, 5500, 0.09, 0.018), -0.3),
    80: (_rung(((3390, 1.0), (6120, 0.6)), 0.04, 0.08), -0.2), 81: (_TRIANGLE, -0.2),
}  # fmt: skip
"""By General MIDI's note: the sound, and where it stands from -1 (left) to 1 (right)."""
OTHER = 37
"""What sounds for a drum that is not there."""


@lru_cache(maxsize=4)
def kit(rate: int) -> dict[int, Audio]:
    """Each drum's sound at ``rate`` Hz, shape (2, frames), read only. The same at every call."""
    made: dict[int, Audio] = {}
    for note, (stroke, pan) in DRUMS.items():
        wave = stroke(Bench(rate))
        ends = min(int(0.005 * rate), len(wave))
        wave[-ends:] *= np.linspace(1, 0, ends)
        angle = (pan + 1) * np.pi / 4
        sides = LEVEL * np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
        sound = np.ascontiguousarray(sides * np.broadcast_to(wave, (CHANNELS, len(wave))), np.float32)
        sound.setflags(write=False)
        made[note] = sound
    return made
