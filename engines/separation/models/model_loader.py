"""Model loader: a stored model as a separator, its hashes checked before use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engines.separation.engine_profiles import open_profile
from engines.separation.models.adapters import htdemucs, mdxnet, openunmix, roformer, spleeter
from engines.separation.models.adapters.streaming import StreamingSeparator
from engines.separation.models.chunked import ChunkedNetwork, PieceSeparator
from engines.separation.models.confined_session import ProcessLimits, open_confined
from engines.separation.models.manifest import Manifest
from engines.separation.models.onnx_graph import OnnxGraph, open_graph
from engines.separation.models.rest_separation import RestSeparator
from engines.separation.models.store import Model, ModelStore, open_user_store
from engines.separation.separator import Separator

NETWORKS: dict[str, Callable[[Manifest, Sequence[OnnxGraph]], ChunkedNetwork]] = {
    "htdemucs": htdemucs.make_network,
    "roformer": roformer.make_network,
    "openunmix": openunmix.make_network,
    "mdxnet": mdxnet.make_network,
    "spleeter": spleeter.make_network,
}
"""Adapters of networks with fixed pieces. The streaming one has no pieces and is a separator itself."""

PADDED_AT_END = frozenset({"spleeter"})
"""Adapters whose short pieces are padded at the end, as the publisher's own code does."""


def load_separator(name: str, store: ModelStore | None = None) -> Separator:
    """Load the user's model ``name`` (or that of ``store``), with every stem that it has.

    Where its manifest names a ``rest_profile``, that separates what the model leaves. Its graphs run in processes of
    their own. Raises: ModelError or ConfigError where there is no such model, a file was changed, or the manifest or
    the tensors do not fit.
    """
    model = (store or open_user_store()).get(name)
    model.check_hashes()
    separator, manifest = load_confined(model), model.manifest
    if not manifest.rest_profile:
        return separator
    return RestSeparator(separator, manifest.rest, open_profile(manifest.rest_profile)[0])


def load_confined(model: Model) -> PieceSeparator | StreamingSeparator:
    """Make the separator of ``model``; its graphs run in child processes, within the manifest's limit."""
    limits = ProcessLimits(model.manifest.limit_s)
    return make_separator(model, lambda path: open_confined(path, limits))


def make_separator(
    model: Model, open_file: Callable[[Path], OnnxGraph] = open_graph
) -> PieceSeparator | StreamingSeparator:
    """Make the separator of ``model``, its files opened by ``open_file``; hashes are not checked here."""
    manifest = model.manifest
    graphs = [open_file(model.get_path(part)) for part in manifest.parts]
    if manifest.adapter == "streaming":
        return StreamingSeparator(manifest, graphs[0])
    network = NETWORKS[manifest.adapter](manifest, graphs)
    return PieceSeparator(
        manifest.name,
        manifest.rate,
        network,
        manifest.rest,
        manifest.normalisation,
        padded_at_end=manifest.adapter in PADDED_AT_END,
    )
