"""Tempo and beats from onset strength: autocorrelation says how fast, a running score says when.

The score follows Stark, Davies and Plumbley 2009 (BTrack): each moment is worth its own onset plus the best
moment about one beat before. Halfway between two beats the score is carried on into the future and the next
beat put on its top, so that a beat is known before it falls.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.events import Beat, Tempo, TimedEvent
from bridge.core.jit import njit
from engines.mir.tempo_mode import TempoPrior
from engines.saved_state import SavedState

Doubles = NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM, GRID = 40.0, 240.0, 1.01
MEMORY_S = 8.0
FIRST_S = 2.5
"""What must be heard before a tempo is named."""
THINK_HOPS = 16
PRIOR_OCTAVES = 1.0
STICK, STICK_OCTAVES = 0.3, 0.04
CERTAIN = 0.12
"""Mean autocorrelation at the beat's multiples below which there is no pulse; noise stays under 0.05."""
ONSET = 0.1
PATIENCE_BEATS = 2.5
"""Without an onset for so long the pulse is lost."""
AHEAD = 0.9
TIGHT = 5.0
TEMPO_CHANGE = 0.01
EARLY_HOPS = 0.2
"""An onset shows, on the mean, in the hop that starts this much before it (measured with clicks)."""


@njit()
def best_before(score: Doubles, end: int, period: float) -> float:
    """The best of ``score`` about one ``period`` before index ``end``, weighted by how near it is."""
    best = 0.0
    for back in range(max(int(period / 2), 1), min(int(2 * period), end) + 1):
        value = score[end - back] * np.exp(-0.5 * (TIGHT * np.log(back / period)) ** 2)
        best = max(best, value)
    return best


@njit()
def next_top(score: Doubles, period: float, future: Doubles) -> float:
    """How many hops after the end of ``score`` the next beat falls, about half a ``period`` from now.

    ``future`` is work space, as long as ``score`` plus the longest period.
    """
    length = score.shape[0]
    future[:length] = score
    span = int(period) + 1
    best, top = -1.0, 1
    for ahead in range(1, span + 1):
        future[length - 1 + ahead] = best_before(future, length - 1 + ahead, period)
        value = future[length - 1 + ahead] * np.exp(-0.5 * ((ahead - period / 2) / (period / 2)) ** 2)
        if value > best:
            best, top = value, ahead
    if top == 1 or top == span:
        return float(top)
    below, here, above = future[length - 2 + top], future[length - 1 + top], future[length + top]
    bend = below - 2.0 * here + above
    return top + min(max(0.5 * (below - above) / bend, -0.5), 0.5) if bend < 0 else float(top)


