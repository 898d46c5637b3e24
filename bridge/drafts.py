"""Drafts: hidden temporary files that are written before they are renamed, and removal of those of killed runs.

A draft is called ``.NAME.PID.HEX.tmp``. Eight digits of HEX are random, eight more identify the machine, because on a
shared drive a process number of another machine means nothing.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.processes import may_be_writing

OLD_S = 24 * 3600.0
"""A draft lives for moments. One of this age is left over, whichever process has its number now, on any machine."""
NAME_BYTES = 255
"""What most file systems allow a name to have, in bytes or more."""
_DRAFT = re.compile(r"\.(?s:.+)\.(?P<pid>[0-9]{1,10})\.[0-9a-f]{8}(?P<host>[0-9a-f]{8})?\.tmp")


def draft_for(target: Path) -> Path:
    """A new name beside ``target``, which no other process or thread has; as long as the file system allows."""
    end = f".{os.getpid()}.{secrets.token_hex(4)}{_host()}.tmp"
    name = target.name
    while len(os.fsencode(f".{name}{end}")) > longest_name(target.parent):
        name = name[:-1]
    return target.with_name(f".{name}{end}")


@contextmanager
def replace_synced(target: Path) -> Iterator[Path]:
    """A draft that takes the place of ``target`` behind the ``with`` statement, once the disk has it.

    After an error ``target`` is as it was, and the draft is gone.
    """
    draft = draft_for(target)
    try:
        yield draft
        descriptor = os.open(draft, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(target)
        sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the renames in ``folder`` durable; only POSIX lets a folder be opened for that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def longest_name(folder: Path) -> int:
    """How many bytes a name in ``folder`` may have."""
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, AttributeError, ValueError):  # no such folder yet, or an unknown limit
        return NAME_BYTES


def sweep_drafts(folder: Path, now_s: float | None = None) -> None:
    """Remove the drafts in ``folder`` whose process is gone, and old ones; ``now_s``: seconds since 1970.

    A draft that cannot be removed stays, which is harmless.
    """
    now_s = time.time() if now_s is None else now_s
    try:
        with os.scandir(folder) as entries:
            drafts = [(entry, match) for entry in entries if (match := _DRAFT.fullmatch(entry.name))]
            for entry, match in drafts:
                try:
                    here = match["host"] in (None, _host())  # older versions wrote no machine
                    written_s = entry.stat(follow_symlinks=False).st_mtime
                    if now_s - written_s > OLD_S or (here and not may_be_writing(int(match["pid"]), written_s)):
                        Path(entry.path).unlink()
                except OSError:
                    continue
    except OSError:
        return


def _host() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"
