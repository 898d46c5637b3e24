"""ONNX Runtime as a real-time part: one thread that never spins, buffers bound once, errors with a mend."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bridge.config import write_atomic
from bridge.errors import EngineError

Floats = NDArray[np.float32]
Shape: TypeAlias = tuple[int, ...]
Session: TypeAlias = Any
"""An ``onnxruntime.InferenceSession``; the library has no types."""

CPU = "CPUExecutionProvider"
SUMS = "SHA256SUMS"
"""Beside the weights that ship: what ``sha256sum`` writes and ``sha256sum -c`` checks."""
ERROR = 3
"""ONNX Runtime's severity from which on it prints; what it warns of is said here, or is of no use to a player."""


def read_model(path: Path | Traversable, sha256: str = "") -> bytes:
    """The file at ``path``; with ``sha256`` (hexadecimal) only if that is its hash. Else an `EngineError`."""
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
    """The model ``name`` in ``folder``, checked against the line for it in SHA256SUMS there."""
    model = folder / name
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        lines = []
    sums = {file.lstrip("*"): digest for digest, file in (line.split(maxsplit=1) for line in lines if line.strip())}
    if name not in sums and model.is_file():
        raise EngineError(f"{folder / SUMS}: no line for {name}", f"run: sha256sum {name} >> {SUMS}")
    return read_model(model, sums.get(name, ""))


def summed(folder: Path, name: str) -> str:
    """The SHA-256 of the file ``name`` in ``folder``, whose line in SHA256SUMS there is now this one."""
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    sums = folder / SUMS
    lines = sums.read_text(encoding="ascii").splitlines() if sums.is_file() else []
    kept = [line for line in lines if line.split(maxsplit=1)[-1].lstrip("*") != name]
    write_atomic(sums, "\n".join(sorted([*kept, f"{digest}  {name}"], key=lambda line: line.split()[-1])) + "\n")
    return digest


def open_session(model: bytes, name: str, provider: str = CPU) -> Session:
    """``model`` on ``provider``, the CPU behind it for what that cannot do. ``name`` is for errors only.

    One thread, which never spins: it shares the machine with an audio callback. Denormals are left as they are: to
    count them as zero ONNX Runtime would change the calling thread for good, and whoever else computes there. A
    model that does not load, and a provider that does not, are an `EngineError`.
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


def shapes(session: Session) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """The shapes of the inputs and of the outputs by name; -1 where the graph leaves an axis open."""

    def known(node: Any) -> Shape:
        return tuple(size if isinstance(size, int) else -1 for size in node.shape)

    return {i.name: known(i) for i in session.get_inputs()}, {o.name: known(o) for o in session.get_outputs()}


class Bound:
    """Runs ``session`` from ``inputs`` into ``outputs``: contiguous float32 arrays that stay where they are.

    No array may be among both: the graph writes while it reads.
    """

    def __init__(self, session: Session, inputs: Mapping[str, Floats], outputs: Mapping[str, Floats]) -> None:
        self._session = session
        self._held = (*inputs.values(), *outputs.values())  # ONNX Runtime knows addresses only: keep what lies there
        self._binding = session.io_binding()
        for name, array in inputs.items():
            self._binding.bind_input(name, "cpu", 0, np.float32, array.shape, _address(name, array))
        for name, array in outputs.items():
            self._binding.bind_output(name, "cpu", 0, np.float32, array.shape, _address(name, array))

    def run(self) -> None:
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # its errors share no class of their own
            raise EngineError(f"the model loads but does not run: {error}", "export it anew") from error


def _address(name: str, array: Floats) -> int:
    if array.dtype != np.float32 or not array.flags.c_contiguous:
        raise EngineError(f"{name}: a {array.dtype} array of strides {array.strides}", "bind contiguous float32")
    return int(array.ctypes.data)
