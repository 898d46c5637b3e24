"""The engine mir.chroma: beats from onset strength, chords and keys from chroma templates, without a network."""

# ruff: noqa: ARG002 - the contract passes every engine more than this one needs

from __future__ import annotations

import numpy as np

from bridge.core.audio import MAX_SAMPLE
from bridge.core.control import Control
from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.events import Midi
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.downmix import Downmix
from engines.mir.chroma.chroma_chords import ChromaAnalyser
from engines.mir.chroma.tempo import OnsetBeatTracker
from engines.mir.tempo_mode import MODE, TempoArbiter, choose_prior
from engines.saved_state import SavedState, add_prefix, strip_prefix
from engines.spectral_flux import SpectralFlux

HOP = 512
LONGEST_GAP_S = 4.0
"""Over a gap up to this the beat goes on; after a longer one, or a step back, it starts anew."""

PRIOR = Control(
    "mir.tempo_prior_bpm", 60.0, 200.0, 120.0, "BPM", "log", "Of several possible tempi, the one near this is used."
)
MIN_BEAT_CONFIDENCE = 0.2
"""The confidence from which the tracker's beats may replace or move those of a host.

Music with a beat has 0.3 and more, noise less than 0.05."""


class _StreamPosition(SavedState):
    """The frame that is expected next: -1 before the first."""

    saved_fields = ("next_frame",)

    def __init__(self) -> None:
        self.next_frame = -1


class ChromaMir:
    """Beats are reported in the block in which they fall; chords and keys a fixed latency later."""

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
        self._position = _StreamPosition()
        self._arbiter = TempoArbiter(HOP, MIN_BEAT_CONFIDENCE)
        self._onsets = SpectralFlux(rate, HOP)
        self._downmix = Downmix(rate)
        self._beats = OnsetBeatTracker(rate, HOP)
        self._chroma = ChromaAnalyser(rate, HOP)

    def latency_frames(self, port: str) -> int:
        return self._chroma.latency if port == "chords" else 0

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        self._mix_down(block)
        self._bridge_gap(time.frame)
        for event in block.events["midi"]:
            if isinstance(event.payload, Midi):
                self._chroma.push_midi(event.payload)
        bar_beats = max(time.bar_beats, 1)
        mode = int(block.values[MODE.name])
        prior = choose_prior(mode, time, block.values[PRIOR.name])
        tracked = self._beats.process(self._onsets.process(self._mono), time.frame, prior, bar_beats)
        out.events["beats"] += self._arbiter.process(mode, time, tracked, prior)
        if self._arbiter.host_beats.following:
            self._beats.index = self._arbiter.host_beats.next_beat  # a tracker that takes over counts on
        out.events["chords"] += self._chroma.process(self._mono, time.frame)

    def _mix_down(self, block: Block) -> None:
        mix = block.audio["mix"]
        mix = np.where(np.abs(mix) <= MAX_SAMPLE, mix, np.float32(0.0))
        mono = self._mono
        mono[:] = 0.0
        for channel in mix:
            mono += channel
        mono *= 1.0 / len(mix)
        self._downmix.correct(mix, mono)

    def _bridge_gap(self, frame: int) -> None:
        gap = frame - self._position.next_frame
        if self._position.next_frame >= 0 and gap:
            if 0 < gap <= LONGEST_GAP_S * self.rate:
                self._beats.skip(round(gap / HOP))
            else:
                self._beats.reset()
        self._position.next_frame = frame + HOP

    def _list_parts(self) -> dict[str, SavedState]:
        return {
            "position": self._position,
            "arbiter": self._arbiter,
            "downmix": self._downmix,
            "onsets": self._onsets,
            "tracker": self._beats,
            "chroma": self._chroma,
        }

    def reset(self) -> None:
        self._position.next_frame = -1
        for part in (self._arbiter, self._downmix, self._onsets, self._beats, self._chroma):
            part.reset()

    def state(self) -> State:
        state: State = {}
        for name, part in self._list_parts().items():
            state |= add_prefix(name, part.state())
        return state

    def restore(self, state: State) -> None:
        for name, part in self._list_parts().items():
            part.restore(strip_prefix(name, state))
