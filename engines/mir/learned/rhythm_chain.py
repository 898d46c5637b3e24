"""Rhythm chain of the learned engine: rhythm network, beat tracker, bar counter and onset peak picker of one source."""

from __future__ import annotations

from math import ceil, nan

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.events import Beat, Onset, Tempo, TimedEvent
from engines.mir.learned.bar_counter import BarCounter
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY, BeatPhase, BeatTracker
from engines.mir.learned.features import RHYTHM_BANDS, SILENT_BAND, make_rhythm_log_bands
from engines.mir.learned.harmonic_change import HarmonicChangeDetector
from engines.mir.learned.stream_state import DelayedEvents, OnnxStepper
from engines.saved_state import SavedState

FILE = "mir-rhythm.onnx"
RHYTHM_STEPS = 2
"""Steps of features that the network sees at once."""
OUTPUTS = 3
"""Beat, downbeat, onset."""
DELAY_S = 0.04
"""The network's output refers to this long before the step's end. It was trained with this delay."""
ONSETS_S = 0.04
"""Latency of an onset: the network's delay, and a step more to see that it was a peak."""
IGNORE_AFTER_GAP_S = 0.1
"""After a gap in the stream the signal rises like an onset: for so long the network's outputs are ignored."""
MIN_BEAT_SHARE = 0.55
"""Beats are at least this share of a period apart."""
TEMPO_CHANGE = 0.01
DOWNBEAT_TOLERANCE_S = 0.06
"""A downbeat may be detected so long before or after the reported beat."""
ONSET_THRESHOLD = 0.3
"""An onset is a peak of its probability above this."""


class BeatSchedule(SavedState):
    """The latest beat phase, and what was reported of it, so that no beat is reported twice; times in frames.

    ``beat``: when a beat was. ``period``: from one to the next, 0 without a tempo. ``reported``: the last reported
    beat. ``unrated``: that beat while the network may still rate it as a downbeat, else -1. ``downbeat``: its highest
    downbeat probability so far. ``ignore_until``: the network's outputs are ignored up to this frame.
    """

    saved_fields = (
        "beat", "period", "confidence", "reported", "index", "bpm", "unrated", "downbeat", "ignore_until",
    )  # fmt: skip

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.beat, self.period, self.confidence = 0.0, 0.0, 0.0
        self.reported, self.index, self.bpm = -1.0e18, 0, 0.0
        self.unrated, self.downbeat = -1.0, 0.0
        self.ignore_until = -1

    def find_nearest_beat(self, frame: float) -> float:
        """The frame of the beat nearest to ``frame`` at the present phase and tempo; NaN without a tempo."""
        return self.beat + round((frame - self.beat) / self.period) * self.period if self.period > 0 else nan

    def find_next_beat(self, block: int) -> int:
        """The frame of the next beat that was not reported yet, in the block that begins at ``block`` or later."""
        soonest = max(self.reported + MIN_BEAT_SHARE * self.period, block - 0.25 * self.period)
        beat = self.beat + max(ceil((soonest - self.beat) / self.period), 0) * self.period
        return max(round(beat), block)


class OnsetPeakPicker(SavedState):
    """Onsets at the peaks of the network's onset probability; their strength is the growth of the log bands there."""

    saved_fields = ("probabilities", "growths")

    def __init__(self) -> None:
        self.probabilities = np.zeros(3)
        self.growths = np.zeros(3)
        self.reset()

    def reset(self) -> None:
        self.probabilities[:] = 0.0
        self.growths[:] = 0.0

    def update(self, probability: float, growth: float) -> Onset | None:
        """Push a step's onset probability and mean growth; an onset if the step before was a peak."""
        for kept, new in ((self.probabilities, probability), (self.growths, growth)):
            kept[:-1] = kept[1:]
            kept[-1] = new
        before, peak, after = self.probabilities
        if peak <= before or peak < after or peak < ONSET_THRESHOLD:
            return None
        return Onset(min(5.0 * float(self.growths.max()), 1.0), float(peak))


