"""Drum kit of synth.plain: one sample a drum, synthesised from sines and noise in advance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.audio import CHANNELS, Audio

SEED = 9
LEVEL = 0.8
"""Gain of all drums, beside the pitched voices."""
DrumRenderer = Callable[["WaveGenerator"], Float64Array]
METAL_HZ = (205.3, 304.4, 369.6, 522.7, 635.0, 800.0)
"""Inharmonic square waves, tuned about as the six oscillators of a well-known drum machine."""


class WaveGenerator:
    """Generates the sines, sweeps and noise of drum sounds at ``rate`` Hz."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.random = np.random.Generator(np.random.Philox(SEED))

    def make_time_s(self, seconds: float) -> Float64Array:
        """Time of each frame in seconds, shape (frames,)."""
        return np.arange(int(seconds * self.rate)) / self.rate

    def make_noise(self, seconds: float, low_hz: float, high_hz: float) -> Float64Array:
        """Band-limited noise with soft edges; RMS 1."""
        frames = int(seconds * self.rate)
        spectrum = np.fft.rfft(self.random.standard_normal(frames))
        hz = np.fft.rfftfreq(frames, 1 / self.rate)
        below = 1 / (1 + (low_hz / np.maximum(hz, 1.0)) ** 6)
        above = 1 / (1 + (hz / high_hz) ** 6)
        wave = np.fft.irfft(spectrum * below * above, frames)
        return np.asarray(wave / max(np.sqrt(np.mean(wave**2)), 1e-9))

    def make_metal(self, seconds: float, low_hz: float, tune: float = 1.0) -> Float64Array:
        """The square waves METAL_HZ, without harmonics below ``low_hz`` or above half the rate; RMS 1."""
        time, wave = self.make_time_s(seconds), np.zeros(int(seconds * self.rate))
        for base in METAL_HZ:
            for n in range(1, 40, 2):
                if low_hz < (hz := n * base * tune) < 0.45 * self.rate:
                    wave += np.sin(2 * np.pi * hz * time) / n
        return np.asarray(wave / max(np.sqrt(np.mean(wave**2)), 1e-9))

    def make_sweep(self, seconds: float, from_hz: float, to_hz: float, decay_s: float) -> Float64Array:
        """A sine whose pitch falls exponentially."""
        time = self.make_time_s(seconds)
        cycles = to_hz * time + (from_hz - to_hz) * decay_s * (1 - np.exp(-time / decay_s))
        return np.asarray(np.sin(2 * np.pi * cycles))

    def apply_decay(self, wave: Float64Array, decay_s: float) -> Float64Array:
        """``wave`` with an exponential decay."""
        return np.asarray(wave * np.exp(-np.arange(len(wave)) / (decay_s * self.rate)))


def _render_kick(b: WaveGenerator) -> Float64Array:
    body = b.apply_decay(b.make_sweep(0.5, 165, 48, 0.028), 0.13)
    click = np.zeros_like(body)
    click[: int(0.02 * b.rate)] = b.apply_decay(b.make_noise(0.02, 1500, 6000), 0.003)
    return 0.95 * body + 0.12 * click


def _render_snare(b: WaveGenerator) -> Float64Array:
    shell = b.apply_decay(b.make_sweep(0.35, 300, 185, 0.02), 0.07)
    wires = b.apply_decay(b.make_noise(0.35, 900, 9000), 0.085)
    return 0.5 * shell + 0.2 * wires


def _render_stick(b: WaveGenerator) -> Float64Array:
    return 0.4 * b.apply_decay(b.make_sweep(0.12, 2200, 1650, 0.003), 0.012) + 0.1 * b.apply_decay(
        b.make_noise(0.12, 1200, 7000), 0.01
    )


def _render_clap(b: WaveGenerator) -> Float64Array:
    wave = b.make_noise(0.35, 800, 5000)
    time = b.make_time_s(0.35)
    bursts = sum(np.where(time >= at, np.exp(-(time - at) / 0.006), 0.0) for at in (0.0, 0.011, 0.022))
    tail = np.where(time >= 0.03, np.exp(-(time - 0.03) / 0.07), 0.0)
    return np.asarray(0.19 * wave * (bursts + 0.7 * tail))


def _make_hi_hat(seconds: float, decay_s: float) -> DrumRenderer:
    def render(b: WaveGenerator) -> Float64Array:
        return b.apply_decay(0.07 * b.make_noise(seconds, 7000, 16000) + 0.05 * b.make_metal(seconds, 5000), decay_s)

    return render


def _make_tom(hz: float) -> DrumRenderer:
    def render(b: WaveGenerator) -> Float64Array:
        skin = b.apply_decay(b.make_sweep(0.7, 1.7 * hz, hz, 0.05), 0.19)
        hit = np.zeros_like(skin)
        hit[: int(0.05 * b.rate)] = b.apply_decay(b.make_noise(0.05, 400, 4000), 0.012)
        return 0.6 * skin + 0.07 * hit

    return render


