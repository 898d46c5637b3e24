"""BS-RoFormer and Mel-RoFormer adapter, STFT outside the graph: spectra in, spectra or masks out, in pieces of 8 s.

Three exports are covered. *Pair*: ``spec_real`` and ``spec_imag`` (1, 2, 1025, 801) give spectra of the same kind a
stem, (1, stems, 2, 1025, 801) (model card of silverdaw/bs-roformer-rhythm-onnx). *Joint*: ``spec`` (1, 2 * 1025,
columns, 2), a bin's left before its right, last axis real and imaginary, gives complex masks (1, stems, 2 * 1025,
columns, 2); the host multiplies and takes out bin 0 (santiquiroz/port-bs-roformer-onnx, driver/pipeline.py and
toolkit/spec_models.py; the cut is that of ZFTurbo/MSS_ONNX_TensorRT, models_without_stft). *Banded*: as joint, but
only the bins of overlapping mel bands go in or masks for these come out; ``bins`` in the manifest lists them
(lucidrains/BS-RoFormer, mel_band_roformer.py: freq_indices, num_bands_per_freq; masks of a bin are averaged over its
bands).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ModelError
from engines.separation.models.adapters.joining import JoinedNetwork
from engines.separation.models.chunked import ChunkedNetwork
from engines.separation.models.manifest import Manifest, ModelFile
from engines.separation.models.onnx_graph import Array, OnnxGraph, Tensor
from engines.separation.models.torch_stft import Spectrum, Stft

WINDOW, HOP = 2048, 441
PIECE = 352800
"""8 s at 44.1 kHz, the usual chunk_size of these models' configurations."""


def make_network(manifest: Manifest, graphs: Sequence[OnnxGraph]) -> ChunkedNetwork:
    """One network for each file, joined."""
    stft = Stft(manifest.window or WINDOW, manifest.hop or HOP)
    parts = manifest.parts
    built = [_make_file_network(manifest, part, graph, stft) for part, graph in zip(parts, graphs, strict=True)]
    return JoinedNetwork(built, [part.kept for part in parts])


def _make_file_network(manifest: Manifest, part: ModelFile, graph: OnnxGraph, stft: Stft) -> ChunkedNetwork:
    piece = manifest.piece or PIECE
    if len(graph.inputs) > 1:
        return Pair(graph, part.stems, stft, piece, masks=manifest.gives == "masks")
    return Joint(graph, part.stems, stft, piece, manifest.bins, masks=manifest.gives != "spectra")


class _Columns:
    """Base of both exports: a length in columns, ``tensor``'s axis ``axis``, or open."""

    def __init__(
        self, graph: OnnxGraph, stems: Sequence[str], stft: Stft, tensor: Tensor, axis: int, piece: int
    ) -> None:
        self._graph, self._stft, self._stems = graph, stft, tuple(stems)
        columns = tensor.shape[axis]
        self._own = stft.count_frames(columns) if columns is not None else None
        self._open_frames = piece

    @property
    def stems(self) -> tuple[str, ...]:
        return self._stems

    @property
    def piece_frames(self) -> int:
        return self._own or self._open_frames

    @property
    def fixed(self) -> bool:
        return self._own is not None

    def _reshape(self, array: Array, shape: tuple[int, ...], name: str) -> Array:
        """``array`` without the batch axis and with the stem axis first, also where a single stem has none."""
        count = len(self._stems)
        if array.shape == (1, count, *shape) or (count == 1 and array.shape == (1, *shape)):
            return array.reshape(count, *shape)
        message = f"{self._graph.path}: output {name}: expected {(1, count, *shape)}, found {array.shape}"
        raise ModelError(message, "correct stems, window or hop in the manifest, or choose another adapter")