class RhythmChain:
    """Beats, tempo and onsets of one source."""

    def __init__(self, rate: int, model: bytes, file: str = FILE) -> None:
        self.rate = rate
        self._log_bands = make_rhythm_log_bands(rate)
        self.window = self._log_bands.window
        self._network = OnnxStepper(file, model, RHYTHM_STEPS, RHYTHM_BANDS, OUTPUTS)
        self.beats, self._bars, self.schedule = BeatTracker(), BarCounter(), BeatSchedule()
        self._peaks, self._onsets = OnsetPeakPicker(), DelayedEvents((Onset,))
        self._harmonic_change = HarmonicChangeDetector(rate)
        self.onsets_latency = round(ONSETS_S * rate)

    def list_parts(self) -> dict[str, SavedState]:
        return {
            "network": self._network, "beats": self.beats, "bars": self._bars, "schedule": self.schedule,
            "peaks": self._peaks, "onsets": self._onsets, "harmonic_change": self._harmonic_change,
        }  # fmt: skip

    def process(self, window: Float32Array, end: int) -> None:
        """Analyse a step whose ``window`` of audio ends before frame ``end``."""
        before = self._network.features[0, -1].copy()
        log_bands = self._log_bands.compute(window)
        beat, downbeat, onset = self._network.step(log_bands)
        frame = end - DELAY_S * self.rate
        ignored = end <= self.schedule.ignore_until
        silent = log_bands.max() < SILENT_BAND
        self._set_phase(self.beats.update(UNINFORMATIVE_PROBABILITY if ignored or silent else float(beat)), frame)
        self._rate_downbeat(0.0 if ignored else float(downbeat), frame)
        growth = float(np.maximum(log_bands - before, 0.0).mean())
        found = self._peaks.update(*((0.0, 0.0) if ignored else (float(onset), growth)))
        if found is not None:  # of the step before this
            self._onsets.push(end - self.onsets_latency, found)

    def push_roots(self, root: NDArray[np.float64], frame: float) -> None:
        """Probabilities of roots (13,) at ``frame``: where the harmony changes a bar may have begun."""
        for beats_ago, change in self._harmonic_change.update(root, frame):
            self._bars.push_harmonic_change(beats_ago, change)
        if self._harmonic_change.pop_half_beat_error():
            self.beats.shift_half_beat()

    def ignore_after_gap(self, until: int) -> None:
        """The stream has a gap that ends at frame ``until``."""
        self.schedule.ignore_until = until + round(IGNORE_AFTER_GAP_S * self.rate)

    def _set_phase(self, phase: BeatPhase | None, frame: float) -> None:
        """The beat phase at ``frame``."""
        schedule = self.schedule
        if phase is None:
            schedule.period = 0.0
            return
        schedule.period, schedule.confidence = phase.period_s * self.rate, phase.confidence
        schedule.beat = frame - phase.since_beat_s * self.rate

    def _rate_downbeat(self, downbeat: float, frame: float) -> None:
        """Push the highest downbeat probability around the last reported beat to the bar counter, once it is past."""
        schedule = self.schedule
        if schedule.unrated < 0:
            return
        if abs(frame - schedule.unrated) <= DOWNBEAT_TOLERANCE_S * self.rate:
            schedule.downbeat = max(schedule.downbeat, downbeat)
        elif frame > schedule.unrated:
            self._bars.push_downbeat(schedule.downbeat)
            schedule.unrated, schedule.downbeat = -1.0, 0.0

    def predict_beats(self, start: int, end: int) -> list[TimedEvent]:
        """The beat predicted from frame ``start`` to before ``end``, and a new tempo."""
        schedule = self.schedule
        if schedule.period <= 0:
            return []
        events: list[TimedEvent] = []
        bpm = 60.0 * self.rate / schedule.period
        if abs(bpm - schedule.bpm) > TEMPO_CHANGE * schedule.bpm:
            schedule.bpm = bpm
            events.append(TimedEvent(start, Tempo(bpm, schedule.confidence)))
        frame = schedule.find_next_beat(start)
        if frame < end:
            number, bar_beats, bar_confidence = self._bars.advance()
            confidence = schedule.confidence * bar_confidence
            events.append(TimedEvent(frame, Beat(number, bar_beats, bpm, confidence, schedule.index)))
            schedule.index += 1
            schedule.reported = schedule.unrated = float(frame)
            self._harmonic_change.push_beat(frame, schedule.period)
            schedule.downbeat = 0.0
        return events

    def pop_onsets_before(self, frame: int) -> list[TimedEvent]:
        return self._onsets.pop_before(frame)
