"""Spectrograms of whole pieces and their inverse, and processing in cross-faded pieces to bound memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio

Spectra = NDArray[np.complex64]
"""Shape (..., spectra, bins): one spectrum each quarter of a window."""

WINDOW, HOP = 4096, 1024
"""Window and hop of the postprocessors in frames: those of Open-Unmix, for whose estimates the Wiener filter was
tuned."""
PARTS = WINDOW // HOP
"""Hops in a window of any length."""

PIECE_S, FADE_S = 12.0, 1.0
"""Length of a piece, and of the overlap of neighbouring pieces. The spectra of four stems take 70 MB."""


def make_window(window: int = WINDOW) -> NDArray[np.float32]:
    """Root of a Hann window, shape (window,), scaled so that its squares add up to one at a hop of a quarter."""
    hann = np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2
    return np.sqrt(hann * 2 / PARTS).astype(np.float32)


def analyse(waves: Audio, window: int = WINDOW) -> Spectra:
    """Spectra of (..., frames), with padding so that every frame lies in four windows."""
    hop, frames = window // PARTS, waves.shape[-1]
    margin = window - hop
    padding = [(0, 0)] * (waves.ndim - 1) + [(margin, margin + -frames % hop)]
    padded = np.pad(waves, padding)
    seen = np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)[..., ::hop, :]
    return np.fft.rfft(seen * make_window(window), axis=-1).astype(np.complex64, copy=False)


def synthesise(spectra: Spectra, frames: int, window: int = WINDOW) -> Audio:
    """The inverse of `analyse`, shape (..., frames); for inconsistent spectra the nearest wave in energy."""
    waves = np.fft.irfft(spectra, window, axis=-1).astype(np.float32, copy=False)
    waves *= make_window(window)
    hop, count = window // PARTS, spectra.shape[-2]
    margin = window - hop
    out = np.zeros((*spectra.shape[:-2], count + PARTS - 1, hop), np.float32)
    for part in range(PARTS):
        out[..., part : part + count, :] += waves[..., part * hop : (part + 1) * hop]
    return out.reshape(*spectra.shape[:-2], -1)[..., margin : margin + frames]


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
