"""Beats, tempo, chords and key without a model: the host's count or the onsets' pulse, and templates."""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

import numpy as np

from bridge.core.control import Control
from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.events import Midi
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.downmix import Downmix
from engines.mir.chroma.chroma_chords import ChromaAnalyser
from engines.mir.chroma.tempo import OnsetBeatTracker
from engines.mir.tempo_mode import MODE, TempoArbiter, prior_for
from engines.saved_state import SavedState, add_prefix, strip_prefix
from engines.spectral_flux import SpectralFlux

HOP = 512
LONGEST_GAP_S = 4.0
"""Over a gap up to this the pulse goes on; after a longer one, or a step back, it starts afresh."""
LOUDEST = 1e9
"""What exceeds this is no audio but an accident, and is taken for silence as NaN is; squares stay finite."""

PRIOR = Control("mir.tempo_prior_bpm", 60.0, 200.0, 120.0, "BPM", "log", "Of tempi that fit, the one near this wins.")
GATE = 0.2
"""The pulse's certainty from which it may lead; music with a beat has 0.3 and more, noise less than 0.05."""


class _Clockwork(SavedState):
    """Which frame comes next: -1 before the first."""

    saved_fields = ("next_frame",)

    def __init__(self) -> None:
        self.next_frame = -1


class ChromaMir:
    """Beats are said in the block in which they fall; chords and keys a fixed while later."""

    spec = EngineSpec(
        name="mir.chroma",
        inputs=(AudioPort("mix"), EventPort("midi")),
        outputs=(EventPort("beats"), EventPort("chords")),
        hop=HOP,
        controls=(PRIOR, MODE),
        resets_on_gap=False,
    )

    def __init__(self) -> None:
        self.rate = 0

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate < 8000:
            raise EngineError(f"{self.spec.name}: rate {rate} Hz is too low", "use 8000 Hz or more")
        self.rate = rate
        self._mono = np.zeros(HOP, np.float32)
        self._clockwork = _Clockwork()
        self._leader = TempoArbiter(HOP, GATE)
        self._onsets = SpectralFlux(rate, HOP)
        self._downmix = Downmix(rate)
        self._pulse = OnsetBeatTracker(rate, HOP)
        self._harmony = ChromaAnalyser(rate, HOP)

    def latency_frames(self, port: str) -> int:
        return self._harmony.latency if port == "chords" else 0

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        self._take_audio(block)
        self._cross_gap(at.frame)
        for event in block.events["midi"]:
            if isinstance(event.payload, Midi):
                self._harmony.note(event.payload)
        bar_beats = max(at.bar_beats, 1)
        mode = int(block.values[MODE.name])
        prior = prior_for(mode, at, block.values[PRIOR.name])
        heard = self._pulse.listen(self._onsets.process(self._mono), at.frame, prior, bar_beats)
        out.events["beats"] += self._leader.listen(mode, at, heard, prior)
        if self._leader.hosted.following:
            self._pulse.index = self._leader.hosted.next_beat  # a pulse that takes over counts on
        out.events["chords"] += self._harmony.listen(self._mono, at.frame)

    def _take_audio(self, block: Block) -> None:
        mix = block.audio["mix"]
        mix = np.where(np.abs(mix) <= LOUDEST, mix, np.float32(0.0))
        mono = self._mono
        mono[:] = 0.0
        for channel in mix:
            mono += channel
        mono *= 1.0 / len(mix)
        self._downmix.correct(mix, mono)

    def _cross_gap(self, frame: int) -> None:
        gap = frame - self._clockwork.next_frame
        if self._clockwork.next_frame >= 0 and gap:
            if 0 < gap <= LONGEST_GAP_S * self.rate:
                self._pulse.skip(round(gap / HOP))
            else:
                self._pulse.reset()
        self._clockwork.next_frame = frame + HOP

    def _parts(self) -> dict[str, SavedState]:
        return {
            "clockwork": self._clockwork,
            "leader": self._leader,
            "downmix": self._downmix,
            "onsets": self._onsets,
            "pulse": self._pulse,
            "harmony": self._harmony,
        }

    def reset(self) -> None:
        self._clockwork.next_frame = -1
        for part in (self._leader, self._downmix, self._onsets, self._pulse, self._harmony):
            part.reset()

    def state(self) -> State:
        state: State = {}
        for name, part in self._parts().items():
            state |= add_prefix(name, part.state())
        return state

    def restore(self, state: State) -> None:
        for name, part in self._parts().items():
            part.restore(strip_prefix(name, state))
