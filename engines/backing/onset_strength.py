"""Onset strength of a song: levels by band for drum hits, and fine power curves for the places of beats."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.audiofile import Song
from bridge.core.arrays import Float64Array
from bridge.core.audio import Audio
from engines.downmix import Downmix
from engines.offline.song_batch import ProgressCallback

STEPS_A_SECOND = 200
SLOTS_A_SECOND = 1000
WINDOW_S = 0.023
"""Of the spectra: short enough for two hits of a roll, long enough to separate a kick's boom from a snare's body."""
EDGES_HZ = (20.0, 120.0, 500.0, 2000.0, 6000.0, 16000.0)
"""Of the bands: a kick is in the first, a snare in the middle, hats and cymbals in the last."""
BANDS = len(EDGES_HZ) - 1
LOUD_PERCENTILE = 95.0
"""The percentile of a band's levels that counts as loud in it."""
FLOOR_RATIO = 1e-4
"""So much (40 dB) below a loud level is silence."""
SOUNDING_RATIO = 1e-4
"""So much (40 dB) below the loudest second nothing sounds."""
MIN_POWER = 1e-8
"""A power: below -80 dBFS a song is silent."""


@dataclass(frozen=True, slots=True)
class OnsetStrength:
    """``levels``: power by band, shape (steps, BANDS), STEPS_A_SECOND. ``powers``, ``edges``: power of the song and of
    its differences from sample to sample, shape (slots,), SLOTS_A_SECOND. ``rate`` and ``frames``: the file's.

    Step k is centred at k / STEPS_A_SECOND; slot k begins at k / SLOTS_A_SECOND seconds.
    """

    levels: Float64Array
    powers: Float64Array
    edges: Float64Array
    rate: int
    frames: int

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate

    @property
    def is_silent(self) -> bool:
        return not self.powers.size or float(self.powers.max()) < MIN_POWER

    def find_sounding_slots(self) -> NDArray[np.bool_]:
        """For each slot whether the song sounds."""
        if not self.powers.size:
            return np.zeros(0, np.bool_)
        seconds = np.add.reduceat(self.powers, np.arange(0, len(self.powers), SLOTS_A_SECOND)) / SLOTS_A_SECOND
        return np.asarray(self.powers > SOUNDING_RATIO * seconds.max())

    def compute_onset_envelope(self) -> Float64Array:
        """The spectral flux of all bands on a scale of levels, shape (steps,): 1 is a strong onset, 2 the most."""
        sounds = self.find_sounding_slots()
        slots = self._find_slots_of_steps()
        there = np.add.reduceat(sounds, slots) > 0 if sounds.any() else np.ones(len(self.levels), bool)
        loud = np.maximum(np.percentile(self.levels[there], LOUD_PERCENTILE, axis=0), 1e-12)
        levels = np.log10(self.levels / loud + FLOOR_RATIO)
        levels = np.concatenate([np.full((2, BANDS), np.log10(FLOOR_RATIO)), levels])  # silence stands before the song
        grown = np.maximum(levels[2:] - np.maximum(levels[:-2], levels[1:-1]), 0.0).sum(1)
        return np.asarray(np.minimum(grown / max(float(np.percentile(grown[there], 99.0)), 1e-9), 2.0))

    def _find_slots_of_steps(self) -> NDArray[np.int64]:
        """The slot that each step is centred in."""
        slots = np.arange(len(self.levels)) * SLOTS_A_SECOND // STEPS_A_SECOND
        return np.asarray(np.minimum(slots, len(self.powers) - 1))

    def measure_power(self, start_s: float, end_s: float) -> float:
        """Measure the mean power between, full scale is 1."""
        first, last = (round(at * SLOTS_A_SECOND) for at in (start_s, end_s))
        power = self.powers[max(first, 0) : max(last, first + 1)]
        return float(power.mean()) if power.size else 0.0


