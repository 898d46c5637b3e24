"""DSP separator: harmonic-percussive separation, a bass crossover and a centre mask; no model.

It is the fallback where no model runs, and the baseline for models.
"""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.audio import CHANNELS, MAX_SAMPLE, STEMS
from bridge.core.control import Control
from bridge.core.engine import AudioPort, Block, EngineSpec, State
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.separation.masks import make_octave_fade, mask_stems

HOP = 256
WINDOW = 2048
"""Analysis frames: 21.5 Hz a bin at 44.1 kHz, just enough to separate a bass from its neighbours."""
SYNTHESIS = 512
"""Length of the synthesis window, at the end of the analysis window. Latency is SYNTHESIS - HOP."""
SPAN_S = 0.122
"""Length of the median over time; a click fills a window (46 ms), less than half of this."""
BROAD_HZ = 366.0
"""Width of the median over frequency."""
VOICE_HZ = (160.0, 8000.0)
MEMORY_S = 0.05
"""Time constant of the stereo averages."""

BASS_HZ = Control("separation.bass_hz", 60.0, 500.0, 220.0, "Hz", "log", "Sustained sound below this is the bass.")
SOFTNESS = Control("separation.softness", 0.0, 1.0, 0.5, doc="Edges of the drums' mask: 0 is hard, 1 is soft.")
WIDTH = Control("separation.vocals_width", 0.0, 1.0, 0.3, doc="How far from the centre vocals may be.")


def make_windows() -> tuple[Float32Array, Float32Array]:
    """Make analysis (WINDOW,) and synthesis (SYNTHESIS,) windows; their product is a Hann window of SYNTHESIS.

    The analysis window has a long rise and a short fall: fine frequency resolution at a short latency.
    """
    rise, fall = WINDOW - HOP, HOP
    analysis = np.concatenate(
        [
            np.sin(np.pi / 2 * (np.arange(rise) + 0.5) / rise),
            np.cos(np.pi / 2 * (np.arange(fall) + 0.5) / fall),
        ]
    )
    hann = np.sin(np.pi * (np.arange(SYNTHESIS) + 0.5) / SYNTHESIS) ** 2
    return analysis.astype(np.float32), (hann / analysis[-SYNTHESIS:]).astype(np.float32)


class DspSeparation:
    """Causal separation with a latency of 256 frames. ``other`` is the delayed mix minus the rest, exactly."""

    spec = EngineSpec(
        name="separation.dsp",
        inputs=(AudioPort("mix"),),
        outputs=tuple(AudioPort(stem) for stem in STEMS),
        hop=HOP,
        controls=(BASS_HZ, SOFTNESS, WIDTH),
    )

    def __init__(self) -> None:
        self.rate = 0

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate < 8000:
            raise EngineError(f"{self.spec.name}: rate {rate} Hz is too low", "use 8000 Hz or more")
        self.rate = rate
        bins = WINDOW // 2 + 1
        span = max(round(SPAN_S * rate / HOP), 5) | 1
        width = min(max(round(BROAD_HZ * WINDOW / rate), 5), 255) | 1
        self._hz = (np.arange(bins) * rate / WINDOW).astype(np.float32)
        self._voice = make_octave_fade(self._hz, VOICE_HZ[1]) - make_octave_fade(self._hz, VOICE_HZ[0])
        self._low = np.zeros(bins, np.float32)
        self._low_hz = 0.0
        self._keep = float(np.exp(-HOP / (MEMORY_S * rate)))
        self._analysis, self._synthesis = make_windows()
        self._frame = np.zeros((CHANNELS, WINDOW), np.float32)
        self._spectrum = np.zeros((CHANNELS, bins), np.complex64)
        self._masked = np.zeros((len(STEMS) - 1, CHANNELS, bins), np.complex64)
        self._waves = np.zeros((len(STEMS) - 1, CHANNELS, WINDOW), np.float32)
        self._neighbours = np.zeros((2, bins), np.float32)
        self._scratch = np.zeros((2, max(span, width) + 1), np.float32)
        self._scratch[1, 0] = width
        self._newest = np.zeros((), np.int64)
        self._history = np.zeros((CHANNELS, WINDOW), np.float32)
        self._past = np.zeros((bins, span), np.float32)
        self._smooth = np.zeros((2, bins), np.float32)
        self._tail = np.zeros((len(STEMS) - 1, CHANNELS, HOP), np.float32)
        self._transform(BASS_HZ.default, SOFTNESS.default, WIDTH.default)  # compiles now, not in the first hop
        self.reset()

    def latency_frames(self, port: str) -> int:
        return SYNTHESIS - HOP

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        history = self._history
        history[:, :-HOP] = history[:, HOP:]
        fresh = history[:, -HOP:]
        fresh[:] = block.audio["mix"]
        fresh[~(np.abs(fresh) <= MAX_SAMPLE)] = 0.0
        values = block.values
        self._transform(values[BASS_HZ.name], values[SOFTNESS.name], values[WIDTH.name])
        waves = self._waves[:, :, -SYNTHESIS:]
        waves *= self._synthesis
        rest = out.audio[STEMS[-1]]
        rest[:] = history[:, WINDOW - SYNTHESIS : WINDOW - HOP]
        for i, stem in enumerate(STEMS[:-1]):
            wave = out.audio[stem]
            np.add(waves[i, :, :HOP], self._tail[i], out=wave)
            rest -= wave
        self._tail[:] = waves[:, :, HOP:]

    def _transform(self, bass_hz: float, softness: float, width: float) -> None:
        """Transform and mask the newest window of the input into ``_waves``, before synthesis windows."""
        if bass_hz != self._low_hz:
            self._low[:] = make_octave_fade(self._hz, bass_hz)
            self._low_hz = bass_hz
        np.multiply(self._history, self._analysis, out=self._frame)
        np.fft.rfft(self._frame, axis=-1, out=self._spectrum)  # type: ignore[arg-type]  # the stub knows float64 only
        newest = int(self._newest)
        mask_stems(
            self._spectrum, self._past, newest, self._smooth, self._low, self._voice, self._keep,
            2.0 ** (1.0 - 2.0 * softness), 2.0 ** (4.0 - 4.0 * width), self._neighbours, self._scratch, self._masked,
        )  # fmt: skip
        self._newest[...] = (newest + 1) % self._past.shape[1]
        np.fft.irfft(self._masked, WINDOW, axis=-1, out=self._waves)  # type: ignore[arg-type]

    def _list_state_arrays(self) -> dict[str, NDArray[np.generic]]:
        return {
            "newest": self._newest,
            "history": self._history,
            "past": self._past,
            "smooth": self._smooth,
            "tail": self._tail,
        }

    def reset(self) -> None:
        for array in self._list_state_arrays().values():
            array[...] = 0

    def state(self) -> State:
        return {name: array.copy() for name, array in self._list_state_arrays().items()}

    def restore(self, state: State) -> None:
        for name, array in self._list_state_arrays().items():
            array[...] = state[name]
