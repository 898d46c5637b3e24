"""Look-ahead separator: masks from a network that reads a whole piece in both directions of time.

One half of the profile ``offline``. It has no deadline, so its window is symmetric, its hop is a quarter of the
window, and its network is not causal.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.audio import CHANNELS, MAX_SAMPLE, STEMS, Audio
from bridge.errors import EngineError
from engines.onnx import Session, check_shapes, open_session, read_model, read_shipped
from engines.separation.frequency_grid import POINTS, WINDOW, compute_pooling, compute_spreading
from engines.separation.spectrogram import PARTS, Spectra, analyse, make_window, synthesise
from engines.weights import WEIGHTS

RATES = (44100, 48000)
"""Rates that the network was trained for, in Hz. At others the caller resamples."""
HOP = WINDOW // PARTS
STRIDE = WINDOW // 2
"""Frames from one step of the network to the next: it runs once for each of STRIDE / HOP phases."""
PHASES = STRIDE // HOP
BLOCK_STEPS = 32
"""The network takes multiples of so many steps."""
MOST_STEPS = 4096
"""Longest input of the network in steps, 87 s at 48 kHz: a longer piece is refused."""
FILE = "separation-offline.onnx"
FIX = "use the weights that ship, or export them again (docs/training.md)"


class LookaheadSeparator:
    """A `Separator` of a bidirectional network; ``other`` is the mix minus the rest, exactly.

    ``model``: a file with the input ``power`` (1, steps, 3, POINTS) and the output ``masks`` (1, steps, 4, 2, POINTS);
    None: the shipped weights. Raises: EngineError where they are missing or of another shape.
    """

    def __init__(self, model: Path | None = None) -> None:
        name = FILE if model is None else str(model)
        self._session: Session = open_session(read_shipped(WEIGHTS, FILE) if model is None else read_model(model), name)
        shapes = {"power": (1, -1, 3, POINTS)}, {"masks": (1, -1, len(STEMS), 2, POINTS)}
        check_shapes(self._session, name, *shapes, FIX)

    @property
    def name(self) -> str:
        return "separation.lookahead"

    @property
    def stems(self) -> tuple[str, ...]:
        return STEMS

    @property
    def rates(self) -> tuple[int, ...]:
        return RATES

    def separate(self, mix: Audio, rate: int) -> Audio:
        """Separate ``mix``, (2, frames); samples that are no number, or too large to square, count as silence.

        Raises: EngineError for another rate, or a piece longer than MOST_STEPS.
        """
        if rate not in RATES:
            raise EngineError(f"{self.name}: rate {rate} Hz", f"it runs at {' and '.join(map(str, RATES))} Hz")
        frames = mix.shape[1]
        sane = np.where(np.abs(mix) <= MAX_SAMPLE, mix, np.float32(0.0)).astype(np.float32, copy=False)
        spectra = analyse(np.stack([sane[0] + sane[1], sane[0] - sane[1]]) * np.float32(0.5), WINDOW)
        masks = self._estimate_masks(_pool_powers(spectra, rate))
        lower, upper = compute_spreading(rate)
        stems = np.zeros((len(STEMS), CHANNELS, frames), np.float32)
        for i in range(len(STEMS) - 1):
            points = masks[:, i].transpose(1, 0, 2)
            bins = points[..., lower] * (1 - upper) + points[..., lower + 1] * upper
            mid, side = synthesise(spectra * bins, frames, WINDOW)
            stems[i] = mid + side, mid - side
        stems[-1] = sane - stems[:-1].sum(0)
        return stems

    def _estimate_masks(self, power: Float32Array) -> Float32Array:
        """Masks (hops, STEMS, 2, POINTS) of the powers (hops, 3, POINTS)."""
        masks = np.zeros((len(power), len(STEMS), 2, POINTS), np.float32)
        for phase in range(PHASES):
            own = power[phase::PHASES]
            if len(own) > MOST_STEPS:
                raise EngineError(f"{self.name}: a piece of {len(own) * STRIDE:,} frames", "give shorter pieces")
            padded = np.pad(own, ((0, -len(own) % BLOCK_STEPS), (0, 0), (0, 0)))
            if len(own):
                (found,) = self._session.run(["masks"], {"power": padded[None]})
                masks[phase::PHASES] = found[0, : len(own)]
        return masks


def _pool_powers(spectra: Spectra, rate: int) -> Float32Array:
    """Powers (hops, 3, POINTS) of mid, side and twice their product, a full-scale sine being 1."""
    mid, side = spectra
    scale = np.float32((2.0 / make_window(WINDOW).sum(dtype=np.float64)) ** 2)
    rows = compute_pooling(rate).T * scale
    powers = [np.abs(mid) ** 2 @ rows, np.abs(side) ** 2 @ rows, 2.0 * (mid * side.conj()).real @ rows]
    return np.ascontiguousarray(np.stack(powers, 1), np.float32)
