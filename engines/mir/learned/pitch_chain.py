"""Pitch chain of the learned engine: YIN and note tracker of one monophonic source, such as bass or vocals.

Pitch by YIN (de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 2002),
with its difference function computed by FFT. A note is a pitch that stays.
"""

from __future__ import annotations

from itertools import count
from math import log10

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.events import Note, TimedEvent
from engines.mir.learned.features import STEPS_PER_SECOND, is_fast_fft_size
from engines.mir.learned.stream_state import DelayedEvents
from engines.saved_state import SavedState

LOWEST_HZ, HIGHEST_HZ = 32.0, 1400.0
WINDOW_S = 0.0930
"""Nearly three periods of the lowest pitch: half of it is compared."""
YIN_THRESHOLD = 0.15
"""Of the normalised difference function: below it a lag is a period."""
SILENT_RMS = 10.0 ** (-50 / 20)
"""RMS below which there is no pitch."""
RELEASE_RATIO = 10.0 ** (-24 / 20)
"""A note this soft against its loudest step has ended."""
STABLE_STEPS = 3
"""Steps that a pitch has to stay before it is a note."""
STABLE_SEMITONES, NEW_NOTE_SEMITONES = 0.6, 0.7
"""Within the first, pitches are one note that begins; further than the second, another note."""
LOST_STEPS = 3
"""Steps without a pitch after which the note has ended."""
RETRIGGER_RATIO = 1.6
"""The same pitch, so many times louder than two steps before, is a new note."""


class YinPitch:
    """The pitch at the end of a window of audio."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.window = round(WINDOW_S * rate)
        self._longest = min(int(rate / LOWEST_HZ) + 2, self.window // 2)
        self._shortest = int(rate / HIGHEST_HZ)
        # no lag up to the longest wraps around
        self._fft_size = next(n for n in count(self.window) if is_fast_fft_size(n))

    def estimate(self, window: Float32Array) -> tuple[float, float]:
        """``window`` (self.window,): fractional MIDI note number and confidence, 0 to 1; (0, 0): no pitch."""
        wave = window.astype(np.float64)
        kept = self.window - self._longest
        first = np.fft.rfft(wave[:kept], self._fft_size)
        products = np.conj(first) * np.fft.rfft(wave, self._fft_size)
        correlation = np.fft.irfft(products, self._fft_size)[: self._longest]
        energy = np.concatenate([[0.0], np.add.accumulate(wave**2)])
        lags = np.arange(self._longest)
        difference = energy[kept] + energy[kept + lags] - energy[lags] - 2.0 * correlation
        difference[0] = 1.0
        if energy[kept] <= 1e-9:
            return 0.0, 0.0
        means = np.add.accumulate(difference[1:]) / lags[1:]
        normalised = np.concatenate([[1.0], difference[1:] / np.maximum(means, 1e-12)])
        below = np.flatnonzero(normalised[self._shortest : -1] < YIN_THRESHOLD)
        if not len(below):
            return 0.0, 0.0
        lag = self._shortest + int(below[0])
        while lag + 1 < self._longest - 1 and normalised[lag + 1] < normalised[lag]:
            lag += 1
        a, b, c = normalised[lag - 1 : lag + 2]
        curvature = a - 2.0 * b + c
        exact = lag + (min(max(0.5 * (a - c) / curvature, -0.5), 0.5) if curvature > 0 else 0.0)
        return 69.0 + 12.0 * float(np.log2(self.rate / exact / 440.0)), float(min(max(1.0 - b, 0.0), 1.0))


class NoteTracker(SavedState):
    """Takes pitch and level of each step; reports notes when they begin and end."""

    saved_fields = ("pitches", "confidences", "levels", "sounding", "pitch", "loudest", "lost_steps")

    def __init__(self) -> None:
        self.pitches = np.zeros(STABLE_STEPS)
        self.confidences = np.zeros(STABLE_STEPS)
        self.levels = np.zeros(STABLE_STEPS)
        self.reset()

    def reset(self) -> None:
        self.pitches[:] = 0.0
        self.confidences[:] = 0.0
        self.levels[:] = 0.0
        self.sounding, self.pitch, self.loudest, self.lost_steps = 0, 0.0, 0.0, 0

    def update(self, pitch: float, confidence: float, rms: float) -> list[tuple[Note, int]]:
        """A step: the notes that end and begin with it, and how many steps ago that was."""
        retriggered = rms > RETRIGGER_RATIO * self.levels[-2] and self.levels[-2] > SILENT_RMS
        for array, value in ((self.pitches, pitch), (self.confidences, confidence), (self.levels, rms)):
            array[:-1] = array[1:]
            array[-1] = value
        voiced = pitch > 0 and rms > SILENT_RMS
        notes: list[tuple[Note, int]] = []
        if self.sounding:
            self.loudest = max(self.loudest, rms)
            same = voiced and abs(pitch - self.pitch) < NEW_NOTE_SEMITONES
            self.lost_steps = 0 if same else self.lost_steps + 1
            faded = rms < RELEASE_RATIO * self.loudest or rms < SILENT_RMS
            if self.lost_steps >= LOST_STEPS or faded or retriggered:
                notes.append((Note(0, self.pitch, 0, 1.0), 0 if retriggered else min(self.lost_steps, LOST_STEPS)))
                self.sounding = 0
        stable = (self.pitches > 0).all() and np.ptp(self.pitches) < STABLE_SEMITONES
        if not self.sounding and voiced and stable:
            self.pitch = sorted(self.pitches.tolist())[STABLE_STEPS // 2]
            level_db = 20.0 * log10(max(float(self.levels.max()), 1e-6))
            velocity = min(max(round(127 + 2.0 * (level_db + 6.0)), 1), 127)
            confidence = float(self.confidences.mean())
            notes.append((Note(1, self.pitch, velocity, confidence), STABLE_STEPS - 1 if not notes else 0))
            self.sounding, self.loudest, self.lost_steps = 1, float(self.levels.max()), 0
        return notes


class PitchChain:
    """Notes of one source."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._pitch, self._tracker, self._delayed = YinPitch(rate), NoteTracker(), DelayedEvents((Note,))
        self.window = self._pitch.window
        self._step_frames = round(rate / STEPS_PER_SECOND)
        self.latency = round((max(STABLE_STEPS, LOST_STEPS) / STEPS_PER_SECOND + WINDOW_S / 2) * rate)
        """A pitch refers to its window's middle, and is confirmed once it is stable."""

    def list_parts(self) -> dict[str, SavedState]:
        return {"tracker": self._tracker, "delayed": self._delayed}

    def process(self, window: Float32Array, end: int) -> None:
        """Analyse a step whose ``window`` of audio ends before frame ``end``."""
        rms = float(np.sqrt((window[-self._step_frames :] ** 2).mean()))
        pitch, confidence = self._pitch.estimate(window) if rms > 0 else (0.0, 0.0)
        last = end - self.latency
        for note, steps_ago in self._tracker.update(pitch, confidence, rms):
            last = max(last, round(end - (steps_ago / STEPS_PER_SECOND + WINDOW_S / 2) * self.rate))
            self._delayed.push(last, note)

    def pop_events_before(self, frame: int) -> list[TimedEvent]:
        return self._delayed.pop_before(frame)
