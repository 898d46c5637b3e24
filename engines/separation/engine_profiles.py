"""Shipped profiles: the separator behind each, and the identity of its weights."""

from __future__ import annotations

import hashlib

from bridge.core.engine import Engine
from bridge.core.engine_registry import find_engine
from bridge.errors import EngineError
from engines.separation.mean_separator import MeanSeparator
from engines.separation.separator import EngineSeparator, Separator
from engines.weights import WEIGHTS

ENGINES = {name: f"separation.{name}" for name in ("standard", "low", "ultra", "dsp")}
"""Live engine of each profile that has one."""
OFFLINE = "offline"
"""Profile for files alone: the mean of the live network of ``standard`` and a network that looks ahead. The two make
different errors, so that the mean is better than either (docs/separation.md)."""
SHIPPED = (OFFLINE, *ENGINES)
"""Profiles that need no added model; the first is the default."""


def open_profile(profile: str) -> tuple[Separator, str]:
    """The separator of the shipped ``profile``, and the identity of its code and weights.

    Raises: EngineError where it cannot be loaded.
    """
    if profile != OFFLINE:
        return _open_engine(profile)
    # loads ONNX Runtime, which other profiles may not need
    from engines.separation.lookahead_separator import LookaheadSeparator

    live, version = _open_engine("standard")
    separator = MeanSeparator(f"separation.{OFFLINE}", (live, LookaheadSeparator()))
    return separator, f"{separator.name} {version}"


def _open_engine(profile: str) -> tuple[EngineSeparator, str]:
    """The engine of ``profile`` as a separator, and the identity of its code and weights.

    Raises: EngineError where it is not installed or cannot be loaded.
    """
    name = ENGINES[profile]
    entry = find_engine(name)
    if entry is None:
        raise EngineError(f"the profile {profile} has no engine: {name!r} is not registered", "use --profile dsp")
    try:
        engine = entry.load()()
    except ImportError as error:
        raise EngineError(f"engine {name!r} ({entry.value}) cannot be loaded: {error}", "use --profile dsp") from error
    if not isinstance(engine, Engine):
        raise EngineError(f"engine {name!r} ({entry.value}) lacks a part of the Engine contract", "use --profile dsp")
    version = f"{entry.value} {entry.dist.version if entry.dist else ''}"
    return EngineSeparator(engine), version if profile == "dsp" else f"{version} {_hash_weights()}"


def _hash_weights() -> str:
    """SHA-256 of all shipped weights together."""
    digest = hashlib.sha256()
    shipped = WEIGHTS.iterdir() if WEIGHTS.is_dir() else ()
    for file in sorted((file for file in shipped if file.name.endswith(".onnx")), key=lambda file: file.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()
