"""Learned separation engines: a recurrent network estimates masks for four stems hop by hop.

Three profiles run the same weights. A shorter hop has less latency and costs more.
"""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import STEMS
from bridge.core.engine import AudioPort, Block, EngineSpec, State
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.onnx import BoundSession, Session, check_shapes, read_model, read_shipped, read_state_shape
from engines.providers import open_fastest
from engines.separation.stft import StemStft
from engines.weights import WEIGHTS

RATES = (44100, 48000)
"""Rates that the network was trained for. At others the bridge resamples."""
STRIDE = 1024
"""Frames from one step of the network's state to the next, whatever the hop (see `LearnedSeparation`)."""
FILE = "separation.onnx"
FIX = "use the weights that ship, or export them again (docs/training.md)"


@dataclass(frozen=True)
class Profile:
    """A latency profile: blocks of ``hop`` frames, latency of ``overlap`` frames."""

    name: str
    hop: int
    overlap: int

    @property
    def phases(self) -> int:
        """Number of states used in rotation, so that each advances by STRIDE."""
        return STRIDE // self.hop


STANDARD = Profile("standard", 512, 256)
LOW = Profile("low", 256, 128)
ULTRA = Profile("ultra", 128, 64)


class LearnedSeparation:
    """Causal separation by a network. ``other`` is the delayed mix minus the rest, exactly.

    The network was trained to step by STRIDE frames. A profile with a shorter hop keeps ``phases`` states: hop n steps
    state n mod phases, as if as many networks ran, each a hop later than the one before. So one set of weights serves
    all profiles, and a state covers the same time in each.

    ``model``: a file with inputs ``power`` (1, 1, 3, 240) and ``state``, outputs ``masks`` (1, 1, 4, 2, 240) and
    ``after`` (like ``state``); None: the shipped weights.
    """

    def __init__(self, profile: Profile = STANDARD, model: Path | None = None) -> None:
        self.profile = profile
        self.spec = EngineSpec(
            name=f"separation.{profile.name}",
            inputs=(AudioPort("mix"),),
            outputs=tuple(AudioPort(stem) for stem in STEMS),
            hop=profile.hop,
            rates=RATES,
        )
        self._model = model
        self._session: Session = None

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate not in RATES:
            raise EngineError(
                f"{self.spec.name}: rate {rate} Hz", f"it runs at {' and '.join(map(str, RATES))} Hz; resample others"
            )
        profile = self.profile
        self._spectra = StemStft(rate, profile.hop, profile.overlap)
        if self._session is None:
            self._session = self._open_model()
        size = read_state_shape(self._session, FILE, FIX)
        # A step must not read and write the same array: two arrays of each phase alternate.
        self._memories = np.zeros((2, profile.phases, *size), np.float32)
        self._hops = np.zeros((), np.int64)
        self._steps = [self._make_step(turn, phase) for turn in range(2) for phase in range(profile.phases)]
        self._process_hop(
            np.zeros((2, profile.hop), np.float32)
        )  # compiles and touches everything now, not in the first hop
        self.reset()

    def latency_frames(self, port: str) -> int:
        return self.profile.overlap

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        self._process_hop(block.audio["mix"])
        for wave, stem in zip(self._spectra.stems, STEMS, strict=True):
            out.audio[stem][:] = wave

    def _process_hop(self, mix: NDArray[np.float32]) -> None:
        self._spectra.analyse(mix)
        turn = int(self._hops)
        self._steps[turn].run()
        self._hops[...] = (turn + 1) % len(self._steps)
        self._spectra.synthesise()

    def _open_model(self) -> Session:
        """Open the model and check its shapes."""
        name = FILE if self._model is None else str(self._model)
        session = open_fastest(read_shipped(WEIGHTS, FILE) if self._model is None else read_model(self._model), name)
        state = read_state_shape(session, name, FIX)
        check_shapes(
            session, name, {"power": self._spectra.power.shape, "state": state},
            {"masks": self._spectra.masks.shape, "after": state}, FIX,
        )  # fmt: skip
        return session

    def _make_step(self, turn: int, phase: int) -> BoundSession:
        """Make the step of state ``phase`` from its array number ``turn`` to the other."""
        return BoundSession(
            self._session,
            {"power": self._spectra.power, "state": self._memories[turn, phase]},
            {"masks": self._spectra.masks, "after": self._memories[1 - turn, phase]},
        )

    def _list_state_arrays(self) -> dict[str, NDArray[np.generic]]:
        return {"hops": self._hops, "memories": self._memories, **self._spectra.list_state_arrays()}

    def reset(self) -> None:
        for array in self._list_state_arrays().values():
            array[...] = 0

    def state(self) -> State:
        return {name: array.copy() for name, array in self._list_state_arrays().items()}

    def restore(self, state: State) -> None:
        for name, array in self._list_state_arrays().items():
            array[...] = state[name]


def standard() -> LearnedSeparation:
    return LearnedSeparation(STANDARD)


def low() -> LearnedSeparation:
    return LearnedSeparation(LOW)


def ultra() -> LearnedSeparation:
    return LearnedSeparation(ULTRA)
