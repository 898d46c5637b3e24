"""The pitched voices of synth.plain, all computed at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from engines.saved_state import SavedState
from engines.synth.instrument import MIDI_CHANNELS
from engines.synth.tones import GROUPS, SPAN, TABLE, TONES, hz_of, tables

MOST = 64
"""Notes at once. One more cuts the one that was let go of first, or the oldest."""
PLACES = MOST + 16
"""Room for those that are being cut."""
CUT_S = 0.004
"""The time constant with which a note is cut."""
NEVER = 1 << 40
"""An age, in frames, that no note reaches."""
GONE = 1e-4
"""Below this share of its loudest (-80 dB) a note is over."""
MIDDLE_C = 60

Kept = NDArray[np.int64]


class Voices(SavedState):
    """``age``: frames since a voice began, negative where it has yet to. ``let_go``, ``cut``: at which age."""

    saved_fields = ("active", "channel", "pitch", "tone", "velocity", "age", "let_go", "cut", "pedalled", "phase")

    def __init__(self, rate: int, frames: int) -> None:
        self._rate, self._frames = rate, frames
        self._cycles = tables(rate).reshape(-1)
        self._numbers = np.array(
            [
                (t.level, t.attack_s, t.decay_s, t.sustain, t.release_s, t.dulls_s, t.spread_cents, t.sinks)
                for t in TONES
            ]
        )
        self._hz = np.array([hz_of(pitch) for pitch in range(128)])
        self._count = np.arange(frames)
        self.active, self.pedalled = np.zeros(PLACES, np.bool_), np.zeros(PLACES, np.bool_)
        self.channel, self.pitch, self.tone, self.velocity, self.age, self.let_go, self.cut = (
            np.zeros(PLACES, np.int64) for _ in range(7)
        )
        self.phase = np.zeros((PLACES, CHANNELS))
        self.reset()

    def reset(self) -> None:
        for name in self.saved_fields:
            getattr(self, name)[...] = 0

    @property
    def sounding(self) -> NDArray[np.bool_]:
        """Which channels have a voice, shape (16,)."""
        return np.bincount(self.channel[self.active], minlength=MIDI_CHANNELS) > 0

    def strike(self, channel: int, pitch: int, velocity: int, tone: int, offset: int) -> None:
        """Begin a note ``offset`` frames into the coming block; the same one, if it is held, is let go of."""
        self._end(self._held(channel) & (self.pitch == pitch), offset)
        whole = self.active & (self.cut == NEVER)
        if np.count_nonzero(whole) >= MOST:
            self._cut(whole, offset)
        free = np.flatnonzero(~self.active)
        place = int(free[0]) if len(free) else int(np.argmin(self.cut - self.age))
        self.active[place], self.pedalled[place] = True, False
        self.channel[place], self.pitch[place], self.velocity[place], self.tone[place] = channel, pitch, velocity, tone
        self.age[place], self.let_go[place], self.cut[place] = -offset, NEVER, NEVER
        self.phase[place] = 0.0

    def let_go_of(self, channel: int, pitch: int, offset: int, pedal: bool) -> None:
        """End a note, or have it wait for the pedal."""
        which = self._held(channel) & (self.pitch == pitch)
        if pedal:
            self.pedalled |= which
        else:
            self._end(which, offset)

    def pedal_up(self, channel: int, offset: int) -> None:
        self._end(self._held(channel) & self.pedalled, offset)

    def let_go_of_all(self, channel: int, offset: int) -> None:
        """Notes that the pedal holds as well."""
        self._end(self._held(channel), offset)

    def cut_all(self, channel: int, offset: int) -> None:
        which = self.active & (self.channel == channel) & (self.cut == NEVER)
        self.cut[which] = np.maximum(self.age[which] + offset, 0)

    def _held(self, channel: int) -> NDArray[np.bool_]:
        return np.asarray(self.active & (self.channel == channel) & (self.let_go == NEVER))

    def _end(self, which: NDArray[np.bool_], offset: int) -> None:
        self.let_go[which] = np.maximum(self.age[which] + offset, 0)
        self.pedalled[which] = False

    def _cut(self, whole: NDArray[np.bool_], offset: int) -> None:
        """Make room: cut the one that has been let go of for longest, else the oldest."""
        since = self.age - np.where(self.let_go == NEVER, 0, self.let_go)
        rank = np.where(whole, since + np.where(self.let_go == NEVER, 0, NEVER), -NEVER)
        place = int(np.argmax(rank))
        self.cut[place] = max(int(self.age[place]) + offset, 0)

    def add_to(self, out: Audio, semitones: NDArray[np.float64], gains: NDArray[np.float32]) -> None:
        """Add the next frames to ``out``, shape (2, frames). ``semitones``, ``gains``: by channel, as in `Channels`."""
        at = np.flatnonzero(self.active)
        if not len(at):
            return
        level, attack, decay, sustain, release, dulls, spread, sinks = self._numbers[self.tone[at]].T[:, :, None]
        pitch, age = self.pitch[at], self.age[at]
        time = np.maximum(age[:, None] + self._count, 0) / self._rate
        let_go, cut = self.let_go[at, None] / self._rate, self.cut[at, None] / self._rate
        octaves = (pitch[:, None] - MIDDLE_C) / 12
        decay = decay * 2.0 ** np.where(sinks > 0, -octaves / np.maximum(sinks, 1e-9), 0.0)
        held = np.minimum(time, let_go)
        loud = np.minimum(held / attack, 1.0) * (
            sustain + (1 - sustain) * np.exp(-np.maximum(held - attack, 0) / decay)
        )
        loud *= np.exp(-np.maximum(time - let_go, 0) / release) * np.exp(-np.maximum(time - cut, 0) / CUT_S)
        struck = self.velocity[at, None] / 127
        bright = (0.25 + 0.75 * struck) * np.exp(-time / dulls)
        step = (self._hz[pitch] * 2.0 ** (semitones[self.channel[at]] / 12) / self._rate)[:, None]
        step = step * 2.0 ** (spread * np.array([-1.0, 1.0]) / 1200)
        wave = self._read(at, step, bright)
        wave *= (level * struck**1.8 * loud)[:, None, :].astype(np.float32)
        out += np.einsum("vcf,vcf->cf", wave, gains[self.channel[at]])
        self._go_on(at, step, loud[:, -1], attack[:, 0])

    def _read(self, at: Kept, step: NDArray[np.float64], bright: NDArray[np.float64]) -> NDArray[np.float32]:
        """The cycles as they sound, shape (voices, 2, frames)."""
        began = np.maximum(self._count + np.minimum(self.age[at], 0)[:, None], 0)
        place = self.phase[at][:, :, None] + step[:, :, None] * began[:, None, :]
        place = (place - np.floor(place)) * TABLE
        below = place.astype(np.int64)
        part = (place - below).astype(np.float32)
        below += ((self.tone[at] * GROUPS + self.pitch[at] // SPAN) * 2 * (TABLE + 1))[:, None, None]

        def mixed(index: Kept) -> NDArray[np.float32]:
            low = self._cycles[index]
            return np.asarray(low + part * (self._cycles[index + 1] - low))

        return np.asarray(mixed(below) + bright[:, None, :].astype(np.float32) * mixed(below + TABLE + 1))

    def _go_on(
        self, at: Kept, step: NDArray[np.float64], loud: NDArray[np.float64], attack: NDArray[np.float64]
    ) -> None:
        frames = self._frames + np.minimum(self.age[at], 0)
        self.phase[at] = (self.phase[at] + step * frames[:, None]) % 1.0
        self.age[at] += self._frames
        over = (loud < GONE) & ((self.age[at] > attack * self._rate) | (self.let_go[at] < self.age[at]))
        self.active[at[over]] = False
