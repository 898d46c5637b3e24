"""Augmentation of training pieces: time warp and pitch shift, side-chain pump, dropped beats, degradation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array, Float64Array
from bridge.core.jit import njit
from research.datasets.library import RATE
from research.datasets.truth import SongTruth
from research.mir.training.targets import PieceTimeline, make_timeline

MAX_SEMITONES = 4
FAR_SHARE, MAX_FAR_SEMITONES, FASTER_SHARE = 0.15, 8, 0.7
"""Share of pieces that are transposed further, MAX_FAR_SEMITONES semitones at most, and how many of these are faster:
few songs go at 180 BPM, or at 60. Voices come out as those of mice and giants, so chords are not asked then."""
DETUNE_CENTS = 14.0
MAX_DRIFT, DRIFT_SHARE = 0.07, 0.2
"""How far the tempo wanders at most, and in how many pieces. The pitch wanders too, so chords are not asked then."""


@dataclass(frozen=True)
class TimeWarp:
    """``at``: the place in the source, in frames, of each frame of the piece."""

    at: Float64Array
    semitones: int = 0
    pitched: bool = True

    def to_piece(self, source_s: Float64Array) -> Float64Array:
        """Convert seconds of the source to seconds of the piece; those outside are left out."""
        places = source_s * RATE
        inside = places[(places >= self.at[0]) & (places <= self.at[-1])]
        return np.asarray(np.interp(inside, self.at[::441], np.arange(0, len(self.at), 441) / RATE), np.float64)

    def to_timeline(self, truth: SongTruth, seconds: float) -> PieceTimeline:
        """Convert ``truth`` to seconds of the piece."""
        whole = make_timeline(truth, self.at[-1] / RATE + 1.0, self.semitones, self.pitched)
        places, times = self.at[::441], np.arange(0, len(self.at), 441) / RATE

        def to_piece(source_s: float) -> float:
            place = source_s * RATE
            if place < places[0] or place > places[-1]:  # outside: by the nearest speed
                end = 0 if place < places[0] else -1
                return float(times[end] + (place - places[end]) / (RATE * (self.at[-1] - self.at[0]) / len(self.at)))
            return float(np.interp(place, places, times))

        beats = np.array([to_piece(t) for t in whole.beats])
        inside = (beats > -1.0) & (beats < seconds + 1.0)
        chords = [(to_piece(a), to_piece(b), root, quality, bass) for a, b, root, quality, bass in whole.chords]
        return replace(
            whole,
            beats=beats[inside],
            numbers=whole.numbers[inside],
            chords=tuple((a, b, r, q, c) for a, b, r, q, c in chords if b > -1.0 and a < seconds + 1.0),
            keys=tuple((to_piece(a), key) for a, key in whole.keys),
        )


def draw_time_warp(available: int, frames: int, random: np.random.Generator) -> TimeWarp:
    """Draw where to read ``frames`` of ``available``: some semitones and cents higher or lower, sometimes wandering."""
    semitones, far = _draw_semitones(available / frames, random)
    speed = 2.0 ** ((semitones + random.normal(0.0, DETUNE_CENTS) / 100) / 12)
    speeds = np.full(frames, speed)
    drifts = random.random() < DRIFT_SHARE
    if drifts:
        turns = random.uniform(0.3, 2.0) * np.linspace(0, 2 * np.pi, frames) + random.uniform(0, 2 * np.pi)
        speeds *= 1.0 + random.uniform(0.02, MAX_DRIFT) * np.sin(turns)
    at = np.cumsum(speeds)
    start = random.uniform(0.0, max(1.0, available - at[-1] - 2))
    return TimeWarp(at + start, semitones, not drifts and not far)


def _draw_semitones(room: float, random: np.random.Generator) -> tuple[int, bool]:
    """How far to transpose, and whether that is far; ``room``: how many times the piece is in the source."""
    if random.random() < FAR_SHARE:
        steps = int(random.integers(MAX_SEMITONES + 1, MAX_FAR_SEMITONES + 1))
        semitones = steps * (1 if random.random() < FASTER_SHARE else -1)
        if 2.0 ** (semitones / 12) * (1.0 + MAX_DRIFT) < room:
            return semitones, True
    return int(random.integers(-MAX_SEMITONES, MAX_SEMITONES + 1)), False


@njit()
def add_resampled(samples: NDArray[np.int16], at: Float64Array, gain: float, out: NDArray[np.float32]) -> None:
    """Add to ``out`` the mean of both channels of ``samples`` (any, 2) at the places ``at``, linearly interpolated."""
    last = samples.shape[0] - 1
    scale = np.float32(gain / 65536.0)
    for i in range(at.shape[0]):
        j = int(at[i])
        if at[i] >= 0 and j < last:
            u = np.float32(at[i] - j)
            here = np.float32(samples[j, 0]) + np.float32(samples[j, 1])
            there = np.float32(samples[j + 1, 0]) + np.float32(samples[j + 1, 1])
            out[i] += scale * (here + u * (there - here))


PUMP_GRID = 64
"""Places in a beat at which the gain is drawn; a sixteenth lasts sixteen of them."""
PUMP_STEPS = 4
STEP_PROBABILITIES = (0.15, 0.5, 0.9, 0.6)
"""How likely a cut leaves each sixteenth of the beat audible."""


def apply_sidechain_pump(mono: Float32Array, beats: Float64Array, random: np.random.Generator) -> Float32Array:
    """Shape ``mono`` (frames,) by a gain that repeats each beat, or each second or fourth; not without two beats.

    Side-chain compression, or a gate that often misses the beat, as in dance music. Without it the loudest sound falls
    on the beat in nearly all training material, and a tracker takes the off-beat of a trance bass for the beat.
    """
    if len(beats) < 2:
        return mono
    coarse = np.arange(0.0, len(mono) + 441, 441) / RATE
    pace = float(np.median(np.diff(beats)))
    place = np.interp(coarse, beats, np.arange(len(beats), dtype=np.float64))
    place += np.minimum(coarse - beats[0], 0.0) / pace + np.maximum(coarse - beats[-1], 0.0) / pace
    gains = _draw_compression(random) if random.random() < 0.6 else _draw_gate(random)
    exact = np.interp(np.arange(len(mono)), coarse * RATE, place)
    shaped: Float32Array = mono * gains[(exact * PUMP_GRID).astype(np.int64) % len(gains)]
    return shaped


def _draw_compression(random: np.random.Generator) -> Float32Array:
    """A beat of a compressor that the kick drives: down at once, up again within 0.3 to 0.9 of the beat."""
    at = np.arange(PUMP_GRID) / PUMP_GRID
    recovers = random.uniform(0.3, 0.9)
    down = np.clip(1.0 - at / recovers, 0.0, 1.0) ** random.uniform(0.7, 2.5)
    return np.asarray(1.0 - random.uniform(0.5, 1.0) * down, np.float32)


def _draw_gate(random: np.random.Generator) -> Float32Array:
    """One, two or four beats of sixteenths that sound or not; the edges fade over a sixth of one."""
    beats = int(random.choice([1, 1, 2, 4]))
    open_ = random.random((beats, PUMP_STEPS)) < np.array(STEP_PROBABILITIES)
    open_[0, 2] = True
    gains = np.repeat(np.where(open_, 1.0, random.uniform(0.0, 0.3)).ravel(), PUMP_GRID // PUMP_STEPS)
    soft = np.convolve(np.concatenate([gains[-1:], gains, gains[:1]]), np.ones(3) / 3, "valid")
    return soft.astype(np.float32)


FADE_FRAMES = 400


def drop_fourth_beat(mono: Float32Array, line: PieceTimeline, frames: int) -> tuple[Float32Array, PieceTimeline]:
    """Cut the fourth beats out of ``mono`` (more than ``frames``): 3/4 is rare in the training material."""
    lost = [(line.beats[i], line.beats[i + 1]) for i in range(len(line.beats) - 1) if line.numbers[i] == 3]
    pieces: list[Float32Array] = []
    begin = 0
    fade = np.linspace(0, 1, FADE_FRAMES, dtype=np.float32)
    for start, end in [*lost, (len(mono) / RATE, 0.0)]:
        stop, go_on = max(0, round(start * RATE)), max(0, round(end * RATE))
        if stop > begin:
            piece = mono[begin:stop].copy()
            if pieces and len(pieces[-1]) >= FADE_FRAMES <= begin:
                last = pieces[-1]
                # the fade takes the frames before the cut's end, so that nothing moves in time
                last[-FADE_FRAMES:] = last[-FADE_FRAMES:] * (1 - fade) + mono[begin - FADE_FRAMES : begin] * fade
            pieces.append(piece)
        begin = max(go_on, begin)

    cuts = [(max(float(start), 0.0), float(end)) for start, end in lost if end > 0]

    def to_piece(time: float) -> float:
        return time - float(sum(min(max(time - start, 0.0), end - start) for start, end in cuts))

    kept = line.numbers != 3
    beats = np.array([to_piece(t) for t in line.beats[kept]])
    chords = tuple((to_piece(a), to_piece(b), r, q, c) for a, b, r, q, c in line.chords)
    keys = tuple((to_piece(a), key) for a, key in line.keys)
    onsets = line.onsets
    if onsets is not None:
        lost_too = [((a <= onsets) & (onsets < b)) for a, b in cuts]
        left = onsets[~np.any(lost_too, axis=0)] if cuts else onsets
        onsets = np.array([to_piece(t) for t in left])
    whole = np.zeros(frames, np.float32)
    joined = np.concatenate(pieces)[:frames]
    whole[: len(joined)] = joined
    return whole, replace(
        line,
        beats=beats,
        numbers=line.numbers[kept],
        chords=tuple(c for c in chords if c[1] > c[0]),
        keys=keys,
        onsets=onsets,
    )


def degrade(mono: Float32Array, random: np.random.Generator) -> Float32Array:
    """Degrade ``mono`` (frames,) at random: equalizer, room, codec, limiter, noise; its peak between -30 and 0 dB."""
    mono = mono / max(float(np.abs(mono).max()), 1e-6)
    if random.random() < 0.7:
        mono = _equalize(mono, random)
    if random.random() < 0.15:  # driven into a limiter
        mono = np.tanh(mono * np.float32(random.uniform(1.5, 5.0)))
    if random.random() < 0.3:
        hiss = random.standard_normal(len(mono)).astype(np.float32)
        level = np.sqrt((mono**2).mean()) * 10 ** (random.uniform(-45, -15) / 20)
        mono = mono + hiss * np.float32(level)
    peak = 10 ** (-abs(random.normal(0.0, 10.0)) / 20)
    degraded: Float32Array = (mono * np.float32(peak / max(float(np.abs(mono).max()), 1e-6))).astype(np.float32)
    return degraded


def _equalize(mono: Float32Array, random: np.random.Generator) -> Float32Array:
    """An equalizer, sometimes a room and a codec's ceiling, in one product of spectra."""
    size = 1 << int(np.ceil(np.log2(len(mono) + RATE)))
    spectrum = np.fft.rfft(mono, size)
    hz = np.arange(len(spectrum)) * RATE / size
    octaves = np.log2(np.maximum(hz, 20.0) / 20.0)
    gain_db = np.interp(octaves, np.arange(0.0, 12.0, 2.0), random.normal(0.0, 4.0, 6))
    if random.random() < 0.1:  # a small loudspeaker, a telephone
        gain_db -= 24.0 * np.maximum(np.log2(random.uniform(100, 300) / np.maximum(hz, 1.0)), 0.0)
    if random.random() < 0.15:
        gain_db -= 60.0 * (hz > random.uniform(4000, 12000))
    spectrum *= 10 ** (np.maximum(gain_db, -90) / 20)
    if random.random() < 0.25:
        frames = int(RATE * random.uniform(0.2, 0.9))
        decay = np.exp(-6.9 * np.arange(frames) / frames)
        room = random.standard_normal(frames) * decay
        room *= 10 ** (random.uniform(-16, -4) / 20) / np.sqrt((room**2).sum())
        room[0] += 1.0
        spectrum *= np.fft.rfft(room, size)
    coloured: Float32Array = np.fft.irfft(spectrum, size)[: len(mono)].astype(np.float32)
    return coloured
