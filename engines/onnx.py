"""ONNX Runtime for real-time use: one thread that never spins, buffers bound once, errors with a hint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnxruntime

from bridge.config import write_atomic
from bridge.core.arrays import Float32Array
from bridge.errors import EngineError

TensorShape: TypeAlias = tuple[int, ...]
Session: TypeAlias = Any
"""An ``onnxruntime.InferenceSession``; the library has no types."""

CPU = "CPUExecutionProvider"
SUMS = "SHA256SUMS"
"""Checksum file beside the shipped weights, as ``sha256sum`` writes and ``sha256sum -c`` checks it."""
ERROR = 3
"""Lowest ONNX Runtime severity that is printed; its warnings are reported by us, or are of no use to a player."""


def read_model(path: Path | Traversable, sha256: str = "") -> bytes:
    """Read the file at ``path``. Raises: EngineError, also where ``sha256`` (hexadecimal) is given and not its hash."""
    try:
        model = path.read_bytes()
    except FileNotFoundError as error:
        raise EngineError(f"{path}: no such model", "install Sideman again, or give the model's path") from error
    except OSError as error:
        raise EngineError(f"{path}: cannot be read ({error.strerror})", "check its permissions") from error
    found = hashlib.sha256(model).hexdigest()
    if sha256 and found != sha256.lower():
        raise EngineError(f"{path}: SHA-256 is {found}, not {sha256.lower()}", "the file was changed: fetch it again")
    return model


def read_shipped(folder: Traversable, name: str) -> bytes:
    """Read the model ``name`` in ``folder``, checked against its line in SHA256SUMS there."""
    model = folder / name
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        lines = []
    sums = {file.lstrip("*"): digest for digest, file in (line.split(maxsplit=1) for line in lines if line.strip())}
    if name not in sums and model.is_file():
        raise EngineError(f"{folder / SUMS}: no line for {name}", f"run: sha256sum {name} >> {SUMS}")
    return read_model(model, sums.get(name, ""))


def write_checksum(folder: Path, name: str) -> str:
    """Write the SHA-256 of the file ``name`` in ``folder`` to SHA256SUMS there, and return it."""
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    sums = folder / SUMS
    lines = sums.read_text(encoding="ascii").splitlines() if sums.is_file() else []
    kept = [line for line in lines if line.split(maxsplit=1)[-1].lstrip("*") != name]
    write_atomic(sums, "\n".join(sorted([*kept, f"{digest}  {name}"], key=lambda line: line.split()[-1])) + "\n")
    return digest


def open_session(model: bytes, name: str, provider: str = CPU) -> Session:
    """Open ``model`` on ``provider``, with the CPU for operators that it lacks. ``name`` is for errors only.

    One thread, which never spins: it shares the machine with an audio callback. Denormals are not flushed to zero:
    ONNX Runtime would set that for the calling thread for good, and for any other code that runs there.
    Raises: EngineError where the model or the provider does not load.
    """
    if provider not in onnxruntime.get_available_providers():
        raise EngineError(f"{name}: this ONNX Runtime has no {provider}", "install the build that has it")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = ERROR
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    providers = [provider] if provider == CPU else [provider, CPU]
    try:
        session = onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # its errors share no class of their own
        raise EngineError(f"{name}: not a model that runs on {provider} ({error})", "fetch the file again") from error
    if session.get_providers()[0] != provider:
        raise EngineError(f"{name}: {provider} did not start", "install what it needs, or do without it")
    return session


def read_shapes(session: Session) -> tuple[dict[str, TensorShape], dict[str, TensorShape]]:
    """The shapes of the inputs and of the outputs by name; -1 where the graph leaves an axis open."""

    def to_shape(node: Any) -> TensorShape:
        return tuple(size if isinstance(size, int) else -1 for size in node.shape)

    return {i.name: to_shape(i) for i in session.get_inputs()}, {o.name: to_shape(o) for o in session.get_outputs()}


def check_shapes(
    session: Session, name: str, inputs: Mapping[str, TensorShape], outputs: Mapping[str, TensorShape], fix: str
) -> None:
    """Check that the graph has these inputs and outputs and no others, in these shapes.

    ``name``: the model's file, and ``fix``: what to do; both for the error.
    Raises: EngineError that names the file, the input or output, and the shapes found and expected.
    """
    for kind, expected, found in zip(("input", "output"), (inputs, outputs), read_shapes(session), strict=True):
        for port, shape in expected.items():
            if port not in found:
                raise EngineError(f"{name}: has no {kind} {port!r}", fix)
            if found[port] != shape:
                raise EngineError(
                    f"{name}: {kind} {port!r} is {_format_shape(found[port])}, not {_format_shape(shape)}", fix
                )
        if unknown := sorted(found.keys() - expected.keys()):
            raise EngineError(f"{name}: has an unknown {kind} {unknown[0]!r}", fix)


def read_state_shape(session: Session, name: str, fix: str) -> TensorShape:
    """The shape of input ``state``, which a recurrent network chooses itself. Raises: EngineError where it is open."""
    shape = read_shapes(session)[0].get("state", ())
    if not shape or min(shape) < 1:
        raise EngineError(f"{name}: has no input 'state' of a fixed shape", fix)
    return shape


def _format_shape(shape: TensorShape) -> str:
    return " x ".join("?" if size < 0 else str(size) for size in shape) or "a single number"


class BoundSession:
    """A session bound to fixed buffers: ``inputs`` and ``outputs`` are contiguous float32 arrays.

    No array may be both input and output: the graph writes while it reads.
    """

    def __init__(
        self, session: Session, inputs: Mapping[str, Float32Array], outputs: Mapping[str, Float32Array]
    ) -> None:
        self._session = session
        self._buffers = (*inputs.values(), *outputs.values())  # ONNX Runtime has addresses only: keep the arrays alive
        self._binding = session.io_binding()
        for name, array in inputs.items():
            self._binding.bind_input(name, "cpu", 0, np.float32, array.shape, _address(name, array))
        for name, array in outputs.items():
            self._binding.bind_output(name, "cpu", 0, np.float32, array.shape, _address(name, array))

    def run(self) -> None:
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # its errors share no class of their own
            raise EngineError(f"the model loads but does not run: {error}", "export it again") from error


def _address(name: str, array: Float32Array) -> int:
    if array.dtype != np.float32 or not array.flags.c_contiguous:
        raise EngineError(f"{name}: a {array.dtype} array of strides {array.strides}", "bind contiguous float32")
    return int(array.ctypes.data)
