"""Beats, bars and onsets: what the rhythm network hears, and the trackers behind it."""

from __future__ import annotations

from math import ceil

import numpy as np

from bridge.core.events import Beat, Onset, Tempo, TimedEvent
from engines.mir.bars import BarCounter
from engines.mir.beats import UNHEARD, BeatTracker, Pulse
from engines.mir.frontend import RHYTHM_BANDS, SILENT, STEPS_A_SECOND, rhythm_levels
from engines.mir.hearing import Heard, Waiting
from engines.mir.memory import Memory
from engines.onnx import Floats

DELAY_S = 0.04
"""How long before its end a step's answer holds: what the network was trained to say."""
ONSETS_S = 0.036
"""How late an onset is told: a step after its own, to see that it was a peak, and its place in the window: a stroke
grows most when the window's rising end is over it."""
DEAF_S = 0.1
"""After a gap in the stream, what comes anew rises as a stroke does: for so long nothing is believed."""
TOO_SOON = 0.55
"""Beats are at least this share of a period apart."""
TEMPO_CHANGE = 0.01
AROUND_S = 0.06
"""A downbeat may be heard so much before or after the beat that was told."""
USUAL_S, RISE, LEAST = 1.0, 1.6, 0.012
"""An onset rises so many times above the usual growth of the last second, and by so much at least."""


class Telling(Memory):
    """The pulse as it was heard last, and what was told of it, so that no beat comes twice; in frames.

    ``beat``: when a beat was; ``period``: from one to the next, 0 where there is no pulse. ``awaited``: the beat told
    last while the network may still say that it was a downbeat, else -1; ``downbeat``: the most that it said so far.
    ``deaf``: until when nothing that is heard is believed.
    """

    remembered = ("beat", "period", "confidence", "told", "index", "bpm", "awaited", "downbeat", "deaf")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.beat, self.period, self.confidence = 0.0, 0.0, 0.0
        self.told, self.index, self.bpm = -1.0e18, 0, 0.0
        self.awaited, self.downbeat = -1.0, 0.0
        self.deaf = -1

    def due(self, block: int) -> int:
        """The frame of the next beat that is not yet told, in the block that begins at ``block`` or later."""
        soonest = max(self.told + TOO_SOON * self.period, block - 0.25 * self.period)
        beat = self.beat + max(ceil((soonest - self.beat) / self.period), 0) * self.period
        return max(round(beat), block)


class Peaks(Memory):
    """Where the levels grow most: onsets."""

    remembered = ("growths", "usual")

    def __init__(self) -> None:
        self.growths = np.zeros(3)
        self.forget()

    def forget(self) -> None:
        self.growths[:] = 0.0
        self.usual = 0.0

    def hear(self, growth: float) -> Onset | None:
        """A step's mean growth; an onset if the step before was one."""
        self.growths[:-1] = self.growths[1:]
        self.growths[-1] = growth
        before, peak, after = self.growths
        usual = self.usual
        self.usual += (peak - usual) / (USUAL_S * STEPS_A_SECOND)
        if peak <= before or peak < after or peak < RISE * usual + LEAST:
            return None
        over = peak / (peak + usual + LEAST)
        return Onset(min(5.0 * float(peak), 1.0), float(over))


class Rhythm:
    """One source, step by step."""

    def __init__(self, rate: int, model: bytes) -> None:
        self.rate = rate
        self._levels = rhythm_levels(rate)
        self.window = self._levels.window
        self._network = Heard("mir-rhythm", model, 2, RHYTHM_BANDS)
        self.beats, self._bars, self.telling, self._peaks = BeatTracker(), BarCounter(), Telling(), Peaks()
        self._onsets = Waiting((Onset,))
        self.onsets_latency = round(ONSETS_S * rate)

    def parts(self) -> dict[str, Memory]:
        return {
            "network": self._network, "beats": self.beats, "bars": self._bars, "telling": self.telling,
            "peaks": self._peaks, "onsets": self._onsets,
        }  # fmt: skip

    def hear(self, window: Floats, end: int) -> None:
        """A step whose ``window`` of audio ends before frame ``end``."""
        before = self._network.levels[0, -1].copy()
        levels = self._levels.of(window)
        beat, downbeat, _ = self._network.hear(levels)
        spoken = end - DELAY_S * self.rate
        deaf = end <= self.telling.deaf
        self._follow(self.beats.hear(UNHEARD if deaf or levels.max() < SILENT else float(beat)), spoken)
        self._hear_downbeat(0.0 if deaf else float(downbeat), spoken)
        onset = self._peaks.hear(0.0 if deaf else float(np.maximum(levels - before, 0.0).mean()))
        if onset is not None:  # of the step before this; it grew in the middle of what was new in its window
            self._onsets.add(end - self.onsets_latency, onset)

    def deafen(self, until: int) -> None:
        """The stream has a gap that ends at frame ``until``."""
        self.telling.deaf = until + round(DEAF_S * self.rate)

    def _follow(self, pulse: Pulse | None, spoken: float) -> None:
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
            telling.downbeat = 0.0
        return events

    def onsets_before(self, frame: int) -> list[TimedEvent]:
        return self._onsets.due(frame)
