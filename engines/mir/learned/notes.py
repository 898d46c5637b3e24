"""Pitch and notes of one voice: a bass, a singer, a lead.

YinPitch by YIN (de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 2002):
the lag at which the wave is most like itself, here by way of the spectrum. A note is a pitch that stays.
"""

from __future__ import annotations

from itertools import count
from math import log10

import numpy as np
from numpy.typing import NDArray

from bridge.core.events import Note
from engines.mir.learned.features import is_fast
from engines.saved_state import SavedState

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

LOWEST_HZ, HIGHEST_HZ = 32.0, 1400.0
WINDOW_S = 0.0930
"""Nearly three periods of the lowest pitch: what is compared is half of it."""
UNLIKE = 0.15
"""YIN's threshold: how unlike itself a wave may be, a lag later, and still be one pitch."""
QUIET = 10.0 ** (-50 / 20)
"""RMS below which there is no voice."""
FALL = 10.0 ** (-24 / 20)
"""Against the loudest since its beginning, a note this soft has ended."""
STAY = 3
"""Steps that a pitch has to stay before it is a note."""
TOGETHER, BESIDE = 0.6, 0.7
"""Semitones: within the first, pitches are one note that begins; further than the second, another one."""
LOST = 3
"""Steps without a pitch after which the note has ended."""
RISE = 1.6
"""How many times louder than two steps before the same pitch has to be to be struck again."""


class YinPitch:
    """The pitch at the end of a window of audio."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.window = round(WINDOW_S * rate)
        self._longest = min(int(rate / LOWEST_HZ) + 2, self.window // 2)
        self._shortest = int(rate / HIGHEST_HZ)
        self._size = next(n for n in count(self.window) if is_fast(n))  # at lags up to the longest nothing wraps around

    def of(self, window: Floats) -> tuple[float, float]:
        """``window`` (self.window,): MIDI note number with its fraction and how sure, 0 to 1; (0, 0): no pitch."""
        wave = window.astype(np.float64)
        kept = self.window - self._longest
        first = np.fft.rfft(wave[:kept], self._size)
        alike = np.fft.irfft(np.conj(first) * np.fft.rfft(wave, self._size), self._size)[: self._longest]
        energy = np.concatenate([[0.0], np.add.accumulate(wave**2)])
        lags = np.arange(self._longest)
        unlike = energy[kept] + energy[kept + lags] - energy[lags] - 2.0 * alike
        unlike[0] = 1.0
        if energy[kept] <= 1e-9:
            return 0.0, 0.0
        means = np.add.accumulate(unlike[1:]) / lags[1:]
        relative = np.concatenate([[1.0], unlike[1:] / np.maximum(means, 1e-12)])
        below = np.flatnonzero(relative[self._shortest : -1] < UNLIKE)
        if not len(below):
            return 0.0, 0.0
        lag = self._shortest + int(below[0])
        while lag + 1 < self._longest - 1 and relative[lag + 1] < relative[lag]:
            lag += 1
        a, b, c = relative[lag - 1 : lag + 2]
        bend = a - 2.0 * b + c
        exact = lag + (min(max(0.5 * (a - c) / bend, -0.5), 0.5) if bend > 0 else 0.0)
        return 69.0 + 12.0 * float(np.log2(self.rate / exact / 440.0)), float(min(max(1.0 - b, 0.0), 1.0))


class NoteTracker(SavedState):
    """Takes pitch and level of each step; tells notes when they begin and end."""

    saved_fields = ("recent", "sure", "levels", "sounding", "pitch", "loudest", "lost")

    def __init__(self) -> None:
        self.recent = np.zeros(STAY)
        self.sure = np.zeros(STAY)
        self.levels = np.zeros(STAY)
        self.reset()

    def reset(self) -> None:
        self.recent[:] = 0.0
        self.sure[:] = 0.0
        self.levels[:] = 0.0
        self.sounding, self.pitch, self.loudest, self.lost = 0, 0.0, 0.0, 0

    def hear(self, pitch: float, sure: float, rms: float) -> list[tuple[Note, int]]:
        """A step: what ends and what begins with it, and how many steps ago that was."""
        struck = rms > RISE * self.levels[-2] and self.levels[-2] > QUIET
        for array, value in ((self.recent, pitch), (self.sure, sure), (self.levels, rms)):
            array[:-1] = array[1:]
            array[-1] = value
        voiced = pitch > 0 and rms > QUIET
        told: list[tuple[Note, int]] = []
        if self.sounding:
            self.loudest = max(self.loudest, rms)
            self.lost = 0 if voiced and abs(pitch - self.pitch) < BESIDE else self.lost + 1
            if self.lost >= LOST or rms < FALL * self.loudest or rms < QUIET or struck:
                told.append((Note(0, self.pitch, 0, 1.0), 0 if struck else min(self.lost, LOST)))
                self.sounding = 0
        if not self.sounding and voiced and (self.recent > 0).all() and np.ptp(self.recent) < TOGETHER:
            self.pitch = sorted(self.recent.tolist())[STAY // 2]
            loud_db = 20.0 * log10(max(float(self.levels.max()), 1e-6))
            velocity = min(max(round(127 + 2.0 * (loud_db + 6.0)), 1), 127)
            told.append((Note(1, self.pitch, velocity, float(self.sure.mean())), STAY - 1 if not told else 0))
            self.sounding, self.loudest, self.lost = 1, float(self.levels.max()), 0
        return told
