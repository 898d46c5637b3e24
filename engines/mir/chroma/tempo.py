"""Beat tracker by onset strength: tempo by autocorrelation, phase by a cumulative beat score.

The score follows Stark, Davies and Plumbley 2009 (BTrack): the score of a hop is its onset strength plus the best
score about one beat before. Halfway between two beats the score is extrapolated, and the next beat is placed at its
maximum, so that a beat is predicted before it falls.
"""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.events import Beat, Tempo, TimedEvent
from bridge.core.jit import njit
from engines.mir.tempo_mode import TempoPrior
from engines.saved_state import SavedState

SLOWEST_BPM, FASTEST_BPM, GRID_RATIO = 40.0, 240.0, 1.01
HISTORY_S = 8.0
FIRST_S = 2.5
"""Audio that is needed before a tempo is reported."""
ESTIMATE_HOPS = 16
PRIOR_OCTAVES = 1.0
SAME_TEMPO_BONUS, SAME_TEMPO_OCTAVES = 0.3, 0.04
MIN_CERTAINTY = 0.12
"""Mean autocorrelation at the beat's multiples below which there is no tempo; noise stays under 0.05."""
ONSET_THRESHOLD = 0.1
MAX_SILENT_BEATS = 2.5
"""Without an onset for so long the tempo is dropped."""
SCORE_WEIGHT = 0.9
TIGHTNESS = 5.0
TEMPO_CHANGE = 0.01
ONSET_DELAY_HOPS = 0.2
"""On average an onset shows in the hop that starts this much before it (measured with clicks)."""


@njit()
def find_best_before(score: Float64Array, end: int, period: float) -> float:
    """The best of ``score`` about one ``period`` before index ``end``, weighted by its distance from that."""
    best = 0.0
    for back in range(max(int(period / 2), 1), min(int(2 * period), end) + 1):
        value = score[end - back] * np.exp(-0.5 * (TIGHTNESS * np.log(back / period)) ** 2)
        best = max(best, value)
    return best


@njit()
def predict_next_beat(score: Float64Array, period: float, future: Float64Array) -> float:
    """Hops from the end of ``score`` to the next beat, about half a ``period`` from now.

    ``future`` is work space, as long as ``score`` plus the longest period.
    """
    length = score.shape[0]
    future[:length] = score
    span = int(period) + 1
    best, beat_hops = -1.0, 1
    for ahead in range(1, span + 1):
        future[length - 1 + ahead] = find_best_before(future, length - 1 + ahead, period)
        value = future[length - 1 + ahead] * np.exp(-0.5 * ((ahead - period / 2) / (period / 2)) ** 2)
        if value > best:
            best, beat_hops = value, ahead
    if beat_hops == 1 or beat_hops == span:
        return float(beat_hops)
    below, here, above = future[length - 2 + beat_hops], future[length - 1 + beat_hops], future[length + beat_hops]
    curvature = below - 2.0 * here + above
    return beat_hops + min(max(0.5 * (below - above) / curvature, -0.5), 0.5) if curvature < 0 else float(beat_hops)