class OnsetStrengthMeter:
    """Measures a song in blocks of any length, in memory of which only the result grows."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._downmix = Downmix(rate)
        self._window = 2 * (round(WINDOW_S * rate) // 2)
        self._shape = np.hanning(self._window + 1)[:-1]
        hz = np.fft.rfftfreq(self._window, 1 / rate)
        self._of_band = np.stack([(hz >= low) & (hz < high) for low, high in pairwise(EDGES_HZ)])
        half = np.zeros(self._window // 2)
        self._waiting = half  # the first step is centred on the first frame
        self._offset = -len(half)  # the frame that it begins with
        self._steps = 0
        self._levels: list[Float64Array] = []
        # of the frames past the last whole slot
        self._slots: tuple[Float64Array, Float64Array] = (np.zeros(0), np.zeros(0))
        self._slot, self._last = 0, np.zeros(2)
        self._powers: list[Float64Array] = []
        self._edges: list[Float64Array] = []
        self.frames = 0

    def push(self, audio: Audio) -> None:
        """Add the song's next block, shape (2, any)."""
        sound = audio.astype(np.float64)
        self.frames += sound.shape[1]
        self._measure_slots(sound)
        mono = sound.mean(0)
        self._downmix.correct(sound, mono)
        self._waiting = np.concatenate([self._waiting, mono])
        self._measure_steps()

    def finish(self) -> OnsetStrength:
        self._waiting = np.concatenate([self._waiting, np.zeros(self._window)])
        self._measure_steps(self.frames)
        return OnsetStrength(
            np.concatenate([np.zeros((0, BANDS)), *self._levels]),
            np.concatenate([np.zeros(0), *self._powers]),
            np.concatenate([np.zeros(0), *self._edges]),
            self._rate,
            self.frames,
        )

    def _measure_steps(self, until: int | None = None) -> None:
        """Every step whose window is there and, at the end, that is centred before frame ``until``."""
        there = self._offset + len(self._waiting) - self._window
        last = int(there * STEPS_A_SECOND / self._rate) + 2
        centres = np.rint(np.arange(self._steps, max(last, self._steps)) * self._rate / STEPS_A_SECOND).astype(np.int64)
        starts = centres - self._window // 2
        starts = starts[starts <= there]
        if until is not None:
            starts = starts[starts + self._window // 2 < until]
        if not len(starts):
            return
        pieces = self._waiting[(starts - self._offset)[:, None] + np.arange(self._window)] * self._shape
        power = np.abs(np.fft.rfft(pieces)) ** 2 / self._shape.sum() ** 2
        self._levels.append(power @ self._of_band.T)
        self._steps += len(starts)
        kept = round(self._steps * self._rate / STEPS_A_SECOND) - self._window // 2
        self._waiting = self._waiting[kept - self._offset :]
        self._offset = kept

    def _measure_slots(self, sound: Float64Array) -> None:
        differences = np.diff(np.concatenate([self._last[:, None], sound], axis=1), axis=1)
        self._last = sound[:, -1].copy()
        both = [
            np.concatenate([waiting, (signal**2).mean(0)])
            for waiting, signal in zip(self._slots, (sound, differences), strict=True)
        ]
        first = round(self._slot * self._rate / SLOTS_A_SECOND)
        count = max(int((first + len(both[0])) * SLOTS_A_SECOND / self._rate) - self._slot + 2, 1)
        edges = (
            np.rint(np.arange(self._slot, self._slot + count) * self._rate / SLOTS_A_SECOND).astype(np.int64) - first
        )
        edges = edges[edges <= len(both[0])]
        if len(edges) > 1:
            for signal, found in zip(both, (self._powers, self._edges), strict=True):
                sums = np.concatenate([[0.0], np.cumsum(signal)])
                found.append(np.diff(sums[edges]) / np.diff(edges))
            self._slot += len(edges) - 1
        self._slots = both[0][edges[-1] :], both[1][edges[-1] :]


def measure_onset_strength(path: Path, progress: ProgressCallback) -> OnsetStrength:
    """Measure the onset strength of the song at ``path``."""
    with Song(path) as song:
        meter = OnsetStrengthMeter(song.rate)
        for block in song.read_blocks():
            meter.push(block)
            progress("measuring", meter.frames, song.frames, song.rate)
    return meter.finish()
