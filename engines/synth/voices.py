"""Pitched voices of synth.plain: a wavetable voice allocator, all voices computed at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Int64Array
from bridge.core.audio import CHANNELS, Audio
from bridge.core.midi import MIDI_CHANNELS
from engines.saved_state import SavedState
from engines.synth.tones import GROUPS, SPAN, TABLE_SAMPLES, TONES, make_tables, to_hz

MAX_VOICES = 64
"""Polyphony. One more note steals the voice that was released first, or the oldest."""
SLOTS = MAX_VOICES + 16
"""Voice slots: polyphony, and room for stolen voices that are fading."""
CUT_S = 0.004
"""Time constant of the fade of a stolen voice."""
NO_AGE = 1 << 40
"""An age, in frames, that no note reaches."""
MIN_ENVELOPE = 1e-4
"""Envelope below which a voice ends (-80 dB)."""
MIDDLE_C = 60


class Voices(SavedState):
    """Voice states. ``age``: frames since the start, negative before it. ``released``, ``cut``: the age at which."""

    saved_fields = ("active", "channel", "pitch", "tone", "velocity", "age", "released", "cut", "sustained", "phase")

    def __init__(self, rate: int, frames: int) -> None:
        self._rate, self._frames = rate, frames
        self._cycles = make_tables(rate).reshape(-1)
        self._numbers = np.array(
            [
                (t.level, t.attack_s, t.decay_s, t.sustain, t.release_s, t.dulls_s, t.spread_cents, t.sinks)
                for t in TONES
            ]
        )
        self._hz = np.array([to_hz(pitch) for pitch in range(128)])
        self._count = np.arange(frames)
        self.active, self.sustained = np.zeros(SLOTS, np.bool_), np.zeros(SLOTS, np.bool_)
        self.channel, self.pitch, self.tone, self.velocity, self.age, self.released, self.cut = (
            np.zeros(SLOTS, np.int64) for _ in range(7)
        )
        self.phase = np.zeros((SLOTS, CHANNELS))
        self.reset()

    def reset(self) -> None:
        for name in self.saved_fields:
            getattr(self, name)[...] = 0

    @property
    def sounding(self) -> NDArray[np.bool_]:
        """Which channels have a voice, shape (16,)."""
        return np.bincount(self.channel[self.active], minlength=MIDI_CHANNELS) > 0

    def note_on(self, channel: int, pitch: int, velocity: int, tone: int, offset: int) -> None:
        """Start a note ``offset`` frames into the next block; the same note, if held, is released."""
        self._release(self._find_held(channel) & (self.pitch == pitch), offset)
        whole = self.active & (self.cut == NO_AGE)
        if np.count_nonzero(whole) >= MAX_VOICES:
            self._cut_one(whole, offset)
        free = np.flatnonzero(~self.active)
        place = int(free[0]) if len(free) else int(np.argmin(self.cut - self.age))
        self.active[place], self.sustained[place] = True, False
        self.channel[place], self.pitch[place], self.velocity[place], self.tone[place] = channel, pitch, velocity, tone
        self.age[place], self.released[place], self.cut[place] = -offset, NO_AGE, NO_AGE
        self.phase[place] = 0.0

    def note_off(self, channel: int, pitch: int, offset: int, pedal: bool) -> None:
        """Release a note, or sustain it until the pedal is up."""
        which = self._find_held(channel) & (self.pitch == pitch)
        if pedal:
            self.sustained |= which
        else:
            self._release(which, offset)

    def release_pedal(self, channel: int, offset: int) -> None:
        self._release(self._find_held(channel) & self.sustained, offset)

    def release_all(self, channel: int, offset: int) -> None:
        """Release all notes, also those that the pedal sustains."""
        self._release(self._find_held(channel), offset)

    def cut_all(self, channel: int, offset: int) -> None:
        which = self.active & (self.channel == channel) & (self.cut == NO_AGE)
        self.cut[which] = np.maximum(self.age[which] + offset, 0)

    def _find_held(self, channel: int) -> NDArray[np.bool_]:
        return np.asarray(self.active & (self.channel == channel) & (self.released == NO_AGE))

    def _release(self, which: NDArray[np.bool_], offset: int) -> None:
        self.released[which] = np.maximum(self.age[which] + offset, 0)
        self.sustained[which] = False

    def _cut_one(self, whole: NDArray[np.bool_], offset: int) -> None:
        """Steal a voice: the one released first, else the oldest."""
        since = self.age - np.where(self.released == NO_AGE, 0, self.released)
        rank = np.where(whole, since + np.where(self.released == NO_AGE, 0, NO_AGE), -NO_AGE)
        place = int(np.argmax(rank))
        self.cut[place] = max(int(self.age[place]) + offset, 0)

    def mix_into(self, out: Audio, semitones: NDArray[np.float64], gains: NDArray[np.float32]) -> None:
        """Add the next frames to ``out``, shape (2, frames). ``semitones``, ``gains``: by channel, see `Channels`."""
        at = np.flatnonzero(self.active)
        if not len(at):
            return
        level, attack, decay, sustain, release, dulls, spread, sinks = self._numbers[self.tone[at]].T[:, :, None]
        pitch, age = self.pitch[at], self.age[at]
        time = np.maximum(age[:, None] + self._count, 0) / self._rate
        released, cut = self.released[at, None] / self._rate, self.cut[at, None] / self._rate
        octaves = (pitch[:, None] - MIDDLE_C) / 12
        decay = decay * 2.0 ** np.where(sinks > 0, -octaves / np.maximum(sinks, 1e-9), 0.0)
        held = np.minimum(time, released)
        loud = np.minimum(held / attack, 1.0) * (
            sustain + (1 - sustain) * np.exp(-np.maximum(held - attack, 0) / decay)
        )
        loud *= np.exp(-np.maximum(time - released, 0) / release) * np.exp(-np.maximum(time - cut, 0) / CUT_S)
        velocity = self.velocity[at, None] / 127
        bright = (0.25 + 0.75 * velocity) * np.exp(-time / dulls)
        step = (self._hz[pitch] * 2.0 ** (semitones[self.channel[at]] / 12) / self._rate)[:, None]
        step = step * 2.0 ** (spread * np.array([-1.0, 1.0]) / 1200)
        wave = self._read_tables(at, step, bright)
        wave *= (level * velocity**1.8 * loud)[:, None, :].astype(np.float32)
        out += np.einsum("vcf,vcf->cf", wave, gains[self.channel[at]])
        self._advance(at, step, loud[:, -1], attack[:, 0])

    def _read_tables(
        self, at: Int64Array, step: NDArray[np.float64], bright: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """The waves of the voices ``at``, interpolated from the tables, shape (voices, 2, frames)."""
        began = np.maximum(self._count + np.minimum(self.age[at], 0)[:, None], 0)
        place = self.phase[at][:, :, None] + step[:, :, None] * began[:, None, :]
        place = (place - np.floor(place)) * TABLE_SAMPLES
        below = place.astype(np.int64)
        part = (place - below).astype(np.float32)
        below += ((self.tone[at] * GROUPS + self.pitch[at] // SPAN) * 2 * (TABLE_SAMPLES + 1))[:, None, None]

        def interpolate(index: Int64Array) -> NDArray[np.float32]:
            low = self._cycles[index]
            return np.asarray(low + part * (self._cycles[index + 1] - low))

        return np.asarray(
            interpolate(below) + bright[:, None, :].astype(np.float32) * interpolate(below + TABLE_SAMPLES + 1)
        )

    def _advance(
        self, at: Int64Array, step: NDArray[np.float64], loud: NDArray[np.float64], attack: NDArray[np.float64]
    ) -> None:
        frames = self._frames + np.minimum(self.age[at], 0)
        self.phase[at] = (self.phase[at] + step * frames[:, None]) % 1.0
        self.age[at] += self._frames
        over = (loud < MIN_ENVELOPE) & ((self.age[at] > attack * self._rate) | (self.released[at] < self.age[at]))
        self.active[at[over]] = False
