"""Spleeter adapter: magnitudes of the low 1024 bins in images of 512 columns, in and out; a graph a stem, or one.

Window 4096, hop 1024. The image is (splits, 2, 512, 1024) or (2, splits, 512, 1024), columns before bins: both are
public (k2-fsa/sherpa-onnx, scripts/spleeter). Masks are guess^2 over the sum of all guesses^2. Above bin 1024 (11
kHz) the mask is its own mean over the lower bins, Spleeter's mask_extension "average", so that the stems still sum to
the mix.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ModelError
from engines.separation.models.adapters.ratio import find_stem_arrays, make_ratio_masks
from engines.separation.models.chunked import ChunkedNetwork
from engines.separation.models.manifest import Manifest, ModelFile
from engines.separation.models.onnx_graph import OnnxGraph, Tensor
from engines.separation.models.torch_stft import Stft

WINDOW, HOP = 4096, 1024
COLUMNS = 512


def make_network(manifest: Manifest, graphs: Sequence[OnnxGraph]) -> ChunkedNetwork:
    """All files together, as masks share one spectrum."""
    stft = Stft(manifest.window or WINDOW, manifest.hop or HOP, "constant")
    whole = manifest.rest in {stem for part in manifest.parts for stem in part.kept}
    return Spleeter(graphs, manifest.parts, stft, whole, masks=manifest.gives == "masks")


class Spleeter:
    """``whole``: the stems are all that there is. ``masks``: the graphs give masks and no magnitudes."""

    def __init__(
        self, graphs: Sequence[OnnxGraph], parts: Sequence[ModelFile], stft: Stft, whole: bool, *, masks: bool
    ) -> None:
        self._graphs, self._parts, self._stft = list(graphs), list(parts), stft
        self._inputs = [graph.find_input(4, "magnitude input (splits, 2, columns, bins)") for graph in graphs]
        self._split_axes = [_find_split_axis(graph, image) for graph, image in zip(graphs, self._inputs, strict=True)]
        self._columns = self._inputs[0].shape[2] or COLUMNS
        self._bins = self._inputs[0].shape[3] or stft.bins - 1
        if self._bins > stft.bins:
            message = f"{graphs[0].path}: input {self._inputs[0]} has more bins than a window of {stft.window}"
            raise ModelError(message, "correct window in the manifest")
        self._whole, self._masks = whole, masks

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(stem for part in self._parts for stem in part.kept)

    @property
    def piece_frames(self) -> int:
        return self._stft.count_frames(self._columns)

    @property
    def fixed(self) -> bool:
        return True

    def apply(self, mix: Audio) -> Audio:
        spectrum = self._stft.analyse(mix)
        magnitude = np.abs(spectrum)[:, : self._bins]
        image = np.swapaxes(magnitude, 1, 2)
        guesses = []
        for graph, tensor, part, axis in zip(self._graphs, self._inputs, self._parts, self._split_axes, strict=True):
            given = np.expand_dims(image, axis)
            results = graph.run({tensor.name: given})
            found = np.squeeze(find_stem_arrays(graph, results, part.stems, given.shape), axis + 1)
            guesses.append(found[[part.stems.index(stem) for stem in part.kept]])
        masks = np.swapaxes(np.concatenate(guesses), 2, 3)
        if not self._masks:
            masks = make_ratio_masks(masks, magnitude, 2, whole=self._whole)
        return self._stft.synthesise((self._extend(masks) * spectrum).astype(np.complex64), mix.shape[1])

    def _extend(self, masks: Float32Array) -> Float32Array:
        """Extend masks (stems, 2, bins of the image, columns) to all bins."""
        missing = self._stft.bins - self._bins
        return np.concatenate([masks, np.repeat(masks.mean(axis=2, keepdims=True), missing, axis=2)], axis=2)


def _find_split_axis(graph: OnnxGraph, image: Tensor) -> int:
    """The one of the first two axes that counts the images and not the channels."""
    first, second = image.shape[:2]
    if second == CHANNELS and first in (None, 1):
        return 0
    if first == CHANNELS and second in (None, 1):
        return 1
    raise graph.make_missing_error("magnitude input (splits, 2, columns, bins) or (2, splits, columns, bins)")
