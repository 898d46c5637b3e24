"""Models with a separation model's contract, small enough to work out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from bridge.core.arrays import Float64Array
from bridge.core.audio import STEMS
from engines.separation.frequency_grid import POINTS

POWER, MASKS = (1, 1, 3, POINTS), (1, 1, len(STEMS), 2, POINTS)
STATE = (1, 1, 2, 4)
KEEP, FLOOR = 0.8, 1e-6
IR_VERSION, OPSET = 10, 17


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    arrays: dict[str, NDArray[np.generic]],
    power: tuple[int, ...] = POWER,
    state: tuple[int, ...] = STATE,
    masks: tuple[int, ...] = MASKS,
) -> Path:
    """A graph of ``nodes`` with ``arrays`` as constants; the shapes are those that it claims."""

    def value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "tiny",
        [value("power", power), value("state", state)],
        [value("masks", masks), value("after", state)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opset = [helper.make_opsetid("", OPSET)]
    onnx.save(helper.make_model(graph, ir_version=IR_VERSION, opset_imports=opset), path)
    return path


def write_equal_shares(path: Path, masks: tuple[int, ...] = MASKS, state: tuple[int, ...] = STATE) -> Path:
    """A model that gives each stem a quarter of everything, and remembers what it is given."""
    nodes = [helper.make_node("Identity", ["quarters"], ["masks"]), helper.make_node("Identity", ["state"], ["after"])]
    return save(path, nodes, {"quarters": np.full(masks, 0.25, np.float32)}, state=state, masks=masks)


def _weights() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(11)
    size = int(np.prod(STATE))
    into = rng.normal(0, 0.02, (3 * POINTS, size)).astype(np.float32)
    return into, rng.normal(0, 1.0, (size, int(np.prod(MASKS)))).astype(np.float32)


def write_remembering(path: Path) -> Path:
    """A model whose masks depend on all that its memory received; `remember` is the same in NumPy."""
    into, out = _weights()
    nodes = [
        helper.make_node("Reshape", ["power", "row"], ["flat"]),
        helper.make_node("Abs", ["flat"], ["size"]),
        helper.make_node("Add", ["size", "floor"], ["raised"]),
        helper.make_node("Log", ["raised"], ["levels"]),
        helper.make_node("MatMul", ["levels", "into"], ["sums"]),
        helper.make_node("Tanh", ["sums"], ["new"]),
        helper.make_node("Mul", ["new", "share"], ["fresh"]),
        helper.make_node("Reshape", ["state", "row"], ["before"]),
        helper.make_node("Mul", ["before", "keep"], ["kept"]),
        helper.make_node("Add", ["kept", "fresh"], ["memory"]),
        helper.make_node("Reshape", ["memory", "state_shape"], ["after"]),
        helper.make_node("MatMul", ["memory", "out"], ["logits"]),
        helper.make_node("Reshape", ["logits", "masks_shape"], ["shaped"]),
        helper.make_node("Softmax", ["shaped"], ["masks"], axis=2),
    ]
    arrays: dict[str, NDArray[np.generic]] = {
        "row": np.array([1, -1]),
        "floor": np.array(FLOOR, np.float32),
        "share": np.array(1 - KEEP, np.float32),
        "keep": np.array(KEEP, np.float32),
        "into": into,
        "out": out,
        "state_shape": np.array(STATE),
        "masks_shape": np.array(MASKS),
    }
    return save(path, nodes, arrays)


def remember(power: Float64Array, memory: Float64Array) -> tuple[Float64Array, Float64Array]:
    """`write_remembering` in NumPy: powers (3, POINTS) and the memory to the masks (stems, 2, POINTS), memory."""
    into, out = _weights()
    after = KEEP * memory + (1 - KEEP) * np.tanh(np.log(np.abs(power).ravel() + FLOOR) @ into).reshape(STATE)
    logits = (after.ravel() @ out).reshape(MASKS[2:])
    shares = np.exp(logits - logits.max(axis=0))
    return shares / shares.sum(axis=0), after
