"""One way to compile: nopython, no exceptions, machine code kept on disk between runs.

numba keys a cached function by its own file alone, and would go on using an old copy of a function that it
inlined from another file. The cache folder is therefore named after all sources that compile together: change
any of them and a new folder is used. It lies in the user's cache, so that a read-only install works too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import platformdirs
from numba import njit

F = TypeVar("F", bound=Callable[..., object])

_KEEP = 4  # folders of other versions that may still be in use


def _sources_hash() -> str:
    bridge = Path(__file__).parents[2]
    digest = hashlib.sha256(numba.__version__.encode())
    sources = [path for folder in ("core", "runtime", "drivers") for path in (bridge / folder).rglob("*.py")]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _prepare_cache() -> None:
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    root = Path(platformdirs.user_cache_dir("sideman")) / "native"
    folder = root / _sources_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        others = sorted((p for p in root.iterdir() if p != folder), key=lambda p: p.stat().st_mtime)
    except OSError:
        return  # no cache folder: numba falls back to the source's own, or compiles each time
    for old in others[: max(0, len(others) - _KEEP)]:
        shutil.rmtree(old, ignore_errors=True)
    settings: Any = numba.config
    settings.CACHE_DIR = str(folder)


_prepare_cache()


def compiled(function: F) -> F:
    """``function`` as machine code that calls no Python; division by zero gives infinity, as in C."""
    return cast(F, njit(cache=True, error_model="numpy")(function))


def compiled_sums(function: F) -> F:
    """As `compiled`, but sums may be taken in another order, always the same: several terms at once."""
    return cast(F, njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})(function))
