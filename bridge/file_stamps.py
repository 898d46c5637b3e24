"""File stamps: the state of the files of a folder, to notice at little cost that one is new, changed or gone."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[str, int, int, int]
"""State of a file: name, time of its last change in ns, size, inode."""

UNKNOWN = -1
"""Stands for each number of a file, or folder, that cannot be looked at."""


def stamp_files(folder: Path, suffix: str = "") -> tuple[Stamp, ...]:
    """The stamps of the files in ``folder`` whose names end with ``suffix``, sorted; none where there is no folder."""
    stamps = []
    try:
        for file in sorted(folder.glob(f"*{suffix}")):
            try:
                found = file.stat()
            except OSError:
                stamps.append((file.name, UNKNOWN, UNKNOWN, UNKNOWN))
            else:
                stamps.append((file.name, found.st_mtime_ns, found.st_size, found.st_ino))
    except OSError:
        return (("", UNKNOWN, UNKNOWN, UNKNOWN),)  # whoever lists the folder says why
    return tuple(stamps)
