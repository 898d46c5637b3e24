"""Multichannel Wiener filter: spatial covariance and time-varying power of each stem, estimated by EM.

Nugraha, Liutkus and Vincent, "Multichannel audio source separation with deep neural networks", IEEE/ACM TASLP 2016;
used after a network by Uhlich et al., "Improving music source separation based on deep neural networks through data
augmentation and network blending", ICASSP 2017. For the stem j, the bin f and the time t:

    v_j(f, t) = mean over channels of |y_j(f, t)|^2          power
    R_j(f)    = sum over t of y_j y_j^H / sum over t of v_j   spatial covariance, 2 x 2
    y_j       = v_j R_j (sum over k of v_k R_k)^-1 x          the filter

"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.errors import EngineError
from engines.separation.postprocess.postprocessor import Postprocessor
from engines.separation.separator import Separator
from engines.separation.spectrogram import Spectra, analyse, process_in_pieces, synthesise

EPS = 1e-6
"""Share of a bin's mean power that is added as diffuse power at all times, spread over the stems: so the matrices can
be inverted, and the stems still sum to the mix."""

_BINS = 128
"""Bins that are filtered at once, so that the matrices fit in some 30 MB."""

Covariances = NDArray[np.complex128]


class Wiener(Postprocessor):
    """Cost: a transform of all stems and its inverse, and a matrix a bin; no further separation.

    The stems sum to the mix afterwards.
    """

    label = "wiener"
    summary = "Multichannel Wiener filter: a place in the stereo field for each stem; some transforms."

    def __init__(self, inner: Separator, rounds: int = 1) -> None:
        if rounds < 1:
            raise EngineError(f"wiener: {rounds} rounds", "use 1 or more")
        super().__init__(inner)
        self._rounds = rounds

    def separate(self, mix: Audio, rate: int) -> Audio:
        return process_in_pieces(self._filter, mix, self.inner.separate(mix, rate), rate)

    def _filter(self, mix: Audio, stems: Audio) -> Audio:
        mixed, found = analyse(mix), analyse(stems)
        floor = np.float32(EPS) * np.mean(np.abs(mixed) ** 2, axis=(0, 1)) + np.float32(1e-20)
        for first in range(0, mixed.shape[-1], _BINS):
            bins = slice(first, first + _BINS)
            found[..., bins] = run_em(mixed[..., bins], found[..., bins], floor[bins], self._rounds)
        return synthesise(found, mix.shape[1])


def run_em(mix: Spectra, stems: Spectra, floor: NDArray[np.float32], rounds: int) -> Spectra:
    """Run ``rounds`` of EM; the expected stems (stems, 2, spectra, bins) in the mix (2, spectra, bins).

    ``floor``: power that is spread over the stems, shape (bins,).
    """
    for _ in range(rounds):
        power = np.mean(stems.real**2 + stems.imag**2, axis=1)
        total = power.sum(axis=1)[:, :, None, None] + np.float32(1e-30)
        # spatial covariances, (stems, bins, 2, 2)
        places = np.einsum("satf,sbtf->sfab", stems, stems.conj(), optimize=True) / total
        places = places.astype(np.complex64)
        # in double precision: the matrix of a point source is nearly singular
        seen = np.einsum("stf,sfab->tfab", power, places, optimize=True).astype(np.complex128)
        seen[..., 0, 0] += floor
        seen[..., 1, 1] += floor
        whitened = np.einsum("tfab,btf->tfa", _invert(seen), mix, optimize=True)
        stems = power[:, None] * np.einsum("sfab,tfb->satf", places, whitened, optimize=True)
        stems += (floor / np.float32(len(stems))) * whitened.transpose(2, 0, 1)
        stems = stems.astype(np.complex64)
    return stems


def _invert(matrices: Covariances) -> Covariances:
    """Inverse of Hermitian 2 x 2 matrices, shape (..., 2, 2)."""
    a, b, d = matrices[..., 0, 0].real, matrices[..., 0, 1], matrices[..., 1, 1].real
    size = a * d - (b.real**2 + b.imag**2)
    inverse = np.empty_like(matrices)
    inverse[..., 0, 0], inverse[..., 1, 1] = d / size, a / size
    inverse[..., 0, 1], inverse[..., 1, 0] = -b / size, -b.conj() / size
    return inverse
