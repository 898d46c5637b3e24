"""Separation profiles: the separator of each name, and the identity of its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.errors import ConfigError, did_you_mean
from engines.separation.engine_profiles import SHIPPED, open_profile
from engines.separation.offline.overlap_add import OverlapAddSeparator
from engines.separation.offline.resampled_separator import ResampledSeparator
from engines.separation.separator import Separator, StreamableSeparator

STUDIO = "studio"
PROFILES = (*SHIPPED, STUDIO)


@dataclass(frozen=True, slots=True)
class ChosenProfile:
    """A separator for files of any rate and length. ``model``: identifies its weights and code."""

    separator: ResampledSeparator
    model: str


def choose_profile(profile: str, model: str = "", steps: Sequence[str] = ()) -> ChosenProfile:
    """The separator of ``profile``, in ``steps``, the first innermost. ``model``: the added one of "studio"."""
    if profile not in PROFILES:
        raise ConfigError(f"--profile {profile}: no such profile", did_you_mean(profile, PROFILES))
    if model and profile != STUDIO:
        raise ConfigError(f"--model {model}: the profile {profile} has its own", f"add --profile {STUDIO}")
    separator, identity = _open_studio(model) if profile == STUDIO else open_profile(profile)
    if steps:
        from engines.separation.postprocess import wrap_separator

        separator = wrap_separator(separator, steps)
    streaming = separator if isinstance(separator, StreamableSeparator) else OverlapAddSeparator(separator)
    return ChosenProfile(ResampledSeparator(streaming), identity)


def _open_studio(model: str) -> tuple[Separator, str]:
    """Open the added ``model``, by default the only one; its manifest has the hashes of its files."""
    from engines.separation.models.manifest import to_toml
    from engines.separation.models.model_loader import load_separator
    from engines.separation.models.store import open_user_store

    store = open_user_store()
    there = store.list_names()
    if not there:
        raise ConfigError(
            "--profile studio: no model has been added", "`sideman models get` lists those that can be had"
        )
    if not model and len(there) > 1:
        raise ConfigError("--profile studio: which model?", f"add --model with one of: {', '.join(there)}")
    name = model or there[0]
    separator = load_separator(name, store)
    manifest = store.get(name).manifest
    identity = hashlib.sha256(to_toml(manifest).encode()).hexdigest()
    return separator, f"{identity} {open_profile(manifest.rest_profile)[1]}" if manifest.rest_profile else identity
