"""Spectrograms and their inverse for the postprocessors, and processing in cross-faded pieces to bound memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio

Spectra = NDArray[np.complex64]
"""Shape (..., spectra, bins): one spectrum each HOP frames."""

WINDOW, HOP = 4096, 1024
"""Window and hop in frames: those of Open-Unmix, for whose estimates the Wiener filter was tuned."""
_MARGIN = WINDOW - HOP

PIECE_S, FADE_S = 12.0, 1.0
"""Length of a piece, and of the overlap of neighbouring pieces. The spectra of four stems take 70 MB."""


def _make_window() -> NDArray[np.float32]:
    """Root of a Hann window, scaled so that its squares add up to one at a hop of a quarter."""
    hann = np.sin(np.pi * (np.arange(WINDOW) + 0.5) / WINDOW) ** 2
    return np.sqrt(hann * 2 * HOP / WINDOW).astype(np.float32)


def analyse(waves: Audio) -> Spectra:
    """Spectra of (..., frames), with padding so that every frame lies in four windows."""
    frames = waves.shape[-1]
    padding = [(0, 0)] * (waves.ndim - 1) + [(_MARGIN, _MARGIN + -frames % HOP)]
    padded = np.pad(waves, padding)
    seen = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=-1)[..., ::HOP, :]
    return np.fft.rfft(seen * _make_window(), axis=-1).astype(np.complex64, copy=False)


def synthesise(spectra: Spectra, frames: int) -> Audio:
    """The inverse of `analyse`, shape (..., frames); for inconsistent spectra the nearest wave in energy."""
    waves = np.fft.irfft(spectra, WINDOW, axis=-1).astype(np.float32, copy=False)
    waves *= _make_window()
    count, parts = spectra.shape[-2], WINDOW // HOP
    out = np.zeros((*spectra.shape[:-2], count + parts - 1, HOP), np.float32)
    for part in range(parts):
        out[..., part : part + count, :] += waves[..., part * HOP : (part + 1) * HOP]
    return out.reshape(*spectra.shape[:-2], -1)[..., _MARGIN : _MARGIN + frames]


def process_in_pieces(work: Callable[[Audio, Audio], Audio], mix: Audio, stems: Audio, rate: int) -> Audio:
    """Apply ``work(mix, stems)`` to pieces of PIECE_S that cross-fade over FADE_S, so that memory is bounded.

    ``mix``: (2, frames); ``stems`` and the result: (stems, 2, frames). Stems that sum to the mix in the pieces do so in
    the whole.
    """
    frames, piece, fade = mix.shape[1], round(PIECE_S * rate), round(FADE_S * rate)
    if frames <= piece:
        return work(mix, stems)
    out = np.zeros_like(stems)
    rising = ((np.arange(fade) + 0.5) / fade).astype(np.float32)
    starts = range(0, frames - fade, piece - fade)
    for start in starts:
        end = min(start + piece, frames)
        done = work(mix[:, start:end], stems[:, :, start:end])
        if start:
            done[:, :, :fade] *= rising
        if start != starts[-1]:
            done[:, :, -fade:] *= rising[::-1]
        out[:, :, start:end] += done
    return out
