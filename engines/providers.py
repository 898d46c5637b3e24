"""ONNX Runtime execution provider choice: the one with the shortest p99 on this machine, measured once and saved.

The slowest hop sets the latency that has to be declared, so p99 is compared and not the mean. An accelerator seldom
wins here: a hop is small, and each one has to be copied there and back.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime

from bridge.config import SCHEMA, Table, read_toml, user_dir, write_atomic
from bridge.errors import BridgeError, ConfigError, EngineError
from engines.onnx import CPU, BoundSession, Session, open_session, read_shapes

CANDIDATES = (
    "CUDAExecutionProvider",
    "TensorrtExecutionProvider",
    "CoreMLExecutionProvider",
    "OpenVINOExecutionProvider",
    "QNNExecutionProvider",
    CPU,
)
"""In the order in which they are measured; of equally fast ones the later wins, so the CPU before all."""
WARM_RUNS, RUNS = 20, 300
FILE = "providers.toml"

_log = logging.getLogger(__name__)


class ProviderChoice(Table, frozen=True):
    """The file of saved choices: providers by `_make_key`."""

    schema: int = SCHEMA
    chosen: Mapping[str, str] = msgspec.field(default_factory=dict)


def open_fastest(model: bytes, name: str, available: Sequence[str] | None = None) -> Session:
    """Open ``model`` on the provider that is fastest here; on the CPU, with a logged reason, where that one fails.

    ``available``: the providers of this build of ONNX Runtime; None: its ``get_available_providers``.
    """
    names = onnxruntime.get_available_providers() if available is None else available

    def measure(provider: str) -> float:
        return measure_p99_s(open_session(model, name, provider))

    provider = choose_provider(model, names, measure, user_dir() / FILE)
    if provider != CPU:
        try:
            return open_session(model, name, provider)
        except EngineError as error:
            _log.warning("%s runs on the CPU: %s", name, error)
    return open_session(model, name)


def choose_provider(model: bytes, available: Sequence[str], measure: Callable[[str], float], file: Path) -> str:
    """The candidate among ``available`` with the least ``measure`` (provider to seconds).

    The choice is saved in ``file``. It holds for this model, this ONNX Runtime and these providers, so that two
    instances do not differ. A ``measure`` that raises `EngineError` rules a provider out. With the CPU alone nothing
    is measured or written.
    """
    candidates = [provider for provider in CANDIDATES if provider in available]
    if candidates in ([], [CPU]):
        return CPU
    key = _make_key(model, candidates)
    if (known := _read(file).get(key)) in candidates:
        return str(known)
    best, best_s = CPU, np.inf
    for provider in candidates:
        try:
            took_s = measure(provider)
        except EngineError as error:
            _log.warning("%s is left out: %s", provider, error)
            continue
        _log.info("%s: p99 %.2f ms", provider, 1000 * took_s)
        if took_s <= best_s:
            best, best_s = provider, took_s
    chosen = _read(file)  # read again: another instance may have measured meanwhile, and both must choose alike
    best = chosen.setdefault(key, best)
    _write(file, chosen)
    return best


def measure_p99_s(session: Session) -> float:
    """99th percentile of the run time on zeros, in seconds; an open axis counts as one. Raises: EngineError."""
    made = [
        {name: np.zeros([max(size, 1) for size in shape], np.float32) for name, shape in ports.items()}
        for ports in read_shapes(session)
    ]
    times = np.zeros(WARM_RUNS + RUNS)
    try:
        bound = BoundSession(session, *made)
        for i in range(len(times)):
            start = time.perf_counter()
            bound.run()
            times[i] = time.perf_counter() - start
    except Exception as error:  # ONNX Runtime's errors share no class of their own
        raise EngineError(f"{session.get_providers()[0]}: {error}", "update its driver, or do without it") from error
    return float(np.percentile(times[WARM_RUNS:], 99))


def _make_key(model: bytes, candidates: Sequence[str]) -> str:
    parts = (hashlib.sha256(model).hexdigest()[:16], onnxruntime.__version__, *candidates)
    return " ".join(part.removesuffix("ExecutionProvider") for part in parts)


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    try:
        return dict(read_toml(file, ProviderChoice).chosen)
    except ConfigError as error:  # measured again, then written anew
        _log.warning("%s", error)
        return {}


def _write(file: Path, chosen: dict[str, str]) -> None:
    lines = [f"schema = {SCHEMA}", "", "# measured; delete the file to measure again", "[chosen]"]
    lines += [f'"{key}" = "{provider}"' for key, provider in chosen.items()]
    try:
        write_atomic(file, "\n".join(lines) + "\n")
    except BridgeError as error:  # then it is measured again next time
        _log.warning("%s", error)
