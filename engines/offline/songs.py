"""Where songs come from: files named, folders searched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

JOURNAL = ".separation.json"
"""A folder with this file in it is what `sideman separate` made of a song."""
SUFFIXES = (
    ".wav", ".wave", ".bwf", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".opus", ".mp3", ".caf", ".w64",
    ".rf64", ".au", ".snd",
)  # fmt: skip
"""What is taken for a song in a folder; a file that is named is tried whatever its name ends with."""


def songs_in(paths: Sequence[Path], out: Path) -> list[Path]:
    """``paths`` in their order, a folder as the songs in it and below, each song once.

    Left out of folders: what is hidden, and what this command made (``out`` and every folder with its journal). A
    folder without a song stays in the list: to be named as an error beside the others, not to stop them.
    """
    songs: dict[Path, Path] = {}  # by where it really lies
    for path in paths:
        for song in (_below(path, out.resolve()) or [path]) if path.is_dir() else [path]:
            songs.setdefault(song.resolve(), song)
    return list(songs.values())


def _below(folder: Path, out: Path) -> list[Path]:
    found = []
    for at, folders, files in os.walk(folder):
        here = Path(at)
        if here != folder and (here.resolve() == out or JOURNAL in files):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [here / name for name in sorted(files) if not name.startswith(".") and name.lower().endswith(SUFFIXES)]
    return found


def spelt(name: Path | str) -> str:
    """``name`` for a journal or a screen; bytes in it that are no UTF-8, as names of old disks have, are spelt out."""
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
