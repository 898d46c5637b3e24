"""A stored model as a separator: its hash checked before anything of it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bridge.core.audio import STEMS
from engines.separation.models.adapters import htdemucs, mdxnet, openunmix, roformer, spleeter
from engines.separation.models.adapters.streaming import StreamingSeparator
from engines.separation.models.chunked import ChunkedNetwork, FourStemSeparator, PieceSeparator
from engines.separation.models.confined_session import ProcessLimits, open_confined
from engines.separation.models.manifest import Manifest
from engines.separation.models.onnx_graph import OnnxGraph, open_graph
from engines.separation.models.store import Model, ModelStore, open_user_store
from engines.separation.separator import Separator

NETWORKS: dict[str, Callable[[Manifest, Sequence[OnnxGraph]], ChunkedNetwork]] = {
    "htdemucs": htdemucs.make_network,
    "roformer": roformer.make_network,
    "openunmix": openunmix.make_network,
    "mdxnet": mdxnet.make_network,
    "spleeter": spleeter.make_network,
}
"""Adapters that know pieces. The streaming one goes on for ever and is a separator itself."""


def load_separator(name: str, store: ModelStore | None = None) -> PieceSeparator | StreamingSeparator:
    """The model ``name`` of the user's (or of ``store``) with every stem that it knows.

    Its graphs run in processes of their own. A ModelError or ConfigError says what is wrong: no such model, a changed
    file, a manifest or tensors that do not fit.
    """
    model = (store or open_user_store()).get(name)
    model.check_hashes()
    return load_confined(model)


def load_four_stems(name: str, store: ModelStore | None = None) -> Separator:
    """As `load_separator`, with stems beyond the four (guitar, piano) added into other."""
    separator = load_separator(name, store)
    return FourStemSeparator(separator) if set(separator.stems) - set(STEMS) else separator


def load_confined(model: Model) -> PieceSeparator | StreamingSeparator:
    """As `make_separator`, its graphs run in children of this process, within the manifest's limit."""
    limits = ProcessLimits(model.manifest.limit_s)
    return make_separator(model, lambda path: open_confined(path, limits))


def make_separator(
    model: Model, opened: Callable[[Path], OnnxGraph] = open_graph
) -> PieceSeparator | StreamingSeparator:
    """``model``'s files opened by ``opened`` and fitted with its adapter; hashes are not looked at here."""
    manifest = model.manifest
    graphs = [opened(model.path(part)) for part in manifest.parts]
    if manifest.adapter == "streaming":
        return StreamingSeparator(manifest, graphs[0])
    network = NETWORKS[manifest.adapter](manifest, graphs)
    return PieceSeparator(manifest.name, manifest.rate, network, manifest.rest, manifest.normalisation)
