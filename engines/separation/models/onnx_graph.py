"""ONNX graph for offline use: its tensors by name, within bounds; errors name file, tensor and shape."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bridge.errors import ModelError
from engines.separation.models.bounds import LARGEST_FILE, MOST_NUMBERS

Array: TypeAlias = NDArray[Any]
NodeInfo: TypeAlias = tuple[str, str, tuple[int | None, ...]]
"""Name, kind and shape of a tensor, as ONNX Runtime reports them; an open axis is None."""

MOST_TENSORS = 1024

_LONGEST_REASON = 300
_FATAL = 4
"""Lowest ONNX Runtime severity that is printed; errors are raised as exceptions anyway."""
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
    """An input or output as the graph declares it; an open axis is None."""

    name: str
    shape: tuple[int | None, ...]
    kind: type[np.generic]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join('any' if size is None else str(size) for size in self.shape)})"

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of ``shape`` fits."""
        return len(shape) == len(self.shape) and all(
            own in (None, other) for own, other in zip(self.shape, shape, strict=True)
        )


class GraphSession(Protocol):
    """Session that runs a graph, in this process or in another."""

    inputs: tuple[NodeInfo, ...]
    outputs: tuple[NodeInfo, ...]

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """Run the graph; every output in order. Raises: ModelError where it fails."""


class OnnxGraph:
    """An opened graph. ``run`` takes and returns float32 at any precision of the graph."""

    def __init__(self, path: Path, session: GraphSession) -> None:
        """Raises: ModelError where a tensor is of an unknown kind or declared larger than any useful one."""
        self.path = path
        self._session = session
        if max(len(session.inputs), len(session.outputs)) > MOST_TENSORS:
            raise ModelError(f"{path}: more than {MOST_TENSORS} inputs or outputs", "is it a separator?")
        self.inputs = [_to_tensor(path, node) for node in session.inputs]
        self.outputs = [_to_tensor(path, node) for node in session.outputs]

    def make_missing_error(self, wanted: str) -> ModelError:
        """The error for a missing ``wanted``, with the tensors that there are."""
        there = "; ".join(
            f"{kind}: {', '.join(str(tensor) for tensor in tensors)}"
            for kind, tensors in (("inputs", self.inputs), ("outputs", self.outputs))
        )
        return ModelError(f"{self.path}: no {wanted} ({there})", "choose the adapter that fits this export")

    def find_input(self, axes: int, wanted: str, part: str = "") -> Tensor:
        """The only input with so many ``axes`` and ``part`` in its name; ``wanted`` describes it in the error."""
        found = [tensor for tensor in self.inputs if len(tensor.shape) == axes and part in tensor.name.lower()]
        if len(found) != 1:
            raise self.make_missing_error(wanted)
        return found[0]

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Run the graph; every output by name. Raises: ModelError where a tensor is missing or of a wrong shape."""
        ready: dict[str, Array] = {}
        for tensor in self.inputs:
            if tensor.name not in feeds:
                hint = "choose the adapter that fits this export"
                raise ModelError(f"{self.path}: input {tensor} is not given by this adapter", hint)
            array = feeds[tensor.name]
            if not tensor.accepts(array.shape):
                message = (
                    f"{self.path}: input {tensor.name}: expected {_format_shape(tensor.shape)}, found {array.shape}"
                )
                raise ModelError(message, "correct window, hop or piece in the manifest, or choose another adapter")
            ready[tensor.name] = np.ascontiguousarray(array, dtype=tensor.kind)
        results = self._session.run(ready)
        named = zip(self.outputs, results, strict=True)
        return {out.name: array.astype(np.float32) if array.dtype.kind == "f" else array for out, array in named}


class LocalSession:
    """ONNX Runtime in this process, on the CPU, with any number of threads: nothing here runs live."""

    def __init__(self, path: Path) -> None:
        """Raises: ModelError where the file at ``path`` is no graph that ONNX Runtime can run."""
        self._path = path
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _FATAL
        model = _read(path)
        try:
            # from bytes: then no second file is read, even if the graph refers to external weights
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            self.inputs = tuple(_to_node(node) for node in self._session.get_inputs())
            self.outputs = tuple(_to_node(node) for node in self._session.get_outputs())
        except Exception as error:  # of names that are not UTF-8, too
            raise _make_load_error(path, error) from error

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        try:
            results: list[Array] = self._session.run(None, dict(feeds))
        except Exception as error:
            raise ModelError(f"{self._path}: cannot be run ({_shorten_reason(error)})", "export it again") from error
        return results


def open_session(path: Path) -> LocalSession:
    """Open the graph at ``path`` in this process. Raises: ModelError where it cannot be opened."""
    return LocalSession(path)


def open_graph(path: Path) -> OnnxGraph:
    """Open the graph at ``path`` in this process, for graphs from trusted sources. Raises: ModelError."""
    return OnnxGraph(path, open_session(path))


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise ModelError(f"{path}: no such file", "add the model again")
    try:
        size = path.stat().st_size
        if not size:
            raise ModelError(f"{path}: is empty", "fetch it again")
        if size > LARGEST_FILE:
            raise ModelError(f"{path}: larger than 2 GiB, which no ONNX file in one piece can be", "is it a model?")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})", "check its permissions") from error


_LACKS = "needs the operator {what}, which ONNX Runtime does not have"
_FAULTS = (
    (
        r"(?P<what>\S+)\(-?\d+\) is not a registered function/op",
        _LACKS,
        "export it with operators of the ONNX standard",
    ),
    (r"Could not find an implementation for (?P<what>\S+)\(", _LACKS, "export it with usual operators and in float32"),
    (
        r"[Oo]pset|IR version",
        "is of a version of ONNX that ONNX Runtime {version} does not know",
        "export it with opset 17",
    ),
    (r"[Ee]xternal", "keeps weights in a second file", "export it in one piece (no .onnx.data beside it)"),
    (r"No graph was found|Protobuf parsing|PROTOBUF", "is no ONNX file, or half of one", "fetch it again, whole"),
)
"""Patterns in ONNX Runtime's messages, their meaning and a hint."""


