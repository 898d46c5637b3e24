"""Separation profiles: the separator of each name, and the identity of its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.engine import Engine
from bridge.core.engine_registry import find_engine
from bridge.errors import ConfigError, EngineError, did_you_mean
from engines.separation.offline.overlap_add import OverlapAddSeparator
from engines.separation.offline.resampled_separator import ResampledSeparator
from engines.separation.separator import EngineSeparator, Separator, StreamableSeparator
from engines.weights import WEIGHTS

ENGINES = {name: f"separation.{name}" for name in ("low", "standard", "ultra", "dsp")}
STUDIO = "studio"
PROFILES = (*ENGINES, STUDIO)


@dataclass(frozen=True, slots=True)
class ChosenProfile:
    """A separator for files of any rate and length. ``model``: identifies its weights and code."""

    separator: ResampledSeparator
    model: str


def choose_profile(profile: str, model: str = "", steps: Sequence[str] = ()) -> ChosenProfile:
    """The separator of ``profile``, an engine or for "studio" an added ``model``, in ``steps``, the first innermost."""
    if profile not in PROFILES:
        raise ConfigError(f"--profile {profile}: no such profile", did_you_mean(profile, PROFILES))
    if model and profile != STUDIO:
        raise ConfigError(f"--model {model}: the profile {profile} has its own", f"add --profile {STUDIO}")
    separator, identity = _open_studio(model) if profile == STUDIO else _open_engine(profile)
    if steps:
        from engines.separation.postprocess import wrap_separator

        separator = wrap_separator(separator, steps)
    streaming = separator if isinstance(separator, StreamableSeparator) else OverlapAddSeparator(separator)
    return ChosenProfile(ResampledSeparator(streaming), identity)


def _open_engine(profile: str) -> tuple[Separator, str]:
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


def _open_studio(model: str) -> tuple[Separator, str]:
    """Open the added ``model``, by default the only one; its manifest has the hashes of its files."""
    from engines.separation.models.manifest import to_toml
    from engines.separation.models.model_loader import load_separator
    from engines.separation.models.store import open_user_store

    store = open_user_store()
    there = store.list_names()
    if not there:
        raise ConfigError("--profile studio: no model has been added", "see sideman models add, or use another profile")
    if not model and len(there) > 1:
        raise ConfigError("--profile studio: which model?", f"add --model with one of: {', '.join(there)}")
    name = model or there[0]
    separator = load_separator(name, store)
    return separator, hashlib.sha256(to_toml(store.get(name).manifest).encode()).hexdigest()
