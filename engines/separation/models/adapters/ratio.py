"""Ratio masks from estimated magnitudes, for Open-Unmix and Spleeter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.errors import ModelError
from engines.separation.models.onnx_graph import Array, OnnxGraph

_TINY = 1e-10


def make_ratio_masks(guesses: Float32Array, mix: Float32Array, power: int, *, whole: bool) -> Float32Array:
    """Masks between 0 and 1 from ``guesses``, magnitudes of shape (stems, ...).

    ``whole``: the stems are complete, so that the masks sum to one, in silence too. Otherwise the part of the ``mix``
    (the same shape without stems) beyond them is left over. ``power``: 1 for Open-Unmix's soft mask
    (openunmix/filtering.py, wiener with softmask), 2 for Spleeter's (its separation_exponent).
    """
    raised = np.maximum(guesses, 0.0) ** power
    total = raised.sum(axis=0)
    if whole:
        return np.asarray((raised + _TINY / len(raised)) / (total + _TINY), np.float32)
    return np.asarray(raised / np.maximum(np.maximum(total, mix**power), _TINY), np.float32)


def find_stem_arrays(
    graph: OnnxGraph, results: Mapping[str, Array], stems: Sequence[str], shape: tuple[int, ...]
) -> Float32Array:
    """Find the outputs (stems, ...) of a graph with an output named after each stem, or with one that stacks them.

    ``shape`` is that of one stem with its batch axis; a stack has the stem axis first or after the batch.
    """
    count = len(stems)
    if count > 1 and len(results) > 1:
        found = []
        for stem in stems:
            names = [name for name in results if stem in name.lower()]
            if len(names) != 1:
                raise graph.make_missing_error(f"output whose name has {stem!r} in it")
            found.append(_check_shape(graph, names[0], results[names[0]], shape))
        return np.stack(found)
    if len(results) != 1:
        raise graph.make_missing_error("single output")
    name, array = next(iter(results.items()))
    if count == 1 and array.shape == shape:
        return array[np.newaxis]
    if array.shape == (shape[0], count, *shape[1:]):
        return np.swapaxes(array, 0, 1)
    return _check_shape(graph, name, array, (count, *shape))


def _check_shape(graph: OnnxGraph, name: str, array: Array, shape: tuple[int, ...]) -> Array:
    if array.shape != shape:
        message = f"{graph.path}: output {name}: expected {shape}, found {array.shape}"
        raise ModelError(message, "correct stems in the manifest, or choose another adapter")
    return array
