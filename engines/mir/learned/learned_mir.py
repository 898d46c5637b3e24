"""The engine mir.standard: beats, tempo, chords, keys, onsets and notes by neural networks and trackers.

The audio is analysed fifty times a second, whatever the rate and the hop: a step belongs to the block in which its
last frame arrives. Beats are reported in the block in which they fall, since the tracker predicts the next one.
Everything else is reported a fixed latency after it began.
"""

# ruff: noqa: ARG002 - the contract passes every engine more than this one needs

from __future__ import annotations

from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.audio import ANALYSERS, MAX_SAMPLE
from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.downmix import Downmix
from engines.mir.chroma.chroma_mir import PRIOR
from engines.mir.learned.features import LOWEST_RATE, STEPS_PER_HARMONY_STEP, get_step_end
from engines.mir.learned.harmony_chain import FILE as HARMONY_FILE
from engines.mir.learned.harmony_chain import HarmonyChain
from engines.mir.learned.pitch_chain import PitchChain
from engines.mir.learned.rhythm_chain import FILE as RHYTHM_FILE
from engines.mir.learned.rhythm_chain import RhythmChain
from engines.mir.learned.stream_state import AudioHistory
from engines.mir.tempo_mode import MODE, TempoArbiter, choose_prior
from engines.onnx import read_model, read_shipped
from engines.saved_state import SavedState, add_prefix, strip_prefix
from engines.weights import WEIGHTS

HOP = 512
LONGEST_GAP_S = 4.0
"""A gap up to this is analysed as silence, and the beat goes on through it; after a longer one all starts anew."""
MIN_BEAT_CONFIDENCE = 0.25
"""The confidence from which the tracker's beats may replace or move those of a host."""


class LearnedMir:
    """See the module. ``weights``: a folder with mir-rhythm.onnx and mir-harmony.onnx; without it those that ship."""

    spec = EngineSpec(
        name="mir.standard",
        inputs=tuple(AudioPort(analyser) for analyser in ANALYSERS),
        outputs=(EventPort("beats"), EventPort("chords"), EventPort("onsets"), EventPort("notes")),
        hop=HOP,
        controls=(PRIOR, MODE),
        resets_on_gap=False,
    )

    def __init__(self, weights: Path | None = None) -> None:
        self._weights = weights
        self.rate = 0

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate < LOWEST_RATE:
            raise EngineError(f"{self.spec.name}: rate {rate} Hz is too low", f"use {LOWEST_RATE} Hz or more")
        self.rate = rate
        self._rhythm, self._pitch = RhythmChain(rate, *self.read_model(RHYTHM_FILE)), PitchChain(rate)
        self._harmony = HarmonyChain(rate, *self.read_model(HARMONY_FILE))
        window = max(self._harmony.window, self._rhythm.window, self._pitch.window)
        self._history = AudioHistory(len(ANALYSERS), window, HOP)
        self._arbiter = TempoArbiter(HOP, MIN_BEAT_CONFIDENCE)
        self._downmixes = tuple(Downmix(rate) for _ in ANALYSERS)
        self._audio = np.zeros((len(ANALYSERS), HOP), np.float32)
        self._silence = np.zeros((len(ANALYSERS), HOP), np.float32)
        self.reset()

    def read_model(self, file: str) -> tuple[bytes, str]:
        """The model ``file`` of this engine's weights, and what errors call it."""
        if self._weights is None:
            return read_shipped(WEIGHTS, file), file
        return read_model(self._weights / file), str(self._weights / file)

    def latency_frames(self, port: str) -> int:
        latencies = {
            "chords": self._harmony.latency, "onsets": self._rhythm.onsets_latency, "notes": self._pitch.latency,
        }  # fmt: skip
        return latencies.get(port, 0)

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        self._bridge_gap(time.frame)
        for row, analyser, downmix in zip(self._audio, ANALYSERS, self._downmixes, strict=True):
            audio = block.audio[analyser]
            if not np.abs(audio).max() <= MAX_SAMPLE:  # or not a number
                audio = np.where(np.abs(audio) <= MAX_SAMPLE, audio, np.float32(0.0))
            np.add.reduce(audio, 0, out=row)
            row *= 1.0 / len(audio)
            downmix.correct(audio, row)
        mode = int(block.values[MODE.name])
        prior = choose_prior(mode, time, block.values[PRIOR.name])
        self._rhythm.beats.set_prior(prior.bpm, prior.clamp)
        self._analyse(self._audio)
        end = time.frame + HOP
        tracked = self._rhythm.predict_beats(time.frame, end)
        out.events["beats"] += self._arbiter.process(mode, time, tracked, prior)
        if self._arbiter.host_beats.following:
            self._rhythm.schedule.index = self._arbiter.host_beats.next_beat  # a tracker that takes over counts on
        out.events["chords"] += self._harmony.pop_events_before(end - self._harmony.latency)
        out.events["onsets"] += self._rhythm.pop_onsets_before(end - self._rhythm.onsets_latency)
        out.events["notes"] += self._pitch.pop_events_before(end - self._pitch.latency)

    def _analyse(self, audio: Float32Array) -> None:
        """Push ``audio`` (analysers, frames) and analyse every step that it completes."""
        history = self._history
        history.push(audio)
        while (end := get_step_end(history.steps, self.rate)) <= history.frames:
            history.steps += 1
            frame = history.origin + end
            self._rhythm.process(history.read_window(0, self._rhythm.window, end), frame)
            self._pitch.process(history.read_window(2, self._pitch.window, end), frame)
            if history.steps % STEPS_PER_HARMONY_STEP == 0:
                window = history.read_window(1, self._harmony.window, end)
                find_beat = self._rhythm.schedule.find_nearest_beat
                self._rhythm.push_roots(*self._harmony.process(window, frame, find_beat))

    def _bridge_gap(self, frame: int) -> None:
        history = self._history
        gap = frame - history.next_frame if history.origin >= 0 else 0
        if 0 < gap <= LONGEST_GAP_S * self.rate:
            self._rhythm.ignore_after_gap(frame)
            for start in range(0, gap, HOP):
                self._analyse(self._silence[:, : min(HOP, gap - start)])
        elif gap:
            self.reset()
        if history.origin < 0:
            history.origin = frame

    def _list_parts(self) -> dict[str, SavedState]:
        parts: dict[str, SavedState] = {"history": self._history, "arbiter": self._arbiter}
        parts |= {f"downmix.{name}": downmix for name, downmix in zip(ANALYSERS, self._downmixes, strict=True)}
        for chain, its in (("rhythm", self._rhythm), ("harmony", self._harmony), ("pitch", self._pitch)):
            parts |= {f"{chain}.{name}": part for name, part in its.list_parts().items()}
        return parts

    def reset(self) -> None:
        for part in self._list_parts().values():
            part.reset()

    def state(self) -> State:
        state: State = {}
        for name, part in self._list_parts().items():
            state |= add_prefix(name, part.state())
        return state

    def restore(self, state: State) -> None:
        for name, part in self._list_parts().items():
            part.restore(strip_prefix(name, state))
