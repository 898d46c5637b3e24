"""Beats, tempo, chords and key as networks hear them, with trackers behind: the default analysis.

The audio is looked at fifty times a second, whatever the rate and the hop: a step belongs to the block in which its
last frame arrives. Beats are told in the block in which they fall, since the tracker knows the next one beforehand;
chords and keys a fixed while after they began.
"""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np

from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.events import Beat, Tempo, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.mir.bars import BarCounter
from engines.mir.beats import BeatTracker, Pulse
from engines.mir.chords import CLASSES, LOOKS_A_SECOND, PATIENCE, ChordTracker, KeyTracker
from engines.mir.chroma import LOUDEST, PRIOR
from engines.mir.frontend import (
    HARMONY_BANDS,
    HARMONY_EVERY,
    HARMONY_WINDOW_S,
    LOWEST_RATE,
    RHYTHM_BANDS,
    harmony_levels,
    rhythm_levels,
    step_end,
)
from engines.mir.hearing import Heard, Listening, Telling
from engines.mir.hosted import HostedBeats
from engines.mir.memory import Memory, prefixed, within
from engines.onnx import Floats, read_model, read_shipped

HOP = 512
LONGEST_GAP_S = 4.0
"""A gap up to this is heard as silence, and the pulse goes on through it; after a longer one all starts afresh."""
RHYTHM_DELAY_S = 0.04
HARMONY_DELAY_S = HARMONY_WINDOW_S / 2 + 0.2
"""How long before its end a step's answer holds: what the networks were trained to say."""
CHORDS_DELAY_S = HARMONY_DELAY_S + PATIENCE / LOOKS_A_SECOND + 0.05
"""What the chords' port declares: the answer's delay, the looks that a change is waited for, and a step's rounding."""
TOO_SOON = 0.55
"""Beats are at least this share of a period apart."""
TEMPO_CHANGE = 0.01
AROUND_S = 0.06
"""A downbeat may be heard so much before or after the beat that was told."""
WEIGHTS = files("engines") / "weights"
SIZES = {"root": CLASSES + 1, "quality": 8, "bass": CLASSES + 1, "key": 2 * CLASSES}


