"""Baselines of every table: the mix itself, and oracle masks.

Mixture/4 is the floor: below it a separator does harm. The oracles are the ceiling of what masks can do on windows
of this length, so the distance to them is what a better network could still win.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.audio import STEMS, Audio
from bridge.errors import EngineError
from engines.separation.frequency_grid import WINDOW, compute_pooling, compute_spreading
from engines.separation.stft import make_windows
from research.separation.evaluation.songs import BASSOTHER, MultitrackSong

HOP, OVERLAP = 512, 256
"""Those of the profile `standard`."""
MIN_POWER = 1e-12
"""Power below which a mask has nothing to tell; the share is then the same for all stems."""
_CHUNK_HOPS = 256
"""Hops that are transformed at once: 40 MB for four stems."""

Spectra = NDArray[np.complex64]


class QuarterMixSeparator:
    """Each stem is a quarter of the mix."""

    name = "mixture/4"
    stems = STEMS
    rates: tuple[int, ...] = ()

    def separate(self, mix: Audio, rate: int) -> Audio:  # noqa: ARG002 - as any separator
        return np.repeat(mix[None] / np.float32(len(STEMS)), len(STEMS), axis=0)


class OracleSeparator:
    """Ideal ratio masks: each stem's share of the power, from the truth, applied to the mix that it is given.

    The windows are those of the live engine, the profile `standard`. Being a filter that is fixed in advance it
    can be wrapped in steps. This one masks each bin of left and right apart.
    """

    name = "oracle.bins"
    stems = STEMS
    rates: tuple[int, ...] = ()

    def __init__(self, song: MultitrackSong) -> None:
        self._truth = _order_stems(song)
        self._rate = song.rate

    def separate(self, mix: Audio, rate: int) -> Audio:
        """``mix`` must have the frames and the rate of the song."""
        if mix.shape != self._truth.shape[1:] or rate != self._rate:
            raise EngineError(
                f"{self.name}: knows {self._truth.shape[2]} frames at {self._rate} Hz, not {mix.shape[1]} at {rate}",
                "an oracle separates the song that it was made for, whole",
            )
        frames = mix.shape[1]
        analysis, synthesis = make_windows(WINDOW, HOP, OVERLAP)
        hops = -(-(frames + OVERLAP) // HOP)
        padded = np.zeros((1 + len(self._truth), 2, WINDOW + hops * HOP), np.float32)
        padded[0, :, WINDOW - HOP : WINDOW - HOP + frames] = mix
        padded[1:, :, WINDOW - HOP : WINDOW - HOP + frames] = self._truth
        out = np.zeros((len(self._truth), 2, hops * HOP + OVERLAP), np.float32)
        for first in range(0, hops, _CHUNK_HOPS):
            count = min(_CHUNK_HOPS, hops - first)
            cut = padded[:, :, first * HOP : (first + count - 1) * HOP + WINDOW]
            seen = np.lib.stride_tricks.sliding_window_view(cut, WINDOW, axis=2)[:, :, ::HOP]
            spectra = np.fft.rfft(seen * analysis, axis=-1).astype(np.complex64, copy=False)
            masked = self._apply_masks(spectra[0], spectra[1:], rate)
            waves = np.fft.irfft(masked, WINDOW, axis=-1)[..., -HOP - OVERLAP :] * synthesis
            for i in range(count):
                start = (first + i) * HOP
                out[:, :, start : start + HOP + OVERLAP] += waves[:, :, i]
        return out[:, :, OVERLAP : OVERLAP + frames]

    def _apply_masks(self, mix: Spectra, truth: Spectra, rate: int) -> Spectra:  # noqa: ARG002 - for those that pool in Hz
        """Masked spectra (stems, 2, hops, bins) of the mix (2, hops, bins) by the truth (stems, 2, hops, bins)."""
        return _compute_shares(_compute_power(truth)) * mix


class GridOracleSeparator(OracleSeparator):
    """The same on what the learned engine can choose: Mid and Side, 240 points in Hz."""

    name = "oracle.grid"

    def _apply_masks(self, mix: Spectra, truth: Spectra, rate: int) -> Spectra:
        lower, upper = compute_spreading(rate)
        points = _compute_power(_to_mid_side(truth)) @ compute_pooling(rate).T
        shares = _compute_shares(points)
        masks = shares[..., lower] * (1.0 - upper) + shares[..., lower + 1] * upper
        middle, side = np.moveaxis(masks * _to_mid_side(mix), 1, 0)
        return np.stack([middle + side, middle - side], axis=1)


def _order_stems(song: MultitrackSong) -> Audio:
    """(4, 2, frames) in order of STEMS; what is in one for the song is put into "other"."""
    truth = np.zeros((len(STEMS), *song.truth.shape[1:]), np.float32)
    for stem, wave in zip(song.stems, song.truth, strict=True):
        truth[STEMS.index("other" if stem == BASSOTHER else stem)] += wave
    return truth


def _compute_power(spectra: Spectra) -> Float32Array:
    return spectra.real**2 + spectra.imag**2


def _compute_shares(powers: Float32Array) -> Float32Array:
    """Each stem's share, summing to one over the first axis."""
    some = powers + np.float32(MIN_POWER)
    return np.asarray(some / some.sum(axis=0), dtype=np.float32)


def _to_mid_side(spectra: Spectra) -> Spectra:
    """Mid and Side in place of left and right; the channels are the third axis from the end."""
    left, right = spectra[..., 0, :, :], spectra[..., 1, :, :]
    both = np.stack([left + right, left - right], axis=-3)
    both *= 0.5
    return both
