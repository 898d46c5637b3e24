"""Chord and key detection by chroma: pitch classes of a long window, matched to templates, with a fixed latency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.core.events import Chord, Key, Midi, TimedEvent, to_chord
from bridge.core.jit import njit
from bridge.core.midi import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    DRUM_CHANNEL,
    get_channel,
    get_status,
    is_note,
    is_note_on,
)
from engines.mir.chroma.templates import correlate_chords, correlate_keys
from engines.saved_state import SavedState

WINDOW_S = 0.186
"""Long enough to resolve semitones from about C3 on; rounded to a power of two frames."""
STEP_HOPS = 2
CONFIRM_STEPS = 4
"""Steps in a row that must agree before a chord is reported."""
LOW_HZ, HIGH_HZ, BASS_HZ = 55.0, 1800.0, 220.0
MIN_AMPLITUDE = 1e-4
"""Peaks below this amplitude (-80 dB) are ignored."""
MIN_RELATIVE = 0.03
"""So are those 30 dB below the strongest."""
PEAK_RATIO, PEAK_NEIGHBOURS = 3.0, 10
"""So are those that do not exceed the mean of so many bins to each side by this factor; noise rarely does."""
MIN_CORRELATION = 0.65
"""A lower correlation is no chord: noise and single notes stay below."""
CHORD_MARGIN = 0.03
"""A new chord must correlate better than the current one by this."""
KEY_S, KEY_FIRST_S, KEY_MARGIN = 12.0, 3.0, 0.04
KEY_NOTES = 3
"""With fewer pitch classes than this no key is reported."""
NO_CHORD = -1


@njit()
def extract_chroma(magnitude: NDArray[np.float32], bin_hz: float, chroma: NDArray[np.float64]) -> int:
    """Fill ``chroma`` (12,), C first, from the peaks of ``magnitude``; returns the lowest strong peak's note or -1.

    Parabolic interpolation of the peaks resolves neighbouring notes in the low octaves, where single bins cannot.
    """
    chroma[:] = 0.0
    first, last = int(LOW_HZ / bin_hz), int(HIGH_HZ / bin_hz) + 1
    loudest = magnitude[first : last + 1].max()
    floor = max(MIN_AMPLITUDE, MIN_RELATIVE * loudest)
    bass = -1
    for k in range(max(first, 1), last):
        here, below, above = magnitude[k], magnitude[k - 1], magnitude[k + 1]
        if here < floor or here <= below or here < above:
            continue
        left, right = max(k - PEAK_NEIGHBOURS, 0), min(k + PEAK_NEIGHBOURS + 1, magnitude.shape[0])
        if here < PEAK_RATIO * magnitude[left:right].mean():
            continue
        offset = 0.5 * (below - above) / (below - 2.0 * here + above)
        hz = (k + offset) * bin_hz
        pitch = 69.0 + 12.0 * np.log2(hz / 440.0)
        nearest = int(np.floor(pitch + 0.5))
        tuned = 1.0 - 1.5 * abs(pitch - nearest)  # frequencies between two notes count little for either
        fade = min(1.0, 500.0 / hz)  # higher up overtones outnumber notes
        chroma[nearest % 12] += np.sqrt(here) * tuned * fade
        if bass < 0 and hz < BASS_HZ and here > 0.2 * loudest:
            bass = nearest
    for i in range(12):
        chroma[i] = np.sqrt(chroma[i])  # a doubled root must not drown the seventh
    return bass


class ChromaAnalyser(SavedState):
    """Takes audio hop by hop; its events refer to a frame `latency` before the block."""

    saved_fields = (
        "window_audio", "hops", "steps", "chord", "candidate", "agreeing_steps", "key", "average_chroma", "tonal_steps",
        "bass_class", "bass_steps", "held_notes", "note_chroma", "note_bass",
    )  # fmt: skip

    def __init__(self, rate: int, hop: int) -> None:
        self.hop = hop
        window = 1 << round(np.log2(WINDOW_S * rate))
        step = hop * STEP_HOPS
        self.latency = window // 2 + (CONFIRM_STEPS - 1) * step + step // 2
        """Frames: half the window, the steps that must agree, and half a step that a change waits for on average."""
        self._bin_hz = rate / window
        self._taper = (np.hanning(window + 1)[:-1] * 4.0 / window).astype(np.float32)
        self._key_decay = float(np.exp(-step / (KEY_S * rate)))
        self._key_steps = round(KEY_FIRST_S * rate / step)
        self._chroma = np.zeros(12)
        self._warm_up_hops = -(-max(window, self.latency) // hop)
        self.window_audio = np.zeros(window, np.float32)
        self.held_notes = np.zeros((16, 128), np.bool_)
        past = max(window // 2 // step, 1)
        self.note_chroma = np.zeros((past, 12))
        self.note_bass = np.zeros(past, np.int64)
        self.average_chroma = np.zeros(12)
        self.reset()
        extract_chroma(np.zeros(window // 2 + 1, np.float32), self._bin_hz, self._chroma)  # compiles now

    def reset(self) -> None:
        """Everything as at the start."""
        for array in (self.window_audio, self.held_notes, self.note_chroma, self.average_chroma):
            array[...] = 0
        self.note_bass[:] = -1
        self.hops, self.steps, self.tonal_steps = 0, 0, 0
        self.chord, self.candidate, self.agreeing_steps = NO_CHORD, NO_CHORD, 0
        self.bass_class, self.bass_steps = -1, 0
        self.key = -1

    def push_midi(self, message: Midi) -> None:
        """Notes from the host count like audio of the same time."""
        status, channel = get_status(message.data), get_channel(message.data)
        if is_note(message.data) and channel != DRUM_CHANNEL:
            self.held_notes[channel, message.data[1] & 0x7F] = is_note_on(message.data)
        elif status == CONTROL_CHANGE and len(message.data) == 3 and message.data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self.held_notes[channel] = False

    def process(self, mono: Audio, frame: int) -> list[TimedEvent]:
        """Analyse one hop, shape (hop,), that starts at ``frame``; returns the chord and key changes."""
        self.window_audio[: -self.hop] = self.window_audio[self.hop :]
        self.window_audio[-self.hop :] = mono
        self.hops += 1
        if self.hops % STEP_HOPS:
            return []
        bass = self._update_chroma()
        if self.hops <= self._warm_up_hops:
            return []  # it would refer to frames before the first
        at = frame - self.latency
        events = [] if (chord := self._update_chord(bass)) is None else [TimedEvent(at, chord)]
        if (key := self._update_key()) is not None:
            events.append(TimedEvent(at, key))
        return events

    def _update_chroma(self) -> int:
        """Fill the chroma from audio and notes, aligned at the window's middle; returns the bass note or -1."""
        magnitude = np.abs(np.fft.rfft(self.window_audio * self._taper))
        bass = int(extract_chroma(magnitude, self._bin_hz, self._chroma))
        at = self.steps % len(self.note_bass)
        if self.note_chroma[at].any():
            total = self._chroma.sum()
            self._chroma *= 1.0 / total if total > 0 else 0.0
            self._chroma += self.note_chroma[at]
            # the lowest played note is the bass only if nothing lower sounds
            bass = int(self.note_bass[at]) if bass < 0 else min(bass, int(self.note_bass[at]))
        self._push_notes(at)
        self.steps += 1
        return bass

    def _push_notes(self, at: int) -> None:
        pitches = np.flatnonzero(self.held_notes.any(axis=0))
        self.note_chroma[at] = 0.0
        self.note_bass[at] = pitches[0] if len(pitches) else -1
        for pitch in pitches:
            self.note_chroma[at, pitch % 12] += 1.0 / len(pitches)

    def _update_chord(self, bass: int) -> Chord | None:
        """The chord, if it has just been confirmed and is another one than before."""
        correlations = correlate_chords(self._chroma)
        self.bass_steps = self.bass_steps + 1 if bass % 12 == self.bass_class and bass >= 0 else 1
        self.bass_class = bass % 12 if bass >= 0 else -1
        if bass >= 0:
            correlations[bass % 12 :: 12] += CHORD_MARGIN  # of equals, the one whose root is the bass
        best = int(correlations.argmax())
        current = MIN_CORRELATION if self.chord == NO_CHORD else float(correlations[self.chord])
        correlation = float(correlations[best])
        if correlation < MIN_CORRELATION:
            found = NO_CHORD
        elif best != self.chord and correlation > current + (CHORD_MARGIN if self.chord != NO_CHORD else 0.0):
            found = best
        else:
            found = self.chord
        self.agreeing_steps = self.agreeing_steps + 1 if found == self.candidate else 1
        self.candidate = found
        if self.agreeing_steps < CONFIRM_STEPS or found == self.chord:
            return None
        self.chord = found
        if found == NO_CHORD:
            return Chord(-1, 0, -1, min(max(1.0 - correlation, 0.0), 1.0))
        chord = to_chord(found, min(correlation, 1.0))
        # an inversion is reported only if the bass stayed as long as the chord
        inverted = self.bass_steps >= CONFIRM_STEPS and self.bass_class in chord.pitch_classes
        return Chord(chord.root, chord.quality, self.bass_class, chord.confidence) if inverted else chord

    def _update_key(self) -> Key | None:
        """The key, if another one than before has just become the best."""
        total = self._chroma.sum()
        if total <= 0:
            return None
        self.average_chroma *= self._key_decay
        self.average_chroma += self._chroma / total
        self.tonal_steps += 1
        notes = (self.average_chroma > 0.05 * self.average_chroma.sum()).sum()
        if self.tonal_steps < self._key_steps or notes < KEY_NOTES:
            return None
        correlations = correlate_keys(self.average_chroma)
        best = int(correlations.argmax())
        if best == self.key or (self.key >= 0 and correlations[best] < correlations[self.key] + KEY_MARGIN):
            return None
        self.key = best
        return Key(best % 12, best // 12, float(min(max(correlations[best], 0.0), 1.0)))
