"""A synthesiser: oscillators through a filter with envelopes, and two-operator FM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.jit import njit
from research.datasets.effects import Random
from research.datasets.sources import RATE
from research.datasets.symbolic import TuneNote

SAW, SQUARE, SINE, TRIANGLE = range(4)


@dataclass(frozen=True)
class SynthPatch:
    """A sound. Envelopes in seconds, ``detune`` in semitones, cutoffs as multiples of the note's frequency."""

    name: str
    shape: int = SAW
    voices: int = 1
    detune: float = 0.0
    spread: float = 0.0
    sub: float = 0.0
    noise: float = 0.0
    cutoff: float = 4.0
    sweep: float = 0.0
    sweep_s: float = 0.2
    damping: float = 1.0
    attack_s: float = 0.005
    decay_s: float = 0.3
    sustain: float = 0.7
    release_s: float = 0.1
    ratio: float = 1.0
    index: float = 0.0
    index_s: float = 0.3
    glide_s: float = 0.0
    drop: float = 0.0
    vibrato: float = 0.0
    width: float = 0.5

    def perform(self, notes: Sequence[TuneNote], beat_s: float, seconds: float, random: Random) -> Float32Array:
        """Shape (2, frames of ``seconds``)."""
        out = np.zeros((2, int(seconds * RATE)), np.float32)
        before = -1.0
        for note in sorted(notes, key=lambda n: n.beat):
            hz = 440 * 2 ** ((note.pitch - 69) / 12)
            start, frames = int(note.beat * beat_s * RATE), int(note.beats * beat_s * RATE)
            came_from = before if self.glide_s and before > 0 else hz * 2 ** (self.drop / 12)
            phases = random.random(2 * self.voices + 2)
            _add_note(
                out, start, frames, hz, came_from, max(self.glide_s, 0.03), self.shape, self.voices, self.detune,
                self.spread, self.sub, self.noise, self.cutoff * hz, self.sweep * hz * (0.5 + 0.5 * note.force),
                self.sweep_s, self.damping, self.attack_s, self.decay_s, self.sustain, self.release_s, self.ratio,
                self.index * note.force, self.index_s, self.vibrato, self.width, 0.25 * note.force, phases,
            )  # fmt: skip
            before = hz
        return out


@njit(fastmath=True)
def _compute_polyblep(phase: float, step: float) -> float:
    """What smooths a jump at phase 0 (polynomial band-limited step, Valimaki and Huovilainen 2007)."""
    if phase < step:
        u = phase / step
        return u + u - u * u - 1.0
    if phase > 1.0 - step:
        u = (phase - 1.0) / step
        return u * u + u + u + 1.0
    return 0.0


@njit(fastmath=True)
def _compute_wave(shape: int, phase: float, step: float, width: float) -> float:
    if shape == 0:
        return 2.0 * phase - 1.0 - _compute_polyblep(phase, step)
    if shape == 1:
        value = 1.0 if phase < width else -1.0
        return (
            value
            + _compute_polyblep(phase, step)
            - _compute_polyblep((phase + 1.0 - width) % 1.0, step)
            + 1.0
            - 2.0 * width
        )
    if shape == 2:
        return float(np.sin(2 * np.pi * phase))
    return 4.0 * abs(phase - 0.5) - 1.0


@njit(fastmath=True)
def _add_note(
    out: Float32Array, start: int, frames: int, hz: float, came_from: float, glide_s: float, shape: int, voices: int,
    detune: float, spread: float, sub: float, noise: float, cutoff: float, sweep: float, sweep_s: float,
    damping: float, attack_s: float, decay_s: float, sustain: float, release_s: float, ratio: float, index: float,
    index_s: float, vibrato: float, width: float, gain: float, phases: NDArray[np.float64],
) -> None:  # fmt: skip
    """Add one note to ``out``: oscillators, then a state-variable filter (Zavalishin 2012) and the envelope."""
    np.random.seed(int(phases[0] * 2**31))  # the compiled code's own generator, which no seed from outside reaches
    total = min(frames + int(release_s * 5 * RATE), out.shape[1] - start)
    phase = phases.copy()
    low0, band0, low1, band1 = 0.0, 0.0, 0.0, 0.0
    glide = np.exp(-1.0 / (glide_s * RATE / 3))
    away = np.log(came_from / hz)
    held = 0.0
    release = np.exp(-1.0 / (release_s * RATE / 2))
    g, k = 0.0, damping
    for i in range(total):
        t = i / RATE
        away *= glide
        swing = vibrato * min(1.0, t / 0.4) * np.sin(2 * np.pi * 5.4 * t)
        now = hz * np.exp(away + 0.0578 * swing)
        if i < frames:
            held = t / attack_s if t < attack_s else sustain + (1 - sustain) * np.exp(-(t - attack_s) / decay_s)
        else:
            held *= release
            if held < 1e-4:
                break
        left, right = 0.0, 0.0
        for v in range(voices):
            place = 0.0 if voices == 1 else 2.0 * v / (voices - 1) - 1.0
            step = now * np.exp(0.0578 * detune * place) / RATE
            phase[v] += step
            phase[v] -= np.floor(phase[v])
            if index > 0:
                other = voices + v
                phase[other] += step * ratio
                phase[other] -= np.floor(phase[other])
                bend = index * np.exp(-t / index_s) * np.sin(2 * np.pi * phase[other])
                value = np.sin(2 * np.pi * phase[v] + bend)
            else:
                value = _compute_wave(shape, phase[v], step, width)
            left += value * (1.0 - spread * place)
            right += value * (1.0 + spread * place)
        scale = 1.0 / np.sqrt(voices)
        left *= scale
        right *= scale
        if sub > 0:
            phase[2 * voices] += 0.5 * now / RATE
            low = sub * np.sin(2 * np.pi * phase[2 * voices])
            left += low
            right += low
        if noise > 0:
            left += noise * np.random.normal()
            right += noise * np.random.normal()
        if i % 16 == 0:
            corner = cutoff + sweep * np.exp(-t / sweep_s)
            g = np.tan(np.pi * min(max(corner, 30.0), 18000.0) / RATE)
        norm = 1.0 / (1.0 + g * (g + k))
        high = (left - low0 - (g + k) * band0) * norm
        middle = g * high + band0
        band0 = g * high + middle
        left = g * middle + low0
        low0 = g * middle + left
        high = (right - low1 - (g + k) * band1) * norm
        middle = g * high + band1
        band1 = g * high + middle
        right = g * middle + low1
        low1 = g * middle + right
        fade = min(1.0, i / 60.0)
        out[0, start + i] += gain * held * fade * left
        out[1, start + i] += gain * held * fade * right
