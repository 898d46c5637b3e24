"""Networks that compute nothing: graphs that claim given shapes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

IR_VERSION, OPSET = 10, 17
OPEN = "any"
"""An axis whose size the graph leaves open."""
Shape = tuple[int | str, ...]


def make_network(inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> bytes:
    """An ONNX graph with these inputs and outputs, which are zeros."""

    def claim(ports: Mapping[str, Shape]) -> list[ValueInfoProto]:
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ports.items()]

    zeros = {
        name: np.zeros([size if isinstance(size, int) else 1 for size in shape], np.float32)
        for name, shape in outputs.items()
    }
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"no {name}"], [name]) for name in outputs],
        "shapes",
        claim(inputs),
        claim(outputs),
        [numpy_helper.from_array(array, f"no {name}") for name, array in zeros.items()],
    )
    model = helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])
    data: bytes = model.SerializeToString()
    return data
