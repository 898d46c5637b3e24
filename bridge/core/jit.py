"""JIT compiler: numba, with the machine code cached in our own folder between runs.

All that is compiled is decorated by `njit` or `cfunc` from here, so that nothing is written anywhere else. numba keys
a cached function by its own file alone, and would go on using an old copy of a function that it inlined from another
file. The folder is therefore named after all sources that compile together: change any of them and a new folder is
used. It lies in the user's cache, so that a read-only install works too. Where that cannot be written, the code is kept
in a temporary folder, for this process and those that it starts; where none can be, each process compiles for itself.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import platformdirs

from bridge.processes import may_be_writing

F = TypeVar("F", bound=Callable[..., object])

log = logging.getLogger(__name__)

FOLDER_VARIABLE = "NUMBA_CACHE_DIR"
TEMPORARY = "sideman-code-"
ROOM_BYTES = 64 << 20
"""Free space below which nothing is kept: the code of all engines takes 10 MB, and numba fails where a disk is full."""
OTHER_VERSIONS, IN_USE_S = 4, 24 * 3600.0
"""How many folders of other versions are kept, and for how long one counts as in use after it was opened."""

_numba: Any = numba

LINEAR_ALGEBRA = "scipy.linalg"
NEEDS_IT = "numba.np.arraymath"
"""The module of numba that loads LINEAR_ALGEBRA wherever it is installed, for functions that nothing of ours calls."""


def _import_without_linear_algebra() -> None:
    """Import what numba imports before it compiles or loads its first function, but for LINEAR_ALGEBRA. That takes 0.2
    of the 1.0 s of processor time that a worker needs until it can start."""
    if LINEAR_ALGEBRA not in sys.modules:
        blocked: dict[str, Any] = {LINEAR_ALGEBRA: None}  # an import of it fails, as where it is not installed
        sys.modules.update(blocked)
        try:
            importlib.import_module(NEEDS_IT)
        finally:
            del sys.modules[LINEAR_ALGEBRA]


_import_without_linear_algebra()


def _sources_hash() -> str:
    bridge = Path(__file__).parents[1]
    digest = hashlib.sha256(numba.__version__.encode())
    sources = [path for folder in ("core", "runtime", "drivers") for path in (bridge / folder).rglob("*.py")]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _open_folder() -> Path:
    """The folder for this version's code, made where it is missing. Raises: OSError where it cannot be written."""
    given = os.environ.get(FOLDER_VARIABLE)
    root = Path(platformdirs.user_cache_dir("sideman", appauthor=False)) / "native"
    folder = Path(given) if given else root / _sources_hash()
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()
    if shutil.disk_usage(folder).free < ROOM_BYTES:
        raise OSError(f"less than {ROOM_BYTES >> 20} MB are free")
    if not given:
        os.utime(folder)
        _remove_old_versions(root, folder)
    return folder


def _remove_old_versions(root: Path, kept: Path) -> None:
    """Remove the code of versions in ``root`` that nobody has used for a day, but for the newest."""
    opened = {path: path.stat().st_mtime for path in root.iterdir() if path != kept}
    newest = sorted(opened, key=opened.__getitem__, reverse=True)
    for old in newest[OTHER_VERSIONS:]:
        if opened[old] < time.time() - IN_USE_S:
            shutil.rmtree(old, ignore_errors=True)


def _open_temporary() -> Path:
    """A folder that goes with this process, after those of processes that were killed. Raises: OSError."""
    for old in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        pid = old.name.removeprefix(TEMPORARY).partition("-")[0]
        with contextlib.suppress(FileNotFoundError):  # another process took it away
            if pid.isdecimal() and not may_be_writing(int(pid), old.stat().st_mtime):
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-"))
    if shutil.disk_usage(folder).free < ROOM_BYTES:
        folder.rmdir()
        raise OSError(f"less than {ROOM_BYTES >> 20} MB are free")
    return folder


class _Cache:
    """Where the code of this process is kept: ``folder``; None: nowhere. ``own``: whether it goes with the process."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.own = False
        try:
            self.folder = _open_folder()
        except OSError as error:
            with contextlib.suppress(OSError):
                self.folder = _open_temporary()
                self.own = True
            if os.environ.get(FOLDER_VARIABLE) != "":
                why = f"{error.filename}: {error.strerror}" if error.filename else str(error)
                log.warning(
                    "machine code cannot be stored (%s): each start compiles again, for a minute or more; "
                    "set %s to a folder that you may write",
                    why, FOLDER_VARIABLE,
                )  # fmt: skip
            # those that this process starts find what it compiled, and do not say it again
            os.environ[FOLDER_VARIABLE] = str(self.folder or "")
        _numba.config.CACHE_DIR = str(self.folder or "")
        atexit.register(self.remove)

    def remove(self) -> None:
        """Remove a folder that was made for this process alone."""
        if self.own and self.folder is not None and f"{TEMPORARY}{os.getpid()}-" in self.folder.name:
            shutil.rmtree(self.folder, ignore_errors=True)


CACHE = _Cache()


def njit(*signatures: object, **options: object) -> Callable[[F], F]:
    """numba's decorator of this name, with the code kept where it can be."""
    decorate: Callable[[F], F] = _numba.njit(*signatures, **options, cache=CACHE.folder is not None)
    return decorate


def cfunc(signature: object, **options: object) -> Any:
    """numba's decorator of this name, likewise: a function that C can call."""
    return _numba.cfunc(signature, **options, cache=CACHE.folder is not None)
