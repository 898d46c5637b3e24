"""Studio effects: filters, compression, drive, echo, room, stereo. All on (2, frames) at 44.1 kHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.jit import njit
from research.datasets.sources import RATE

Random = np.random.Generator
Coefficients = tuple[float, float, float, float, float]


@njit(fastmath=True)
def _apply_biquad(wave: Float32Array, b0: float, b1: float, b2: float, a1: float, a2: float) -> Float32Array:
    out = np.empty_like(wave)
    for k in range(wave.shape[0]):
        s1, s2 = 0.0, 0.0
        for i in range(wave.shape[1]):
            x = wave[k, i] + 1e-20
            y = b0 * x + s1
            s1 = b1 * x - a1 * y + s2
            s2 = b2 * x - a2 * y
            out[k, i] = y
    return out


def _design_filter(kind: str, hz: float, q: float, db: float) -> Coefficients:
    """Second-order sections after R. Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients"."""
    w = 2 * np.pi * min(hz, 0.45 * RATE) / RATE
    c, alpha, a = np.cos(w), np.sin(w) / (2 * q), 10 ** (db / 40)
    if kind == "low":
        b, d = ((1 - c) / 2, 1 - c, (1 - c) / 2), (1 + alpha, -2 * c, 1 - alpha)
    elif kind == "high":
        b, d = ((1 + c) / 2, -(1 + c), (1 + c) / 2), (1 + alpha, -2 * c, 1 - alpha)
    elif kind == "band":
        b, d = (alpha, 0.0, -alpha), (1 + alpha, -2 * c, 1 - alpha)
    elif kind == "peak":
        b, d = (1 + alpha * a, -2 * c, 1 - alpha * a), (1 + alpha / a, -2 * c, 1 - alpha / a)
    elif kind in ("lowshelf", "highshelf"):
        sign, root = (1.0 if kind == "lowshelf" else -1.0), 2 * np.sqrt(a) * alpha
        b = (
            a * ((a + 1) - sign * (a - 1) * c + root),
            sign * 2 * a * ((a - 1) - sign * (a + 1) * c),
            a * ((a + 1) - sign * (a - 1) * c - root),
        )
        d = (
            (a + 1) + sign * (a - 1) * c + root,
            -sign * 2 * ((a - 1) + sign * (a + 1) * c),
            (a + 1) + sign * (a - 1) * c - root,
        )
    else:
        raise ValueError(kind)
    return b[0] / d[0], b[1] / d[0], b[2] / d[0], d[1] / d[0], d[2] / d[0]


def apply_filter(wave: Float32Array, kind: str, hz: float, q: float = 0.707, db: float = 0.0) -> Float32Array:
    """``kind``: low, high, band (pass), peak, lowshelf or highshelf (by ``db``)."""
    out: Float32Array = _apply_biquad(wave, *_design_filter(kind, hz, q, db))
    return out


@njit(fastmath=True)
def _apply_gain_reduction(wave: Float32Array, threshold: float, slope: float, rise: float, fall: float) -> Float32Array:
    out = np.empty_like(wave)
    level = 0.0
    for i in range(wave.shape[1]):
        now = max(abs(wave[0, i]), abs(wave[1, i]))
        level += (now - level) * (rise if now > level else fall)
        gain = (level / threshold) ** slope if level > threshold else 1.0
        out[0, i] = wave[0, i] * gain
        out[1, i] = wave[1, i] * gain
    return out


def compress(wave: Float32Array, below_peak_db: float, ratio: float, attack_s: float, release_s: float) -> Float32Array:
    """Both channels by one gain; the threshold lies ``below_peak_db`` under the peak."""
    threshold = float(np.abs(wave).max()) * 10 ** (-below_peak_db / 20) + 1e-6
    rise, fall = 1 - np.exp(-1 / (attack_s * RATE)), 1 - np.exp(-1 / (release_s * RATE))
    out: Float32Array = _apply_gain_reduction(wave, threshold, 1 / ratio - 1, float(rise), float(fall))
    return out


@njit(fastmath=True)
def _apply_tanh(wave: Float32Array, gain: float, bias: float) -> Float32Array:
    """tanh by its antiderivative (first order), which folds less back than the plain curve; half a frame late."""
    out = np.empty_like(wave)
    for k in range(wave.shape[0]):
        before = bias
        area = np.log(np.cosh(before))
        for i in range(wave.shape[1]):
            x = min(max(gain * wave[k, i] + bias, -15.0), 15.0)
            there = np.log(np.cosh(x))
            step = x - before
            out[k, i] = (there - area) / step if abs(step) > 1e-4 else np.tanh(0.5 * (x + before))
            before, area = x, there
    return out


def overdrive(wave: Float32Array, gain_db: float, bias: float = 0.0) -> Float32Array:
    """Overdrive; the peak goes ``gain_db`` into the curve. The result has a peak of one at most and no DC."""
    peak = float(np.abs(wave).max()) + 1e-9
    out: Float32Array = _apply_tanh(wave, 10 ** (gain_db / 20) / peak, bias)
    return apply_filter(out, "high", 20.0) if bias else out


