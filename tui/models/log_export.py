"""Log export: lines as JSON, one a line, in a file of their own."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tui.models.log_lines import LogLine

NAME = "sideman-log"
SUFFIX = ".jsonl"
MOST = 1000
"""Files of that name in a folder; more are a mistake."""


def export_lines(lines: Sequence[LogLine], folder: Path) -> Path:
    """Write ``lines`` into a new file in ``folder``, whole or not at all; returns its path.

    Raises:
        OSError: The file cannot be written.
    """
    path = _find_free(folder)
    handle, temporary = tempfile.mkstemp(prefix=f".{NAME}", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            for line in lines:
                entry = {
                    "time_ms": round(line.time_ms),
                    "kind": line.kind,
                    "level": line.level,
                    "source": line.source,
                    "text": line.text,
                }
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def _find_free(folder: Path) -> Path:
    """A name that no file has: an earlier export is kept."""
    for number in range(1, MOST):
        path = folder / f"{NAME}{'' if number == 1 else f'-{number}'}{SUFFIX}"
        if not path.exists():
            return path
    raise OSError(f"{folder} has {MOST} files {NAME}: remove some")