def _make_cymbal(seconds: float, decay_s: float, low_hz: float, metal: float, noise: float) -> DrumRenderer:
    def render(b: WaveGenerator) -> Float64Array:
        ring = b.apply_decay(metal * b.make_metal(seconds, low_hz, 1.37), decay_s)
        wash = b.apply_decay(noise * b.make_noise(seconds, low_hz, 15000), 0.7 * decay_s)
        attack = b.apply_decay(0.5 * noise * b.make_noise(seconds, 2500, 12000), 0.012)
        return ring + wash + attack

    return render


def _make_shaker(decay_s: float, low_hz: float, level: float, rises_s: float) -> DrumRenderer:
    def render(b: WaveGenerator) -> Float64Array:
        time = b.make_time_s(0.3)
        shape = np.minimum(time / rises_s, 1.0) * np.exp(-np.maximum(time - rises_s, 0) / decay_s)
        return np.asarray(level * b.make_noise(0.3, low_hz, 14000) * shape)

    return render


def _make_bell(partials: Sequence[tuple[float, float]], decay_s: float, level: float) -> DrumRenderer:
    """A bell of ``partials``: frequency in Hz, and amplitude."""

    def render(b: WaveGenerator) -> Float64Array:
        time = b.make_time_s(6 * decay_s)
        return b.apply_decay(np.asarray(level * sum(a * np.sin(2 * np.pi * hz * time) for hz, a in partials)), decay_s)

    return render


_COWBELL = _make_bell(((540, 1.0), (800, 0.8), (1620, 0.33), (2400, 0.26), (2700, 0.2), (4000, 0.15)), 0.07, 0.16)
_BELL = _make_bell(((2610, 1.0), (4180, 0.5), (6890, 0.4)), 0.3, 0.12)
_TRIANGLE = _make_bell(((1430, 0.12), (3390, 1.0), (4300, 0.3), (6120, 0.6), (8830, 0.25)), 0.45, 0.08)
_CLOSED, _OPEN, _RIDE, _CRASH = (
    _make_hi_hat(0.15, 0.035), _make_hi_hat(0.7, 0.22),
    _make_cymbal(1.8, 0.45, 3500, 0.045, 0.03), _make_cymbal(2.6, 0.6, 2500, 0.045, 0.085),
)  # fmt: skip

DRUMS: dict[int, tuple[DrumRenderer, float]] = {
    35: (_render_kick, 0.0), 36: (_render_kick, 0.0), 37: (_render_stick, 0.1), 38: (_render_snare, 0.0),
    39: (_render_clap, 0.0), 40: (_render_snare, 0.0), 41: (_make_tom(78), 0.35), 42: (_CLOSED, -0.25),
    43: (_make_tom(92), 0.3), 44: (_make_hi_hat(0.1, 0.02), -0.25), 45: (_make_tom(110), 0.2), 46: (_OPEN, -0.25),
    47: (_make_tom(138), 0.0), 48: (_make_tom(165), -0.15), 49: (_CRASH, -0.35), 50: (_make_tom(196), -0.25),
    51: (_RIDE, 0.35), 52: (_CRASH, 0.3), 53: (_BELL, 0.35), 54: (_make_shaker(0.07, 6000, 0.1, 0.004), 0.3),
    55: (_CRASH, -0.1), 56: (_COWBELL, 0.2), 57: (_CRASH, 0.35), 59: (_RIDE, 0.3),
    69: (_make_shaker(0.03, 5000, 0.08, 0.01), -0.3), 70: (_make_shaker(0.035, 5500, 0.09, 0.018), -0.3),
    80: (_make_bell(((3390, 1.0), (6120, 0.6)), 0.04, 0.08), -0.2), 81: (_TRIANGLE, -0.2),
}  # fmt: skip
"""By General MIDI note: the renderer, and the pan from -1 (left) to 1 (right)."""
FALLBACK_DRUM = 37
"""Drum that plays in place of one that is not there."""


@lru_cache(maxsize=4)
def make_kit(rate: int) -> dict[int, Audio]:
    """Render each drum at ``rate`` Hz, shape (2, frames), read only. The same at every call."""
    made: dict[int, Audio] = {}
    for note, (render, pan) in DRUMS.items():
        wave = render(WaveGenerator(rate))
        ends = min(int(0.005 * rate), len(wave))
        wave[-ends:] *= np.linspace(1, 0, ends)
        angle = (pan + 1) * np.pi / 4
        sides = LEVEL * np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
        sound = np.ascontiguousarray(sides * np.broadcast_to(wave, (CHANNELS, len(wave))), np.float32)
        sound.setflags(write=False)
        made[note] = sound
    return made