def _make_load_error(path: Path, error: Exception) -> ModelError:
    for pattern, text, fix in _FAULTS:
        if match := re.search(pattern, str(error)):
            words = text.format(**match.groupdict(), version=onnxruntime.__version__)
            return ModelError(f"{path}: cannot be loaded: it {words}", fix)
    return ModelError(f"{path}: cannot be loaded ({_shorten_reason(error)})", "is it an ONNX file, whole?")


def _to_node(node: Any) -> NodeInfo:
    return node.name, node.type, tuple(size if isinstance(size, int) else None for size in node.shape or ())


def _to_tensor(path: Path, node: NodeInfo) -> Tensor:
    name, kind, shape = node
    if kind not in _KINDS:
        raise ModelError(f"{path}: {name} is a {kind}", f"known are {', '.join(_KINDS)}")
    tensor = Tensor(name, shape, _KINDS[kind])
    sizes = [size for size in shape if size is not None]
    if math.prod(sizes) > MOST_NUMBERS:
        raise ModelError(f"{path}: {tensor}: declares more than {MOST_NUMBERS:,} numbers", "export shorter pieces")
    if any(size < 1 for size in sizes):
        raise ModelError(f"{path}: {tensor}: has an axis of no length", "export it again")
    return tensor


def _format_shape(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"


def _shorten_reason(error: Exception) -> str:
    """The first line of ONNX Runtime's message, without its source locations."""
    lines = str(error).strip().splitlines()
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", lines[0]) if lines else type(error).__name__
    return re.sub(r"/\S*onnxruntime\S*:\d+ ", "", line)[:_LONGEST_REASON]
