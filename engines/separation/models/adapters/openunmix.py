"""Open-Unmix adapter: the mix's magnitudes in, a stem's magnitudes out, one graph a stem or one with all.

Magnitude (1, 2, 2049, columns), window 4096, hop 1024, in and out (sigsep/open-unmix-pytorch, openunmix/model.py); a
graph with all gives (1, stems, 2, 2049, columns) or an output a stem. The guesses become ratio masks; no Wiener
filter here, that is a postprocessor for any separator.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import ModelError
from engines.separation.models.adapters.ratio import find_stem_arrays, make_ratio_masks
from engines.separation.models.chunked import ChunkedNetwork
from engines.separation.models.manifest import Manifest, ModelFile
from engines.separation.models.onnx_graph import OnnxGraph
from engines.separation.models.torch_stft import Stft

WINDOW, HOP = 4096, 1024
PIECE = 1024 * 1024
"""24 s at 44.1 kHz where the graph leaves the length open: its LSTM is bidirectional."""


def make_network(manifest: Manifest, graphs: Sequence[OnnxGraph]) -> ChunkedNetwork:
    """All files together, as masks share one spectrum."""
    stft = Stft(manifest.window or WINDOW, manifest.hop or HOP)
    whole = manifest.rest in {stem for part in manifest.parts for stem in part.kept}
    return OpenUnmix(graphs, manifest.parts, stft, manifest.piece or PIECE, whole, masks=manifest.gives == "masks")


class OpenUnmix:
    """``whole``: the stems are all that there is. ``masks``: the graphs give masks and no magnitudes."""

    def __init__(
        self,
        graphs: Sequence[OnnxGraph],
        parts: Sequence[ModelFile],
        stft: Stft,
        piece: int,
        whole: bool,
        *,
        masks: bool,
    ) -> None:
        self._graphs, self._parts, self._stft = list(graphs), list(parts), stft
        self._inputs = [graph.find_input(4, "magnitude input (1, 2, bins, columns)") for graph in graphs]
        lengths = {tensor.shape[3] for tensor in self._inputs}
        if len(lengths) > 1:
            raise ModelError(f"{graphs[0].path}: its files take different lengths", "export them alike")
        columns = lengths.pop()
        self._own = stft.count_frames(columns) if columns is not None else None
        self._open_frames, self._whole, self._masks = piece, whole, masks

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(stem for part in self._parts for stem in part.kept)

    @property
    def piece_frames(self) -> int:
        return self._own or self._open_frames

    @property
    def fixed(self) -> bool:
        return self._own is not None

    def apply(self, mix: Audio) -> Audio:
        spectrum = self._stft.analyse(mix)
        magnitude = np.abs(spectrum)
        guesses = []
        for graph, tensor, part in zip(self._graphs, self._inputs, self._parts, strict=True):
            results = graph.run({tensor.name: magnitude[np.newaxis]})
            found = find_stem_arrays(graph, results, part.stems, (1, *magnitude.shape))[:, 0]
            guesses.append(found[[part.stems.index(stem) for stem in part.kept]])
        masks = np.concatenate(guesses)
        if not self._masks:
            masks = make_ratio_masks(masks, magnitude, 1, whole=self._whole)
        return self._stft.synthesise((masks * spectrum).astype(np.complex64), mix.shape[1])