class OnsetBeatTracker(SavedState):
    """Takes the onset strength of each hop; gives the beats that fall within it."""

    saved_fields = (
        "envelope",
        "score",
        "hops",
        "bpm",
        "certainty",
        "next_beat",
        "decide_at",
        "silent",
        "index",
        "told",
    )

    def __init__(self, rate: int, hop: int) -> None:
        self.hop = hop
        self._hops_a_minute = 60.0 * rate / hop
        self._first = round(FIRST_S * rate / hop)
        length = round(MEMORY_S * rate / hop)
        steps = int(np.log(FASTEST_BPM / SLOWEST_BPM) / np.log(GRID)) + 1
        self._grid = SLOWEST_BPM * GRID ** np.arange(steps)
        self._lags = np.outer(np.arange(1, 5), self._hops_a_minute / self._grid)
        self._size = 1 << int(np.ceil(np.log2(2 * length)))
        longest = int(self._hops_a_minute / SLOWEST_BPM) + 2
        self.envelope = np.zeros(length)
        self.score = np.zeros(2 * longest + 2)
        self._future = np.zeros(len(self.score) + longest + 1)
        self.reset()
        next_top(self.score, 10.0, self._future)  # compiles now
        best_before(self.score, len(self.score), 10.0)  # likewise: it is called from there as well as by itself

    def reset(self) -> None:
        """Everything as at the start."""
        self.envelope[:] = 0.0
        self.score[:] = 0.0
        self.hops, self.silent, self.index = 0, 0, 0
        self.lose()

    def lose(self) -> None:
        """There is no pulse any more; what was heard stays."""
        self.bpm, self.certainty, self.told = 0.0, 0.0, 0.0
        self.next_beat, self.decide_at = -1.0, 0.0

    def skip(self, hops: int) -> None:
        """``hops`` were not heard: nothing began in them, as far as is known."""
        for _ in range(min(hops, len(self.envelope))):
            self._take(0.0)

    def _take(self, strength: float) -> None:
        self.envelope[:-1] = self.envelope[1:]
        self.envelope[-1] = strength
        value = (1.0 - AHEAD) * strength
        if self.bpm > 0:
            value += AHEAD * float(best_before(self.score, len(self.score), self._hops_a_minute / self.bpm))
        self.score[:-1] = self.score[1:]
        self.score[-1] = value if value > 1e-12 else 0.0
        self.silent = 0 if strength > ONSET else self.silent + 1
        self.hops += 1

    def listen(self, strength: float, frame: int, prior: TempoPrior, bar_beats: int) -> list[TimedEvent]:
        """Take the hop that starts at ``frame``; its beat and any change of tempo."""
        self._take(strength)
        if self.hops >= self._first and self.hops % THINK_HOPS == 0:
            self._think(prior)
        slowest = self.bpm or SLOWEST_BPM
        if self.bpm > 0 and (self.certainty < CERTAIN or self.silent > PATIENCE_BEATS * self._hops_a_minute / slowest):
            self.lose()
        if self.bpm <= 0:
            return []
        events: list[TimedEvent] = []
        if abs(self.bpm - self.told) > TEMPO_CHANGE * self.told:
            self.told = self.bpm
            events.append(TimedEvent(frame, Tempo(self.bpm, self.certainty)))
        period = self._hops_a_minute / self.bpm
        while 0 <= self.next_beat < frame:  # a gap: count through it
            self.next_beat += period * self.hop
            self.index += 1
        if self.next_beat < 0 or frame >= self.decide_at > 0:
            ahead = float(next_top(self.score, period, self._future))
            self.next_beat = max(frame + (ahead + EARLY_HOPS) * self.hop, float(frame))
            self.decide_at = 0.0
        beat = int(self.next_beat + 0.5)
        if frame <= beat < frame + self.hop:
            number = self.index % bar_beats
            events.append(TimedEvent(beat, Beat(number, bar_beats, self.bpm, self.certainty, self.index)))
            self.index += 1
            self.decide_at = beat + period * self.hop / 2
            self.next_beat = beat + period * self.hop
        return events

    def _think(self, prior: TempoPrior) -> None:
        """A new tempo from the autocorrelation of what was heard in the last seconds."""
        heard = self.envelope[-min(self.hops, len(self.envelope)) :]
        spectrum = np.fft.rfft(heard - heard.mean(), self._size)
        alike = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[: len(heard)]
        if alike[0] <= 1e-9:
            self.certainty = 0.0
            return
        alike *= len(heard) / (alike[0] * (len(heard) - np.arange(len(heard))))
        alike[int(0.9 * len(heard)) :] = 0.0  # too few products there to mean anything
        fits = np.interp(self._lags, np.arange(len(alike)), alike, right=0.0).mean(axis=0)
        worth = fits * np.exp(-0.5 * (np.log2(self._grid / prior.bpm) / PRIOR_OCTAVES) ** 2)
        allowed = np.abs(self._grid - prior.bpm) <= prior.clamp * prior.bpm
        if allowed.any():  # a host outside our range is none to keep to
            worth = np.where(allowed, worth, 0.0)
        if self.bpm > 0:
            worth *= 1.0 + STICK * np.exp(-0.5 * (np.log2(self._grid / self.bpm) / STICK_OCTAVES) ** 2)
        best = int(worth.argmax())
        self.certainty = float(min(max(fits[best], 0.0), 1.0))
        if self.certainty < CERTAIN * np.sqrt(len(self.envelope) / len(heard)):  # little heard, much chance
            self.certainty = 0.0
            return
        offset = 0.0
        if 0 < best < len(worth) - 1 and (bend := worth[best - 1] - 2 * worth[best] + worth[best + 1]) < 0:
            offset = min(max(float(0.5 * (worth[best - 1] - worth[best + 1]) / bend), -0.5), 0.5)
        found = float(self._grid[best] * GRID**offset)
        nearest = min(max(found, prior.bpm * (1.0 - prior.clamp)), prior.bpm * (1.0 + prior.clamp))
        self.bpm = nearest if allowed.any() else found