class Pair(_Columns):
    """Real and imaginary parts in two tensors."""

    def __init__(self, graph: OnnxGraph, stems: Sequence[str], stft: Stft, piece: int, *, masks: bool) -> None:
        self._real = graph.find_input(4, "input with 'real' in its name (1, 2, bins, columns)", "real")
        self._imag = graph.find_input(4, "input with 'imag' in its name (1, 2, bins, columns)", "imag")
        super().__init__(graph, stems, stft, self._real, 3, piece)
        self._masks = masks

    def apply(self, mix: Audio) -> Audio:
        spectrum = self._stft.analyse(mix)
        feeds = {self._real.name: spectrum.real[np.newaxis], self._imag.name: spectrum.imag[np.newaxis]}
        results = self._graph.run(feeds)
        real, imag = (self._find_part(results, part, spectrum.shape) for part in ("real", "imag"))
        found = (real + 1j * imag).astype(np.complex64)
        if self._masks:
            found = _remove_dc((found * spectrum).astype(np.complex64))
        return self._stft.synthesise(found, mix.shape[1])

    def _find_part(self, results: dict[str, Array], part: str, shape: tuple[int, ...]) -> Array:
        names = [name for name in results if part in name.lower()]
        if len(names) != 1:
            raise self._graph.make_missing_error(f"output with '{part}' in its name (1, stems, 2, bins, columns)")
        return self._reshape(results[names[0]], shape, names[0])


class Joint(_Columns):
    """Both channels and both parts in one tensor, whole or only the bins of its bands."""

    def __init__(
        self, graph: OnnxGraph, stems: Sequence[str], stft: Stft, piece: int, bins: Sequence[int], *, masks: bool
    ) -> None:
        self._spec = graph.find_input(4, "spectrum input (1, 2 * bins, columns, 2)")
        super().__init__(graph, stems, stft, self._spec, 2, piece)
        self._masks = masks
        self._rows = _find_rows(graph, bins, stft.bins)

    def apply(self, mix: Audio) -> Audio:
        spectrum = self._stft.analyse(mix)
        rows = _interleave(spectrum)
        banded = self._rows.size > 0 and self._spec.shape[1] == self._rows.size
        given = rows[self._rows] if banded else rows
        results = self._graph.run({self._spec.name: np.stack([given.real, given.imag], axis=-1)[np.newaxis]})
        if len(results) != 1:
            raise self._graph.make_missing_error("single output of masks (1, stems, 2 * bins, columns, 2)")
        name, array = next(iter(results.items()))
        found = self._scatter_bands(array, name, rows.shape)
        if not self._masks:
            return self._stft.synthesise(_deinterleave(found), mix.shape[1])
        return self._stft.synthesise(_remove_dc(_deinterleave((found * rows).astype(np.complex64))), mix.shape[1])

    def _scatter_bands(self, array: Array, name: str, shape: tuple[int, ...]) -> Spectrum:
        """(stems, 2 * bins, columns), complex; what comes for bands is averaged where bands overlap."""
        if self._rows.size and array.ndim >= 3 and array.shape[-3] == self._rows.size != shape[0]:
            pairs = self._reshape(array, (self._rows.size, shape[1], 2), name)
            total = np.zeros((len(pairs), *shape), np.complex64)
            for stem, masks in zip(total, pairs[..., 0] + 1j * pairs[..., 1], strict=True):
                np.add.at(stem, self._rows, masks)
            bands = np.bincount(self._rows, minlength=shape[0])
            return (total / np.maximum(bands, 1)[:, np.newaxis]).astype(np.complex64)
        pairs = self._reshape(array, (*shape, 2), name)
        return np.asarray(pairs[..., 0] + 1j * pairs[..., 1], np.complex64)


def _find_rows(graph: OnnxGraph, bins: Sequence[int], count: int) -> NDArray[np.int64]:
    """The rows of the interleaved spectrum in the bands, from the bins of one channel."""
    indices = np.asarray(bins, np.int64)
    if indices.size and indices.max() >= count:
        message = f"{graph.path}: bins: {int(indices.max())} is beyond the {count} bins of the window"
        raise ModelError(message, "give frequency indices of one channel, or correct window")
    return np.asarray((indices[:, np.newaxis] * CHANNELS + np.arange(CHANNELS)).reshape(-1))


def _interleave(spectrum: Spectrum) -> Spectrum:
    """(2, bins, columns) as (2 * bins, columns), a bin's left before its right."""
    return np.swapaxes(spectrum, 0, 1).reshape(-1, spectrum.shape[2])


def _deinterleave(rows: Spectrum) -> Spectrum:
    """The inverse of `_interleave`, for every stem: (stems, 2 * bins, columns) as (stems, 2, bins, columns)."""
    return np.swapaxes(rows.reshape(len(rows), -1, CHANNELS, rows.shape[-1]), 1, 2)


def _remove_dc(spectra: Spectrum) -> Spectrum:
    """Set bin 0 to zero, as the models' own inference does after masking (zero_dc)."""
    spectra[..., 0, :] = 0.0
    return spectra
