"""MDX-Net adapter, as in Ultimate Vocal Remover: a complex spectrum as four channels in, one stem's out.

(B, 4, dim_f, dim_t): left real, left imaginary, right real, right imaginary; hop 1024, reflected padding, the lowest
dim_f bins; a piece is hop * (dim_t - 1) frames (kuielab/mdx-net-submission; seanghay/uvr-mdx-infer, separate.py). The
window (n_fft) is not in the graph: 6144, 5120 and 7680 are usual, and the manifest must give it. Several stems stack as
(B, 4 * stems, dim_f, dim_t). The rest is the mix minus the model's stems; ``gain`` is UVR's compensate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ModelError
from engines.separation.models.adapters.joining import JoinedNetwork
from engines.separation.models.chunked import ChunkedNetwork
from engines.separation.models.manifest import Manifest, ModelFile
from engines.separation.models.onnx_graph import OnnxGraph
from engines.separation.models.torch_stft import Stft

HOP = 1024
PARTS = 4
COLUMNS = 256
"""2^8, UVR's usual length, where the graph leaves it open."""


def make_network(manifest: Manifest, graphs: Sequence[OnnxGraph]) -> ChunkedNetwork:
    """One network for each file, joined."""
    if manifest.window is None:
        hint = "give the model's n_fft: 6144, 5120 and 7680 are usual; UVR's model_data.json lists them"
        raise ModelError(f"{manifest.name}: window: missing in the manifest", hint)
    stft = Stft(manifest.window, manifest.hop or HOP)
    parts = manifest.parts
    built = [MdxNet(graph, part, stft, manifest.gain) for part, graph in zip(parts, graphs, strict=True)]
    return JoinedNetwork(built, [part.kept for part in parts])


class MdxNet:
    """One graph, with the STFT outside."""

    def __init__(self, graph: OnnxGraph, part: ModelFile, stft: Stft, gain: float) -> None:
        self._graph, self._stems, self._stft, self._gain = graph, part.stems, stft, gain
        self._spec = graph.find_input(4, "spectrum input (B, 4, bins, columns)")
        self._batch = self._spec.shape[0] or 1
        self._bins = self._spec.shape[2] or stft.bins - 1
        self._columns = self._spec.shape[3] or COLUMNS
        if self._bins > stft.bins:
            message = f"{graph.path}: input {self._spec} has more bins than a window of {stft.window}"
            raise ModelError(message, "correct window in the manifest")

    @property
    def stems(self) -> tuple[str, ...]:
        return self._stems

    @property
    def piece_frames(self) -> int:
        return self._stft.count_frames(self._columns)

    @property
    def fixed(self) -> bool:
        return True

    def apply(self, mix: Audio) -> Audio:
        spectrum = self._stft.analyse(mix)
        low = spectrum[:, : self._bins]
        given = np.stack([low.real, low.imag], axis=1).reshape(1, PARTS, self._bins, self._columns)
        results = self._graph.run({self._spec.name: np.repeat(given, self._batch, axis=0)})
        if len(results) != 1:
            raise self._graph.make_missing_error("single output (B, 4, bins, columns)")
        name, array = next(iter(results.items()))
        count = len(self._stems)
        expected = (self._batch, PARTS * count, self._bins, self._columns)
        if array.shape != expected:
            message = f"{self._graph.path}: output {name}: expected {expected}, found {array.shape}"
            raise ModelError(message, "correct stems in the manifest, or choose another adapter")
        pairs = array[0].reshape(count, CHANNELS, 2, self._bins, self._columns)
        whole = np.zeros((count, CHANNELS, self._stft.bins, self._columns), np.complex64)
        whole[:, :, : self._bins] = pairs[:, :, 0] + 1j * pairs[:, :, 1]
        return self._stft.synthesise(whole, mix.shape[1]) * np.float32(self._gain)
