"""Multiple input spectrogram inversion (MISI): keeps estimated magnitudes and finds phases that sum to the mix.

Gunawan and Sen, "Iterative phase estimation for the synthesis of separated sources from single-channel mixtures",
IEEE Signal Processing Letters, 2010.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.errors import EngineError
from engines.separation.postprocess.postprocessor import Postprocessor
from engines.separation.separator import Separator
from engines.separation.spectrogram import Spectra, analyse, process_in_pieces, synthesise


class Misi(Postprocessor):
    """Cost: two transforms of all stems a round, some 4 % of real time each; no further separation.

    The stems sum to the mix afterwards. It helps those that do not (magnitudes with the phase of the mix, models with a
    network a stem); stems that sum to the mix have consistent phases already, and are left unchanged.
    """

    label = "misi"
    summary = "Phases that fit the magnitudes and sum to the mix; some transforms."

    def __init__(self, inner: Separator, rounds: int = 5) -> None:
        if rounds < 1:
            raise EngineError(f"misi: {rounds} rounds", "use 1 or more")
        super().__init__(inner)
        self._rounds = rounds

    def separate(self, mix: Audio, rate: int) -> Audio:
        return process_in_pieces(self._fit, mix, self.inner.separate(mix, rate), rate)

    def _fit(self, mix: Audio, stems: Audio) -> Audio:
        magnitudes = np.abs(analyse(stems))
        fitted = _spread_residual(mix, stems)
        for _ in range(self._rounds):
            spectra = apply_phase(magnitudes, analyse(fitted))
            fitted = _spread_residual(mix, synthesise(spectra, mix.shape[1]))
        return fitted


def apply_phase(magnitudes: NDArray[np.float32], spectra: Spectra) -> Spectra:
    """``magnitudes`` with the phases of ``spectra``; phase 0 where those are 0."""
    size = np.abs(spectra)
    unit = np.where(size > 0.0, spectra / np.maximum(size, np.float32(1e-30)), np.complex64(1.0))
    return np.asarray(magnitudes * unit, dtype=np.complex64)


def _spread_residual(mix: Audio, stems: Audio) -> Audio:
    """``stems`` plus equal shares of the residual to the mix."""
    fitted: Audio = stems + (mix - stems.sum(axis=0)) / np.float32(len(stems))
    return fitted
