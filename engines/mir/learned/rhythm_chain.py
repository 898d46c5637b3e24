"""Beats, bars and onsets: what the rhythm network hears, and the trackers behind it."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from bridge.core.events import Beat, Onset, Tempo, TimedEvent
from engines.mir.learned.bar_counter import BarCounter
from engines.mir.learned.beat_tracker import UNHEARD, BeatPhase, BeatTracker
from engines.mir.learned.features import RHYTHM_BANDS, SILENT, rhythm_levels
from engines.mir.learned.harmonic_change import HarmonicChangeDetector
from engines.mir.learned.stream_state import DelayedEvents, OnnxStepper
from engines.onnx import Floats
from engines.saved_state import SavedState

DELAY_S = 0.04
"""How long before its end a step's answer holds: what the network was trained to say."""
ONSETS_S = 0.04
"""How late an onset is told: what the network was trained to say, and a step more to see that it was a peak."""
DEAF_S = 0.1
"""After a gap in the stream, what comes anew rises as a stroke does: for so long nothing is believed."""
TOO_SOON = 0.55
"""Beats are at least this share of a period apart."""
TEMPO_CHANGE = 0.01
AROUND_S = 0.06
"""A downbeat may be heard so much before or after the beat that was told."""
ONSET_FROM = 0.3
"""An onset is a peak of its chance above this."""


class BeatSchedule(SavedState):
    """The pulse as it was heard last, and what was told of it, so that no beat comes twice; in frames.

    ``beat``: when a beat was; ``period``: from one to the next, 0 where there is no pulse. ``awaited``: the beat told
    last while the network may still say that it was a downbeat, else -1; ``downbeat``: the most that it said so far.
    ``deaf``: until when nothing that is heard is believed.
    """

    saved_fields = ("beat", "period", "confidence", "told", "index", "bpm", "awaited", "downbeat", "deaf")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.beat, self.period, self.confidence = 0.0, 0.0, 0.0
        self.told, self.index, self.bpm = -1.0e18, 0, 0.0
        self.awaited, self.downbeat = -1.0, 0.0
        self.deaf = -1

    def due(self, block: int) -> int:
        """The frame of the next beat that is not yet told, in the block that begins at ``block`` or later."""
        soonest = max(self.told + TOO_SOON * self.period, block - 0.25 * self.period)
        beat = self.beat + max(ceil((soonest - self.beat) / self.period), 0) * self.period
        return max(round(beat), block)


class OnsetPeakPicker(SavedState):
    """Onsets: where the network is surest of one. Their strength is how much the levels grew around it."""

    saved_fields = ("chances", "growths")

    def __init__(self) -> None:
        self.chances = np.zeros(3)
        self.growths = np.zeros(3)
        self.reset()

    def reset(self) -> None:
        self.chances[:] = 0.0
        self.growths[:] = 0.0

    def hear(self, chance: float, growth: float) -> Onset | None:
        """A step's chance of an onset and its mean growth; an onset if the step before was one."""
        for kept, new in ((self.chances, chance), (self.growths, growth)):
            kept[:-1] = kept[1:]
            kept[-1] = new
        before, peak, after = self.chances
        if peak <= before or peak < after or peak < ONSET_FROM:
            return None
        return Onset(min(5.0 * float(self.growths.max()), 1.0), float(peak))


class RhythmChain:
    """One source, step by step."""

    def __init__(self, rate: int, model: bytes) -> None:
        self.rate = rate
        self._levels = rhythm_levels(rate)
        self.window = self._levels.window
        self._network = OnnxStepper("mir-rhythm", model, 2, RHYTHM_BANDS)
        self.beats, self._bars, self.telling = BeatTracker(), BarCounter(), BeatSchedule()
        self._peaks = OnsetPeakPicker()
        self._onsets, self._turns = DelayedEvents((Onset,)), HarmonicChangeDetector(rate)
        self.onsets_latency = round(ONSETS_S * rate)

    def parts(self) -> dict[str, SavedState]:
        return {
            "network": self._network, "beats": self.beats, "bars": self._bars, "telling": self.telling,
            "peaks": self._peaks, "onsets": self._onsets, "turns": self._turns,
        }  # fmt: skip

    def hear(self, window: Floats, end: int) -> None:
        """A step whose ``window`` of audio ends before frame ``end``."""
        before = self._network.levels[0, -1].copy()
        levels = self._levels.of(window)
        beat, downbeat, onset = self._network.hear(levels)
        spoken = end - DELAY_S * self.rate
        deaf = end <= self.telling.deaf
        self._follow(self.beats.hear(UNHEARD if deaf or levels.max() < SILENT else float(beat)), spoken)
        self._hear_downbeat(0.0 if deaf else float(downbeat), spoken)
        grown = float(np.maximum(levels - before, 0.0).mean())
        found = self._peaks.hear(*((0.0, 0.0) if deaf else (float(onset), grown)))
        if found is not None:  # of the step before this
            self._onsets.add(end - self.onsets_latency, found)

    def hear_harmony(self, root: NDArray[np.float64], frame: float) -> None:
        """Chances of roots (13,) at ``frame``: where they turn a bar may have begun."""
        for beats_ago, turned in self._turns.look(root, frame):
            self._bars.hear_turn(beats_ago, turned)
        if self._turns.is_beside():
            self.beats.shift()

    def deafen(self, until: int) -> None:
        """The stream has a gap that ends at frame ``until``."""
        self.telling.deaf = until + round(DEAF_S * self.rate)

    def _follow(self, pulse: BeatPhase | None, spoken: float) -> None:
        """The pulse at frame ``spoken``."""
        telling = self.telling
        if pulse is None:
            telling.period = 0.0
            return
        telling.period, telling.confidence = pulse.period_s * self.rate, pulse.confidence
        telling.beat = spoken - pulse.ago_s * self.rate

    def _hear_downbeat(self, downbeat: float, spoken: float) -> None:
        """The loudest downbeat around the beat that was told last goes to the bar counter once it is past."""
        telling = self.telling
        if telling.awaited < 0:
            return
        if abs(spoken - telling.awaited) <= AROUND_S * self.rate:
            telling.downbeat = max(telling.downbeat, downbeat)
        elif spoken > telling.awaited:
            self._bars.hear(telling.downbeat)
            telling.awaited, telling.downbeat = -1.0, 0.0

    def beats_within(self, start: int, end: int) -> list[TimedEvent]:
        """The beat that falls from frame ``start`` to before ``end``, as the pulse foretells it, and a new tempo."""
        telling = self.telling
        if telling.period <= 0:
            return []
        events: list[TimedEvent] = []
        bpm = 60.0 * self.rate / telling.period
        if abs(bpm - telling.bpm) > TEMPO_CHANGE * telling.bpm:
            telling.bpm = bpm
            events.append(TimedEvent(start, Tempo(bpm, telling.confidence)))
        frame = telling.due(start)
        if frame < end:
            number, bar_beats, sure = self._bars.step()
            events.append(TimedEvent(frame, Beat(number, bar_beats, bpm, telling.confidence * sure, telling.index)))
            telling.index += 1
            telling.told = telling.awaited = float(frame)
            self._turns.told(frame, telling.period)
            telling.downbeat = 0.0
        return events

    def onsets_before(self, frame: int) -> list[TimedEvent]:
        return self._onsets.due(frame)
