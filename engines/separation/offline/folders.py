"""Where songs come from and where their stems go: folders searched, folders named, one run at a time in each."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bridge.errors import ConfigError
from engines.separation.offline.journal import JOURNAL, Identity, load_journal

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


def folder_for(song: Path, identity: Identity, out: Path) -> Path:
    """The folder in ``out`` for the song's stems: its name, or its name (2), (3) ... where another song has that.

    A folder belongs to the song that its journal names, by its place or, should it have moved, by its identity. One
    that holds files and no journal belongs to somebody else.
    """
    name = song.stem.strip(". ") or "song"  # a folder called "." is no new one, and "name." is none on other systems
    number = 0
    while True:
        number += 1
        folder = out / (name if number == 1 else f"{name} ({number})")
        if not folder.exists():
            return folder
        if not folder.is_dir():
            continue
        journal = load_journal(folder)
        if journal is None:
            if not any(folder.iterdir()):
                return folder
        elif journal.song == spelt(song.resolve()) or journal.identity == identity:
            return folder


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make ``folder`` and hold it against other runs; a killed run lets go of it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ConfigError(
            f"{folder}: cannot be made ({error.strerror})", "give another --out, or its permissions"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"{folder}: another run is at work in it", "wait for it, or give another --out"
            ) from error
        yield
    finally:
        os.close(descriptor)
