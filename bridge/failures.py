"""Failure report: explains an exception to the user, and keeps the traceback of an unexpected one in a file."""

from __future__ import annotations

import errno
import logging
import os
import platform
import sys
import time
import traceback
from pathlib import Path

import platformdirs

import bridge
from bridge.config import CONFIG_HOME_VARIABLE, user_dir
from bridge.errors import BridgeError

LOG_FILE = "errors.log"
LOG_BYTES = 1 << 20
"""A log larger than this starts again."""
NO_MEMORY = ("std::bad_alloc", "Failed to allocate memory")
"""What libraries in C++, ONNX Runtime for one, say for want of memory in exceptions of other kinds."""
OURS = ("batch", "bridge", "chains", "demo", "engines", "export", "mappings", "presets", "tui")

_FIXES = {
    errno.ENOENT: "it went away during the work; check the disk and the name",
    errno.ELOOP: "a link that leads to itself; remove it",
    errno.ENAMETOOLONG: "give it a shorter name, or a shorter path to --out",
    errno.EMFILE: "close other programs, or raise the limit of open files (ulimit -n)",
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "check free space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "check its permissions"),
    **dict.fromkeys((errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV), "check the disk, or copy it to another"),
}
_log = logging.getLogger(__name__)


def fix_for(error: OSError) -> str:
    """What to do about an error of the file system."""
    return _FIXES.get(error.errno or 0, "check free space and permissions")


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, is a full disk or quota."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def explain(error: Exception, what: str = "") -> BridgeError:
    """``error``, which ended the work on ``what``, as an error to show; itself where it is one already.

    One that nobody expected is a fault of Sideman's own: its traceback goes to a file, to be reported.
    """
    if isinstance(error, BridgeError):
        return error
    if isinstance(error, OSError):
        where = error.filename if isinstance(error.filename, (str, bytes)) else what
        return BridgeError(_of(os.fsdecode(where)) + (error.strerror or str(error)), fix_for(error))
    if isinstance(error, MemoryError) or any(sign in str(error) for sign in NO_MEMORY):
        return BridgeError(f"{_of(what)}not enough memory", "close other programs, or give it in shorter parts")
    said = " ".join(str(error).split())[:200]
    message = f"{_of(what)}a fault in Sideman ({type(error).__name__}{': ' if said else ''}{said}, {_place(error)})"
    kept = _keep(error, what)
    return BridgeError(message, "please report it" + (f" with what {kept} says" if kept else ""))


def _of(what: str) -> str:
    return f"{what}: " if what else ""


def _place(error: Exception) -> str:
    """File and line where our own code failed, or called what failed."""
    root = Path(bridge.__file__).parent.parent
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _within(frame.filename, root) in OURS]
    if not (ours or frames):
        return "somewhere"
    frame = (ours or frames)[-1]
    name = Path(frame.filename)
    return f"{name.relative_to(root).as_posix() if ours else name.name}:{frame.lineno}"


def _within(file: str, root: Path) -> str:
    """The package of ours in which ``file`` lies, or nothing."""
    path = Path(file)
    return path.relative_to(root).parts[0] if path.is_relative_to(root) else ""


def log_file() -> Path:
    """Where tracebacks are kept: the system's folder for a program's logs, or that of SIDEMAN_CONFIG_HOME."""
    if os.environ.get(CONFIG_HOME_VARIABLE):
        return user_dir() / LOG_FILE
    return platformdirs.user_log_path("sideman", appauthor=False) / LOG_FILE


def _keep(error: Exception, what: str) -> Path | None:
    """Add the traceback of ``error`` to the file; where that cannot be written, to the log."""
    file = log_file()
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    head = f"{when} sideman {bridge.__version__}, Python {platform.python_version()}, {platform.platform()}"
    text = "".join(traceback.format_exception(error, limit=-100))
    entry = f"{head}\n{' '.join(map(repr, sys.argv))}\n{what}\n{text}\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        small = not file.exists() or file.stat().st_size < LOG_BYTES
        with file.open("a" if small else "w", encoding="utf-8", errors="backslashreplace") as out:
            out.write(entry)
    except OSError:
        _log.error("%s", entry)
        return None
    return file
