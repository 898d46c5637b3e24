"""Spleeter graph: the U-Net of one stem of Spleeter as an ONNX model, from its weights.

Six convolutions that halve the image, six that double it, with the image of each size joined in; the last layer's
mask times the input is the estimated magnitude. Figures: Hennequin et al., "Spleeter: a fast and efficient music
source separation tool with pre-trained models", JOSS 2020, and Jansson et al., ISMIR 2017. The widths are those of the
weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.errors import ModelError

INPUT, OUTPUT = "magnitude", "estimate"
COLUMNS, BINS = 512, 1024
"""Size of the image: columns of the spectrum and its lowest bins."""
LEVELS = 6
"""Number of halvings, and of doublings."""
IR_VERSION, OPSET = 8, 17

_HALVING = {"kernel_shape": [5, 5], "strides": [2, 2], "pads": [1, 1, 2, 2]}
"""Convolution that halves an image exactly, or transposed doubles it: TensorFlow's padding "same"."""
_LAST = {"kernel_shape": [4, 4], "dilations": [2, 2], "pads": [3, 3, 3, 3]}
_LEAK, _EPSILON = 0.2, 1e-3
"""Slope of the leaky ReLU below 0, and the addition to the variances, both as in training."""


def write_spleeter_graph(weights: Mapping[str, Float32Array], path: Path, name: str) -> None:
    """Write the network with ``weights`` to ``path``: magnitudes (1, 2, 512, 1024) in and out.

    ``name``: of the file that the weights come from, for errors. Raises: ModelError where a weight is missing.
    """
    import onnx

    graph = _GraphWriter(weights, name)
    graph.write_network()
    shape = [1, 2, COLUMNS, BINS]
    make_info, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    whole = onnx.helper.make_graph(
        graph.nodes, "spleeter", [make_info(INPUT, kind, shape)], [make_info(OUTPUT, kind, shape)], graph.weights
    )
    opsets = [onnx.helper.make_opsetid("", OPSET)]
    model = onnx.helper.make_model(whole, ir_version=IR_VERSION, opset_imports=opsets)
    path.write_bytes(model.SerializeToString(deterministic=True))


class _GraphWriter:
    """Nodes and weights of a graph, in order."""

    def __init__(self, weights: Mapping[str, Float32Array], name: str) -> None:
        self._given, self._name = weights, name
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def write_network(self) -> None:
        halved, image = [], INPUT
        for level in range(1, LEVELS + 1):
            halved.append(self._add_weighted("Conv", image, f"down{level}_conv.1", _HALVING))
            if level < LEVELS:  # the smallest image is doubled again without normalisation
                image = self._add_normalisation(halved[-1], f"down{level}_act.0")
                image = self._add("LeakyRelu", [image], f"down{level}", alpha=_LEAK)
        image = halved[-1]
        for level in range(1, LEVELS + 1):
            if level > 1:
                image = self._add("Concat", [halved[LEVELS - level], image], f"joined{level}", axis=1)
            image = self._add_weighted("ConvTranspose", image, f"up{level}.0", _HALVING)
            image = self._add_normalisation(self._add("Relu", [image], f"up{level}"), f"up{level}.3")
        mask = self._add("Sigmoid", [self._add_weighted("Conv", image, "up7.0", _LAST)], "mask")
        self._add("Mul", [mask, INPUT], OUTPUT)

    def _add_weighted(self, kind: str, image: str, key: str, options: Mapping[str, list[int]]) -> str:
        names = [self._add_weight(f"{key}.{part}") for part in ("weight", "bias")]
        return self._add(kind, [image, *names], key, **options)

    def _add_normalisation(self, image: str, key: str) -> str:
        parts = ("weight", "bias", "running_mean", "running_var")
        names = [self._add_weight(f"{key}.{part}") for part in parts]
        return self._add("BatchNormalization", [image, *names], key, epsilon=_EPSILON)

    def _add(self, kind: str, inputs: list[str], output: str, **options: Any) -> str:
        import onnx

        self.nodes.append(onnx.helper.make_node(kind, inputs, [output], name=output, **options))
        return output

    def _add_weight(self, key: str) -> str:
        import onnx

        if key not in self._given:
            raise ModelError(f"{self._name}: lacks the weight {key}", "fetch the file again")
        self.weights.append(onnx.numpy_helper.from_array(np.ascontiguousarray(self._given[key]), key))
        return key
