"""An ONNX file opened to be run offline: its tensors by name, and errors that name file, tensor and shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bridge.errors import ModelError

Array: TypeAlias = NDArray[Any]

_FATAL = 4
"""ONNX Runtime's severity above which it writes to stderr; what goes wrong comes as an exception anyway."""
_KINDS: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}


@dataclass(frozen=True)
class Tensor:
    """An input or output as the graph declares it; an axis that is left open is None."""

    name: str
    shape: tuple[int | None, ...]
    kind: type[np.generic]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join('any' if size is None else str(size) for size in self.shape)})"

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of ``shape`` fits."""
        return len(shape) == len(self.shape) and all(
            own in (None, other) for own, other in zip(self.shape, shape, strict=True)
        )


class Graph:
    """An opened graph. ``run`` takes and gives float32 whatever width the graph computes in."""

    def __init__(self, path: Path, session: onnxruntime.InferenceSession) -> None:
        self.path = path
        self._session = session
        self.inputs = [_tensor(path, node) for node in session.get_inputs()]
        self.outputs = [_tensor(path, node) for node in session.get_outputs()]

    def about(self) -> dict[str, object]:
        """What the exporter wrote into the file; JSON where it is JSON."""
        told: dict[str, object] = {}
        for key, text in self._session.get_modelmeta().custom_metadata_map.items():
            try:
                told[key] = json.loads(text)
            except ValueError:
                told[key] = text
        return told

    def lacks(self, wanted: str) -> ModelError:
        """The error that ``wanted`` is not there, with what is."""
        there = "; ".join(
            f"{kind}: {', '.join(str(tensor) for tensor in tensors)}"
            for kind, tensors in (("inputs", self.inputs), ("outputs", self.outputs))
        )
        return ModelError(f"{self.path}: no {wanted} ({there})", "choose the adapter that fits this export")

    def input(self, axes: int, wanted: str, part: str = "") -> Tensor:
        """The only input with that many ``axes`` whose name has ``part`` in it; ``wanted`` says it to the user."""
        found = [tensor for tensor in self.inputs if len(tensor.shape) == axes and part in tensor.name.lower()]
        if len(found) != 1:
            raise self.lacks(wanted)
        return found[0]

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Every output by name. A ModelError names a tensor that is missing or of a wrong shape."""
        ready: dict[str, Array] = {}
        for tensor in self.inputs:
            if tensor.name not in feeds:
                hint = "choose the adapter that fits this export"
                raise ModelError(f"{self.path}: input {tensor} is not given by this adapter", hint)
            array = feeds[tensor.name]
            if not tensor.takes(array.shape):
                message = f"{self.path}: input {tensor.name}: expected {_shape(tensor.shape)}, found {array.shape}"
                raise ModelError(message, "correct window, hop or piece in the manifest, or choose another adapter")
            ready[tensor.name] = np.ascontiguousarray(array, dtype=tensor.kind)
        try:
            results = self._session.run(None, ready)
        except Exception as error:
            raise ModelError(f"{self.path}: cannot be run ({_first_line(error)})", "export it anew") from error
        named = zip(self.outputs, results, strict=True)
        return {out.name: array.astype(np.float32) if array.dtype.kind == "f" else array for out, array in named}


def open_graph(path: Path) -> Graph:
    """The graph at ``path`` on the CPU, with as many threads as ONNX Runtime likes: nothing here runs live."""
    if not path.is_file():
        raise ModelError(f"{path}: no such file", "add the model again")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        hint = "is it an ONNX file, whole, and in one piece (no .onnx.data beside it)?"
        raise ModelError(f"{path}: cannot be loaded ({_first_line(error)})", hint) from error
    return Graph(path, session)


def _tensor(path: Path, node: Any) -> Tensor:
    if node.type not in _KINDS:
        raise ModelError(f"{path}: {node.name} is a {node.type}", f"known are {', '.join(_KINDS)}")
    return Tensor(node.name, tuple(size if isinstance(size, int) else None for size in node.shape), _KINDS[node.type])


def _shape(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
