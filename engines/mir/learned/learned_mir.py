"""Beats, tempo, chords, keys, onsets and notes as networks and trackers hear them: the default analysis.

The audio is looked at fifty times a second, whatever the rate and the hop: a step belongs to the block in which its
last frame arrives. Beats are told in the block in which they fall, since the tracker knows the next one beforehand;
everything else a fixed while after it began.
"""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np

from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.downmix import Downmix
from engines.mir.chroma.chroma_mir import LOUDEST, PRIOR
from engines.mir.learned.features import HARMONY_EVERY, LOWEST_RATE, step_end
from engines.mir.learned.harmony_chain import HarmonyChain
from engines.mir.learned.pitch_chain import PitchChain
from engines.mir.learned.rhythm_chain import RhythmChain
from engines.mir.learned.stream_state import AudioHistory
from engines.mir.tempo_mode import MODE, TempoArbiter, prior_for
from engines.onnx import read_model, read_shipped
from engines.saved_state import SavedState, add_prefix, strip_prefix

HOP = 512
LONGEST_GAP_S = 4.0
"""A gap up to this is heard as silence, and the pulse goes on through it; after a longer one all starts afresh."""
GATE = 0.25
"""The confidence from which the pulse may lead where a host could."""
ANALYSERS = ("beat", "chord", "note")
"""The audio inputs: each analyser's own, so that a user may choose what it listens to."""
WEIGHTS = files("engines") / "weights"


class LearnedMir:
    """See the module. ``weights``: a folder with mir-rhythm.onnx and mir-harmony.onnx; without it those that ship."""

    spec = EngineSpec(
        name="mir.standard",
        inputs=tuple(AudioPort(source) for source in ANALYSERS),
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
        self._rhythm, self._voice = RhythmChain(rate, self._model("mir-rhythm.onnx")), PitchChain(rate)
        self._tonal = HarmonyChain(rate, self._model("mir-harmony.onnx"))
        window = max(self._tonal.window, self._rhythm.window, self._voice.window)
        self._listening = AudioHistory(len(ANALYSERS), window, HOP)
        self._leader = TempoArbiter(HOP, GATE)
        self._downmixes = tuple(Downmix(rate) for _ in ANALYSERS)
        self._audio = np.zeros((len(ANALYSERS), HOP), np.float32)
        self._silence = np.zeros((len(ANALYSERS), HOP), np.float32)
        self.reset()

    def _model(self, name: str) -> bytes:
        return read_shipped(WEIGHTS, name) if self._weights is None else read_model(self._weights / name)

    def latency_frames(self, port: str) -> int:
        late = {"chords": self._tonal.latency, "onsets": self._rhythm.onsets_latency, "notes": self._voice.latency}
        return late.get(port, 0)

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        self._cross_gap(at.frame)
        for row, source, downmix in zip(self._audio, ANALYSERS, self._downmixes, strict=True):
            sound = block.audio[source]
            if not np.abs(sound).max() <= LOUDEST:  # or not a number
                sound = np.where(np.abs(sound) <= LOUDEST, sound, np.float32(0.0))
            np.add.reduce(sound, 0, out=row)
            row *= 1.0 / len(sound)
            downmix.correct(sound, row)
        mode = int(block.values[MODE.name])
        prior = prior_for(mode, at, block.values[PRIOR.name])
        self._rhythm.beats.prefer(prior.bpm, prior.clamp)
        self._hear(self._audio)
        end = at.frame + HOP
        heard = self._rhythm.beats_within(at.frame, end)
        out.events["beats"] += self._leader.listen(mode, at, heard, prior)
        if self._leader.hosted.following:
            self._rhythm.telling.index = self._leader.hosted.next_beat  # a pulse that takes over counts on
        out.events["chords"] += self._tonal.events_before(end - self._tonal.latency)
        out.events["onsets"] += self._rhythm.onsets_before(end - self._rhythm.onsets_latency)
        out.events["notes"] += self._voice.events_before(end - self._voice.latency)

    def _hear(self, audio: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
        """Take ``audio`` (sources, frames) and every step that it completes."""
        listening = self._listening
        listening.take(audio)
        while (end := step_end(listening.steps, self.rate)) <= listening.frames:
            listening.steps += 1
            frame = listening.origin + end
            self._rhythm.hear(listening.window(0, self._rhythm.window, end), frame)
            self._voice.hear(listening.window(2, self._voice.window, end), frame)
            if listening.steps % HARMONY_EVERY == 0:
                self._rhythm.hear_harmony(*self._tonal.hear(listening.window(1, self._tonal.window, end), frame))

    def _cross_gap(self, frame: int) -> None:
        listening = self._listening
        gap = frame - listening.next_frame if listening.origin >= 0 else 0
        if 0 < gap <= LONGEST_GAP_S * self.rate:
            self._rhythm.deafen(frame)
            for start in range(0, gap, HOP):
                self._hear(self._silence[:, : min(HOP, gap - start)])
        elif gap:
            self.reset()
        if listening.origin < 0:
            listening.origin = frame

    def _parts(self) -> dict[str, SavedState]:
        parts: dict[str, SavedState] = {"listening": self._listening, "leader": self._leader}
        parts |= {f"downmix.{source}": each for source, each in zip(ANALYSERS, self._downmixes, strict=True)}
        for side, its in (("rhythm", self._rhythm), ("tonal", self._tonal), ("voice", self._voice)):
            parts |= {f"{side}.{name}": part for name, part in its.parts().items()}
        return parts

    def reset(self) -> None:
        for part in self._parts().values():
            part.reset()

    def state(self) -> State:
        state: State = {}
        for name, part in self._parts().items():
            state |= add_prefix(name, part.state())
        return state

    def restore(self, state: State) -> None:
        for name, part in self._parts().items():
            part.restore(strip_prefix(name, state))
