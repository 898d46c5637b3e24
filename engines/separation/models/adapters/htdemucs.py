"""HTDemucs adapter: a waveform, or a waveform and its spectrum, in pieces of 7.8 s.

Two exports are public. *Waveform*: ``mix`` (1, 2, 343980) gives (1, stems, 2, 343980), all FFTs in the graph
(StemSplit/demucs-onnx, src/demucs_onnx/inference.py). *Spectral core*: ``mag`` (1, 4, 2048, 336) besides, that is
left real, left imaginary, right real, right imaginary; it gives the same four a stem, (1, stems, 4, 2048, 336), and a
waveform; a stem is the sum of both (sevagh/demucs.onnx, described in dataO1/Mesh,
crates/mesh-cue/src/separation/demucs.md). Usual stem order: drums, bass, other, vocals (guitar, piano).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ModelError
from engines.separation.models.adapters.joining import JoinedNetwork
from engines.separation.models.chunked import ChunkedNetwork
from engines.separation.models.manifest import Manifest, ModelFile
from engines.separation.models.onnx_graph import Array, OnnxGraph
from engines.separation.models.torch_stft import Spectrum, Stft

PIECE = 343980
"""7.8 s at 44.1 kHz, the length that HTDemucs was trained with."""
WINDOW, HOP = 4096, 1024
PARTS = 4
"""Left and right, real and imaginary."""
EDGE_COLUMNS = 2
"""Demucs drops two columns at each end, and adds zeros there before synthesis (demucs/htdemucs.py, _spec, _ispec)."""


def make_network(manifest: Manifest, graphs: Sequence[OnnxGraph]) -> ChunkedNetwork:
    """One network for each file, joined."""
    parts = manifest.parts
    built = [_make_file_network(manifest, part, graph) for part, graph in zip(parts, graphs, strict=True)]
    return JoinedNetwork(built, [part.kept for part in parts])


def _make_file_network(manifest: Manifest, part: ModelFile, graph: OnnxGraph) -> ChunkedNetwork:
    if len(graph.inputs) == 1:
        return Waveform(graph, part.stems, manifest.piece or PIECE)
    stft = Stft(manifest.window or WINDOW, manifest.hop or HOP, normalised=True)
    return SpectralCore(graph, part.stems, manifest.piece or PIECE, stft)


class Waveform:
    """Waveform in, stems out. ``open_frames``: the piece where the graph leaves its length open."""

    def __init__(self, graph: OnnxGraph, stems: Sequence[str], open_frames: int) -> None:
        self._graph = graph
        self._mix = graph.find_input(3, "waveform input (1, 2, frames)")
        self._own = self._mix.shape[2]
        self._open_frames = open_frames
        self._stems = tuple(stems)

    @property
    def stems(self) -> tuple[str, ...]:
        return self._stems

    @property
    def piece_frames(self) -> int:
        return self._own or self._open_frames

    @property
    def fixed(self) -> bool:
        return self._own is not None

    def apply(self, mix: Audio) -> Audio:
        results = self._graph.run({self._mix.name: mix[np.newaxis]})
        return find_waveform(self._graph, results, (len(self._stems), CHANNELS, mix.shape[1]))


class SpectralCore:
    """Waveform and spectrum in, waveforms and spectra out: their sum."""

    def __init__(self, graph: OnnxGraph, stems: Sequence[str], open_frames: int, stft: Stft) -> None:
        self._graph, self._stft = graph, stft
        self._mix = graph.find_input(3, "waveform input (1, 2, frames)")
        self._mag = graph.find_input(4, "spectrum input (1, 4, bins, columns)")
        self._own = self._mix.shape[2]
        self._open_frames = open_frames
        self._stems = tuple(stems)

    @property
    def stems(self) -> tuple[str, ...]:
        return self._stems

    @property
    def piece_frames(self) -> int:
        return self._own or self._open_frames

    @property
    def fixed(self) -> bool:
        return True

    def apply(self, mix: Audio) -> Audio:
        frames = mix.shape[1]
        spectrum = to_inner_spectrum(self._stft, mix)
        bins, columns = spectrum.shape[1:]
        mag = np.stack([spectrum.real, spectrum.imag], axis=1).reshape(1, PARTS, bins, columns)
        results = self._graph.run({self._mix.name: mix[np.newaxis], self._mag.name: mag})
        count = len(self._stems)
        waveform = find_waveform(self._graph, results, (count, CHANNELS, frames))
        for array in results.values():
            if array.shape in ((1, count, PARTS, bins, columns), (1, count * PARTS, bins, columns)):
                pairs = array.reshape(count, CHANNELS, 2, bins, columns)
                spectra = (pairs[:, :, 0] + 1j * pairs[:, :, 1]).astype(np.complex64)
                return np.asarray(waveform + to_outer_audio(self._stft, spectra, frames))
        raise _make_missing_error(self._graph, results, f"spectra output (1, {count}, {PARTS}, {bins}, {columns})")


def find_waveform(graph: OnnxGraph, results: dict[str, Array], shape: tuple[int, ...]) -> Audio:
    """The waveforms among ``results``, those of ``shape`` (stems, 2, frames) after the batch axis."""
    for array in results.values():
        if array.shape == (1, *shape):
            return np.asarray(array[0], np.float32)
    raise _make_missing_error(graph, results, f"waveform output {(1, *shape)}")


def to_inner_spectrum(stft: Stft, mix: Audio) -> Spectrum:
    """(channels, frames) as (channels, window / 2, ceil(frames / hop)), without Nyquist and without the edges."""
    columns = -(-mix.shape[-1] // stft.hop)
    before = stft.hop // 2 * 3
    padded = np.pad(mix, ((0, 0), (before, before + columns * stft.hop - mix.shape[-1])), mode="reflect")
    return stft.analyse(padded)[:, :-1, EDGE_COLUMNS : EDGE_COLUMNS + columns]


def to_outer_audio(stft: Stft, spectra: Spectrum, frames: int) -> Audio:
    """The inverse: (..., bins, columns) to (..., frames). Not exact in the first and last 1.5 hops: as in training."""
    whole = np.pad(spectra, [(0, 0)] * (spectra.ndim - 2) + [(0, 1), (EDGE_COLUMNS, EDGE_COLUMNS)])
    before = stft.hop // 2 * 3
    length = -(-frames // stft.hop) * stft.hop + 2 * before
    return stft.synthesise(whole, length)[..., before : before + frames]


def _make_missing_error(graph: OnnxGraph, results: dict[str, Array], wanted: str) -> ModelError:
    found = ", ".join(f"{name} {array.shape}" for name, array in results.items())
    hint = "correct stems, window or hop in the manifest, or choose another adapter"
    return ModelError(f"{graph.path}: no {wanted}; it gave {found}", hint)