def apply_amplifier(wave: Float32Array, random: Random, gain_db: float) -> Float32Array:
    """A guitar or bass amplifier: tone, overdrive, and a loudspeaker that has nothing above 5 kHz or so."""
    wave = apply_filter(wave, "high", random.uniform(60, 140))
    wave = apply_filter(wave, "peak", random.uniform(500, 1200), 0.7, random.uniform(-2, 8))
    wave = overdrive(wave, gain_db, random.uniform(0, 0.3))
    wave = apply_filter(wave, "peak", random.uniform(90, 140), 1.0, random.uniform(0, 4))
    wave = apply_filter(wave, "peak", random.uniform(2000, 3500), 0.9, random.uniform(0, 6))
    cut = random.uniform(3800, 6000)
    return apply_filter(apply_filter(wave, "low", cut, 0.54), "low", cut, 1.3)


def convolve(wave: Float32Array, response: Float32Array) -> Float32Array:
    """Convolution by blocks, cut to the length of ``wave``."""
    size = 1 << int(np.ceil(np.log2(4 * response.shape[1])))
    hop = size - response.shape[1] + 1
    spectrum = np.fft.rfft(response, size)
    out = np.zeros((2, wave.shape[1] + size), np.float32)
    for start in range(0, wave.shape[1], hop):
        block = np.fft.rfft(wave[:, start : start + hop], size)
        out[:, start : start + size] += np.fft.irfft(block * spectrum, size)
    return out[:, : wave.shape[1]]


def make_room_response(random: Random, decay_s: float, bright_hz: float) -> Float32Array:
    """Impulse response (2, frames) of a room: noise that decays by 60 dB in ``decay_s``, its highs sooner."""
    frames = int(decay_s * 1.1 * RATE)
    times = np.arange(frames) / RATE
    noise = random.standard_normal((2, frames)).astype(np.float32)
    dull = apply_filter(noise, "low", bright_hz)
    fast = (noise - dull) * np.exp(-6.9 * times / (0.45 * decay_s))
    response = dull * np.exp(-6.9 * times / decay_s) + 0.7 * fast
    early = int(random.uniform(0.002, 0.03) * RATE)
    response[:, :early] *= 0.05
    for _ in range(int(random.integers(3, 9))):
        response[int(random.integers(2)), int(random.uniform(0.003, 0.06) * RATE) % frames] += random.normal(0, 6)
    out = response.astype(np.float32)
    return out / np.float32(np.sqrt((out**2).sum(1).mean()))


def add_reverb(wave: Float32Array, random: Random, wet_db: float, decay_s: float) -> Float32Array:
    """``wave`` plus its room at ``wet_db`` beside it; the room's lows are cut, as is done on sends."""
    response = make_room_response(random, decay_s, random.uniform(2000, 9000))
    send = apply_filter(wave, "high", random.uniform(150, 500))
    out: Float32Array = wave + convolve(send, response) * np.float32(10 ** (wet_db / 20))
    return out


@njit(fastmath=True)
def _repeat(wave: Float32Array, late: int, feedback: float, dull: float, cross: bool) -> Float32Array:
    out = np.zeros_like(wave)
    memory = np.zeros(2)
    for i in range(late, wave.shape[1]):
        for k in range(2):
            j = 1 - k if cross else k
            memory[k] += ((wave[j, i - late] + feedback * out[j, i - late]) - memory[k]) * dull
            out[k, i] = memory[k]
    return out


def add_echo(wave: Float32Array, late_s: float, feedback: float, wet_db: float, cross: bool) -> Float32Array:
    """``wave`` plus repeats every ``late_s``, each duller and weaker; ``cross``: from side to side."""
    wet: Float32Array = _repeat(wave, max(1, int(late_s * RATE)), feedback, 0.5, cross)
    out: Float32Array = wave + wet * np.float32(10 ** (wet_db / 20))
    return out


@njit(fastmath=True)
def _modulate_delay(wave: Float32Array, depth: float, base: float, step: float, phase: float) -> Float32Array:
    out = wave.copy()
    last = wave.shape[1] - 1
    for k in range(2):
        for i in range(wave.shape[1]):
            at = i - base - depth * np.sin(step * i + phase + k * 1.6)
            if at < 0:
                continue
            j = int(at)
            u = at - j
            out[k, i] += (1 - u) * wave[k, j] + u * wave[k, min(j + 1, last)]
    return out


def add_chorus(wave: Float32Array, random: Random) -> Float32Array:
    """A detuned copy beside the sound, moving apart left and right."""
    out: Float32Array = _modulate_delay(
        wave, random.uniform(20, 120), random.uniform(300, 900), random.uniform(1, 9) / RATE, random.uniform(0, 6)
    )
    return out * np.float32(0.7)


def widen(wave: Float32Array, width: float) -> Float32Array:
    """The side by ``width``: 0 is mono."""
    mid, side = 0.5 * (wave[0] + wave[1]), 0.5 * (wave[0] - wave[1]) * np.float32(width)
    return np.stack([mid + side, mid - side])


def apply_pan(wave: Float32Array, pan: float) -> Float32Array:
    """-1 left to 1 right, with constant power."""
    angle = (pan + 1) * np.pi / 4
    gains: NDArray[np.float32] = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(2**0.5)
    return wave * gains
