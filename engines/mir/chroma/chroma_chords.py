"""Chords and key: pitch classes of a long window, fitted to templates, with a fixed delay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.core.events import Chord, Key, Midi, TimedEvent
from bridge.core.jit import njit
from engines.mir.chroma.templates import chord_fits, key_fits
from engines.saved_state import SavedState

WINDOW_S = 0.186
"""Long enough to tell semitones apart from about C3 on; rounded to a power of two frames."""
STEP_HOPS = 2
PATIENCE = 4
"""Steps in a row that must agree before a chord is believed."""
LOW_HZ, HIGH_HZ, BASS_HZ = 55.0, 1800.0, 220.0
QUIET = 1e-4
"""A tone below this amplitude (-80 dB) says nothing about the harmony."""
RELATIVE = 0.03
"""Nor does one that is 30 dB below the strongest."""
STANDS_OUT, AROUND = 3.0, 10
"""Nor a peak that does not exceed the mean of so many bins to each side by this factor; noise rarely does."""
FITS = 0.65
"""A poorer correlation is no chord: noise and single notes stay below."""
MARGIN = 0.03
"""What a new chord must fit better than the one that sounds."""
KEY_S, KEY_FIRST_S, KEY_MARGIN = 12.0, 3.0, 0.04
KEY_NOTES = 3
"""Fewer pitch classes than this are no key."""
NO_CHORD = -1


@njit()
def tones(magnitude: NDArray[np.float32], bin_hz: float, chroma: NDArray[np.float64]) -> int:
    """Fill ``chroma`` (12,), C first, from the peaks of ``magnitude``; the lowest strong peak's note or -1.

    Peaks, placed by a parabola, tell neighbours in the low octaves apart where the bins themselves cannot.
    """
    chroma[:] = 0.0
    first, last = int(LOW_HZ / bin_hz), int(HIGH_HZ / bin_hz) + 1
    loudest = magnitude[first : last + 1].max()
    floor = max(QUIET, RELATIVE * loudest)
    bass = -1
    for k in range(max(first, 1), last):
        here, below, above = magnitude[k], magnitude[k - 1], magnitude[k + 1]
        if here < floor or here <= below or here < above:
            continue
        left, right = max(k - AROUND, 0), min(k + AROUND + 1, magnitude.shape[0])
        if here < STANDS_OUT * magnitude[left:right].mean():
            continue
        offset = 0.5 * (below - above) / (below - 2.0 * here + above)
        hz = (k + offset) * bin_hz
        pitch = 69.0 + 12.0 * np.log2(hz / 440.0)
        nearest = int(np.floor(pitch + 0.5))
        tuned = 1.0 - 1.5 * abs(pitch - nearest)  # what lies between two notes says little about either
        fade = min(1.0, 500.0 / hz)  # up there overtones outnumber notes
        chroma[nearest % 12] += np.sqrt(here) * tuned * fade
        if bass < 0 and hz < BASS_HZ and here > 0.2 * loudest:
            bass = nearest
    for i in range(12):
        chroma[i] = np.sqrt(chroma[i])  # a doubled root must not drown the seventh
    return bass


class ChromaAnalyser(SavedState):
    """Listens hop by hop; what it says refers to a frame `latency` before the block."""

    saved_fields = (
        "heard", "hops", "steps", "chord", "rival", "agreed", "key", "average", "tonal_steps",
        "low", "low_agreed", "held", "note_chroma", "note_bass",
    )  # fmt: skip

    def __init__(self, rate: int, hop: int) -> None:
        self.hop = hop
        window = 1 << round(np.log2(WINDOW_S * rate))
        step = hop * STEP_HOPS
        self.latency = window // 2 + (PATIENCE - 1) * step + step // 2
        """Frames: the window's middle, the steps of patience, and half a step that a change waits for on average."""
        self._bin_hz = rate / window
        self._taper = (np.hanning(window + 1)[:-1] * 4.0 / window).astype(np.float32)
        self._keep = float(np.exp(-step / (KEY_S * rate)))
        self._key_steps = round(KEY_FIRST_S * rate / step)
        self._chroma = np.zeros(12)
        self._warm = -(-max(window, self.latency) // hop)
        self.heard = np.zeros(window, np.float32)
        self.held = np.zeros((16, 128), np.bool_)
        past = max(window // 2 // step, 1)
        self.note_chroma = np.zeros((past, 12))
        self.note_bass = np.zeros(past, np.int64)
        self.average = np.zeros(12)
        self.reset()
        tones(np.zeros(window // 2 + 1, np.float32), self._bin_hz, self._chroma)  # compiles now

    def reset(self) -> None:
        """Everything as at the start."""
        for array in (self.heard, self.held, self.note_chroma, self.average):
            array[...] = 0
        self.note_bass[:] = -1
        self.hops, self.steps, self.tonal_steps = 0, 0, 0
        self.chord, self.rival, self.agreed = NO_CHORD, NO_CHORD, 0
        self.low, self.low_agreed = -1, 0
        self.key = -1

    def note(self, message: Midi) -> None:
        """A note that the host plays counts as heard, at once with the audio of its time."""
        status, channel = message.data[0] & 0xF0, message.data[0] & 0x0F
        if status in (0x80, 0x90) and len(message.data) == 3 and channel != 9:  # channel 10 is drums
            self.held[channel, message.data[1] & 0x7F] = status == 0x90 and message.data[2] > 0
        elif status == 0xB0 and len(message.data) == 3 and message.data[1] in (120, 123):
            self.held[channel] = False

    def listen(self, mono: Audio, frame: int) -> list[TimedEvent]:
        """Take one hop, shape (hop,), that starts at ``frame``; the changes of chord and key."""
        self.heard[: -self.hop] = self.heard[self.hop :]
        self.heard[-self.hop :] = mono
        self.hops += 1
        if self.hops % STEP_HOPS:
            return []
        bass = self._listen_to_all()
        if self.hops <= self._warm:
            return []  # it would be about frames before the first
        there = frame - self.latency
        events = [] if (chord := self._settle_chord(bass)) is None else [TimedEvent(there, chord)]
        if (key := self._settle_key()) is not None:
            events.append(TimedEvent(there, key))
        return events

    def _listen_to_all(self) -> int:
        """Fill the chroma from audio and from notes, aligned at the window's middle; the bass note or -1."""
        magnitude = np.abs(np.fft.rfft(self.heard * self._taper))
        bass = int(tones(magnitude, self._bin_hz, self._chroma))
        at = self.steps % len(self.note_bass)
        if self.note_chroma[at].any():
            heard = self._chroma.sum()
            self._chroma *= 1.0 / heard if heard > 0 else 0.0
            self._chroma += self.note_chroma[at]
            # the keys' lowest note is the bass only where nothing lower sounds
            bass = int(self.note_bass[at]) if bass < 0 else min(bass, int(self.note_bass[at]))
        self._remember_notes(at)
        self.steps += 1
        return bass

    def _remember_notes(self, at: int) -> None:
        pitches = np.flatnonzero(self.held.any(axis=0))
        self.note_chroma[at] = 0.0
        self.note_bass[at] = pitches[0] if len(pitches) else -1
        for pitch in pitches:
            self.note_chroma[at, pitch % 12] += 1.0 / len(pitches)

    def _settle_chord(self, bass: int) -> Chord | None:
        """The chord that has just become certain, if it is another one than before."""
        fits = chord_fits(self._chroma)
        self.low_agreed = self.low_agreed + 1 if bass % 12 == self.low and bass >= 0 else 1
        self.low = bass % 12 if bass >= 0 else -1
        if bass >= 0:
            fits[bass % 12 :: 12] += MARGIN  # among equals, the one that stands on its root
        best = int(fits.argmax())
        current = FITS if self.chord == NO_CHORD else float(fits[self.chord])
        fit = float(fits[best])
        if fit < FITS:
            found = NO_CHORD
        elif best != self.chord and fit > current + (MARGIN if self.chord != NO_CHORD else 0.0):
            found = best
        else:
            found = self.chord
        self.agreed = self.agreed + 1 if found == self.rival else 1
        self.rival = found
        if self.agreed < PATIENCE or found == self.chord:
            return None
        self.chord = found
        if found == NO_CHORD:
            return Chord(-1, 0, -1, min(max(1.0 - fit, 0.0), 1.0))
        quality, root = divmod(found, 12)
        chord = Chord(root, quality, root, min(fit, 1.0))
        # an inversion is claimed only where the bass stood as long as the chord did
        inverted = self.low_agreed >= PATIENCE and self.low in chord.pitch_classes
        return Chord(root, quality, self.low, chord.confidence) if inverted else chord

    def _settle_key(self) -> Key | None:
        """The key that has just become the best, if it is another one than before."""
        total = self._chroma.sum()
        if total <= 0:
            return None
        self.average *= self._keep
        self.average += self._chroma / total
        self.tonal_steps += 1
        if self.tonal_steps < self._key_steps or (self.average > 0.05 * self.average.sum()).sum() < KEY_NOTES:
            return None
        fits = key_fits(self.average)
        best = int(fits.argmax())
        if best == self.key or (self.key >= 0 and fits[best] < fits[self.key] + KEY_MARGIN):
            return None
        self.key = best
        return Key(best % 12, best // 12, float(min(max(fits[best], 0.0), 1.0)))