class LearnedMir:
    """See the module. ``weights``: a folder with mir-rhythm.onnx and mir-harmony.onnx; without it those that ship."""

    def __init__(self, weights: Path | None = None) -> None:
        self.spec = EngineSpec(
            name="mir.standard",
            inputs=(AudioPort("mix"),),
            outputs=(EventPort("beats"), EventPort("chords")),
            hop=HOP,
            controls=(PRIOR,),
            resets_on_gap=False,
        )
        self._weights = weights
        self.rate = 0

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate < LOWEST_RATE:
            raise EngineError(f"{self.spec.name}: rate {rate} Hz is too low", f"use {LOWEST_RATE} Hz or more")
        self.rate = rate
        self._mono = np.zeros(HOP, np.float32)
        self._rhythm_levels, self._harmony_levels = rhythm_levels(rate), harmony_levels(rate)
        self._listening = Listening(self._harmony_levels.window, HOP)
        self._rhythm = Heard("mir-rhythm", self._model("mir-rhythm.onnx"), 2, RHYTHM_BANDS)
        self._harmony = Heard("mir-harmony", self._model("mir-harmony.onnx"), 1, HARMONY_BANDS)
        self._edges = np.cumsum(list(SIZES.values()))[:-1]
        self._hosted = HostedBeats(HOP)
        self._beats, self._bars = BeatTracker(), BarCounter()
        self._chords, self._keys = ChordTracker(), KeyTracker()
        self._telling = Telling()
        self.reset()

    def _model(self, name: str) -> bytes:
        return read_shipped(WEIGHTS, name) if self._weights is None else read_model(self._weights / name)

    def latency_frames(self, port: str) -> int:
        return round(CHORDS_DELAY_S * self.rate) if port == "chords" else 0

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        self._cross_gap(at.frame)
        self._take_audio(block)
        self._beats.prefer(block.values[PRIOR.name])
        listening = self._listening
        while (end := step_end(listening.steps, self.rate)) <= listening.frames:
            listening.steps += 1
            self._step(end, out.events["chords"])
        beats = self._heard_beats(at)
        if at.hosted and at.rolling:
            out.events["beats"] += self._hosted.listen(at)
            self._telling.index = self._hosted.next_beat  # a pulse that takes over counts on
        else:
            self._hosted.forget()
            out.events["beats"] += beats

    def _take_audio(self, block: Block) -> None:
        mix, mono = block.audio["mix"], self._mono
        mono[:] = 0.0
        for channel in mix:
            mono += np.where(np.abs(channel) <= LOUDEST, channel, np.float32(0.0))
        mono *= 1.0 / len(mix)
        self._listening.take(mono)

    def _cross_gap(self, frame: int) -> None:
        listening = self._listening
        if listening.origin < 0:
            listening.origin = frame
        gap = frame - (listening.origin + listening.frames)
        if gap and 0 < gap <= LONGEST_GAP_S * self.rate:
            for start in range(0, gap, HOP):
                listening.take(np.zeros(min(HOP, gap - start), np.float32))
                while (end := step_end(listening.steps, self.rate)) <= listening.frames:
                    listening.steps += 1
                    self._step(end, [])
        elif gap:
            self.reset()
            listening.origin = frame

    def _step(self, end: int, chords: list[TimedEvent]) -> None:
        """The step that ends before frame ``end`` of what was heard."""
        recent, late = self._listening.recent, self._listening.frames - end
        newest = len(recent) - late
        window = self._rhythm_levels.window
        beat, downbeat, _ = self._rhythm.hear(self._rhythm_levels.of(recent[newest - window : newest]))
        spoken = self._listening.origin + end - RHYTHM_DELAY_S * self.rate
        self._follow(self._beats.hear(float(beat)), spoken)
        self._hear_downbeat(float(downbeat), spoken)
        if self._listening.steps % HARMONY_EVERY == 0:
            window = self._harmony_levels.window
            self._look(end, self._harmony.hear(self._harmony_levels.of(recent[newest - window : newest])), chords)

    def _follow(self, pulse: Pulse | None, spoken: float) -> None:
        """The pulse at frame ``spoken``."""
        telling = self._telling
        if pulse is None:
            telling.period = 0.0
            return
        telling.period, telling.confidence = pulse.period_s * self.rate, pulse.confidence
        telling.beat = spoken - pulse.ago_s * self.rate

    def _hear_downbeat(self, downbeat: float, spoken: float) -> None:
        """The loudest downbeat around the beat that was told last goes to the bar counter once it is past."""
        telling = self._telling
        if telling.awaited < 0:
            return
        if abs(spoken - telling.awaited) <= AROUND_S * self.rate:
            telling.downbeat = max(telling.downbeat, downbeat)
        elif spoken > telling.awaited:
            self._bars.hear(telling.downbeat)
            telling.awaited, telling.downbeat = -1.0, 0.0

    def _look(self, end: int, chances: Floats, chords: list[TimedEvent]) -> None:
        root, quality, bass, key = np.split(chances.astype(np.float64), self._edges)
        spoken = self._listening.origin + end - HARMONY_DELAY_S * self.rate
        if (changed := self._chords.hear(root, quality, bass)) is not None:
            chord, looks = changed
            chords.append(TimedEvent(max(round(spoken - looks * self.rate / LOOKS_A_SECOND), 0), chord))
        if (found := self._keys.hear(key, 1.0 - float(root[CLASSES]))) is not None:
            chords.append(TimedEvent(max(round(spoken), 0), found))

    def _heard_beats(self, at: BlockTime) -> list[TimedEvent]:
        """The beat that falls within the block at ``at``, as the pulse foretells it, and a change of tempo."""
        telling = self._telling
        if telling.period <= 0:
            return []
        events: list[TimedEvent] = []
        bpm = 60.0 * self.rate / telling.period
        if abs(bpm - telling.bpm) > TEMPO_CHANGE * telling.bpm:
            telling.bpm = bpm
            events.append(TimedEvent(at.frame, Tempo(bpm, telling.confidence)))
        frame = max(round(telling.due(at.frame, TOO_SOON)), at.frame)
        if frame < at.frame + HOP:
            number, bar_beats, sure = self._bars.step()
            beat = Beat(number, bar_beats, bpm, telling.confidence * sure, telling.index)
            events.append(TimedEvent(frame, beat))
            telling.index += 1
            telling.told = telling.awaited = float(frame)
            telling.downbeat = 0.0
        return events

    def _parts(self) -> dict[str, Memory]:
        return {
            "listening": self._listening, "rhythm": self._rhythm, "harmony": self._harmony, "hosted": self._hosted,
            "beats": self._beats, "bars": self._bars, "chords": self._chords, "keys": self._keys,
            "telling": self._telling,
        }  # fmt: skip

    def reset(self) -> None:
        for part in self._parts().values():
            part.forget()

    def state(self) -> State:
        state: State = {}
        for name, part in self._parts().items():
            state |= prefixed(name, part.state())
        return state

    def restore(self, state: State) -> None:
        for name, part in self._parts().items():
            part.restore(within(name, state))