class OnsetBeatTracker(SavedState):
    """Takes the onset strength of each hop; returns the beats that fall within it."""

    saved_fields = (
        "envelope",
        "score",
        "hops",
        "bpm",
        "certainty",
        "next_beat",
        "decide_at",
        "silent_hops",
        "index",
        "reported_bpm",
    )

    def __init__(self, rate: int, hop: int) -> None:
        self.hop = hop
        self._hops_per_minute = 60.0 * rate / hop
        self._first = round(FIRST_S * rate / hop)
        length = round(HISTORY_S * rate / hop)
        steps = int(np.log(FASTEST_BPM / SLOWEST_BPM) / np.log(GRID_RATIO)) + 1
        self._grid = SLOWEST_BPM * GRID_RATIO ** np.arange(steps)
        self._lags = np.outer(np.arange(1, 5), self._hops_per_minute / self._grid)
        self._size = 1 << int(np.ceil(np.log2(2 * length)))
        longest = int(self._hops_per_minute / SLOWEST_BPM) + 2
        self.envelope = np.zeros(length)
        self.score = np.zeros(2 * longest + 2)
        self._future = np.zeros(len(self.score) + longest + 1)
        self.reset()
        predict_next_beat(self.score, 10.0, self._future)  # compiles now
        find_best_before(self.score, len(self.score), 10.0)  # likewise

    def reset(self) -> None:
        """Everything as at the start."""
        self.envelope[:] = 0.0
        self.score[:] = 0.0
        self.hops, self.silent_hops, self.index = 0, 0, 0
        self.drop_tempo()

    def drop_tempo(self) -> None:
        """There is no tempo any more; the onset history stays."""
        self.bpm, self.certainty, self.reported_bpm = 0.0, 0.0, 0.0
        self.next_beat, self.decide_at = -1.0, 0.0

    def skip(self, hops: int) -> None:
        """``hops`` are missing: they count as without onsets."""
        for _ in range(min(hops, len(self.envelope))):
            self._push(0.0)

    def _push(self, strength: float) -> None:
        self.envelope[:-1] = self.envelope[1:]
        self.envelope[-1] = strength
        value = (1.0 - SCORE_WEIGHT) * strength
        if self.bpm > 0:
            value += SCORE_WEIGHT * float(
                find_best_before(self.score, len(self.score), self._hops_per_minute / self.bpm)
            )
        self.score[:-1] = self.score[1:]
        self.score[-1] = value if value > 1e-12 else 0.0
        self.silent_hops = 0 if strength > ONSET_THRESHOLD else self.silent_hops + 1
        self.hops += 1

    def process(self, strength: float, frame: int, prior: TempoPrior, bar_beats: int) -> list[TimedEvent]:
        """Push the onset strength of the hop that starts at ``frame``; returns its beat and any tempo change."""
        self._push(strength)
        if self.hops >= self._first and self.hops % ESTIMATE_HOPS == 0:
            self._estimate_tempo(prior)
        slowest = self.bpm or SLOWEST_BPM
        if self.bpm > 0 and (
            self.certainty < MIN_CERTAINTY or self.silent_hops > MAX_SILENT_BEATS * self._hops_per_minute / slowest
        ):
            self.drop_tempo()
        if self.bpm <= 0:
            return []
        events: list[TimedEvent] = []
        if abs(self.bpm - self.reported_bpm) > TEMPO_CHANGE * self.reported_bpm:
            self.reported_bpm = self.bpm
            events.append(TimedEvent(frame, Tempo(self.bpm, self.certainty)))
        period = self._hops_per_minute / self.bpm
        while 0 <= self.next_beat < frame:  # a gap: count through it
            self.next_beat += period * self.hop
            self.index += 1
        if self.next_beat < 0 or frame >= self.decide_at > 0:
            ahead = float(predict_next_beat(self.score, period, self._future))
            self.next_beat = max(frame + (ahead + ONSET_DELAY_HOPS) * self.hop, float(frame))
            self.decide_at = 0.0
        beat = int(self.next_beat + 0.5)
        if frame <= beat < frame + self.hop:
            number = self.index % bar_beats
            events.append(TimedEvent(beat, Beat(number, bar_beats, self.bpm, self.certainty, self.index)))
            self.index += 1
            self.decide_at = beat + period * self.hop / 2
            self.next_beat = beat + period * self.hop
        return events

    def _estimate_tempo(self, prior: TempoPrior) -> None:
        """Set the tempo from the autocorrelation of the onset strength of the last seconds."""
        history = self.envelope[-min(self.hops, len(self.envelope)) :]
        spectrum = np.fft.rfft(history - history.mean(), self._size)
        correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[: len(history)]
        if correlation[0] <= 1e-9:
            self.certainty = 0.0
            return
        correlation *= len(history) / (correlation[0] * (len(history) - np.arange(len(history))))
        correlation[int(0.9 * len(history)) :] = 0.0  # too few products there to mean anything
        means = np.interp(self._lags, np.arange(len(correlation)), correlation, right=0.0).mean(axis=0)
        weighted = means * np.exp(-0.5 * (np.log2(self._grid / prior.bpm) / PRIOR_OCTAVES) ** 2)
        allowed = np.abs(self._grid - prior.bpm) <= prior.clamp * prior.bpm
        if allowed.any():  # a prior outside our range is ignored
            weighted = np.where(allowed, weighted, 0.0)
        if self.bpm > 0:
            weighted *= 1.0 + SAME_TEMPO_BONUS * np.exp(
                -0.5 * (np.log2(self._grid / self.bpm) / SAME_TEMPO_OCTAVES) ** 2
            )
        best = int(weighted.argmax())
        self.certainty = float(min(max(means[best], 0.0), 1.0))
        # a short history correlates by chance
        if self.certainty < MIN_CERTAINTY * np.sqrt(len(self.envelope) / len(history)):
            self.certainty = 0.0
            return
        offset = 0.0
        if (
            0 < best < len(weighted) - 1
            and (curvature := weighted[best - 1] - 2 * weighted[best] + weighted[best + 1]) < 0
        ):
            offset = min(max(float(0.5 * (weighted[best - 1] - weighted[best + 1]) / curvature), -0.5), 0.5)
        found = float(self._grid[best] * GRID_RATIO**offset)
        nearest = min(max(found, prior.bpm * (1.0 - prior.clamp)), prior.bpm * (1.0 + prior.clamp))
        self.bpm = nearest if allowed.any() else found
