"""Songs: the files named, the files in folders, and what they and their results are called."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from bridge.errors import ConfigError
from bridge.failures import fix_for
from bridge.names import folded, why_not

JOURNAL = ".separation.json"
"""A folder with this file in it is what `sideman separate` made of a song."""
SUFFIXES = (
    ".wav", ".wave", ".bwf", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".opus", ".mp3", ".caf", ".w64",
    ".rf64", ".au", ".snd",
)  # fmt: skip
"""What is taken for a song in a folder; a file that is named is tried whatever its name ends with."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")


def songs_in(paths: Sequence[Path], out: Path) -> list[Path]:
    """``paths`` in their order, a folder as the songs in it and below, each song once.

    Left out of folders: what is hidden, and what this command made (``out`` and every folder with its journal). A
    folder without a song, or one that cannot be read, stays in the list, as does a link that leads nowhere: to be named
    as an error beside the others, not to stop them.
    """
    songs: dict[Path, Path] = {}  # by where it really lies
    for path in paths:
        for song in (_below(path, place_of(out)) or [path]) if os.path.isdir(path) else [path]:  # noqa: PTH112 - no error
            songs.setdefault(place_of(song), song)
    return list(songs.values())


def place_of(path: Path) -> Path:
    """Where ``path`` really lies, links followed as far as they lead somewhere."""
    return Path(os.path.realpath(path))


def _below(folder: Path, out: Path) -> list[Path]:
    found: list[Path] = []

    def keep(error: OSError) -> None:
        found.append(Path(error.filename))

    for at, folders, files in os.walk(folder, onerror=keep):
        here = Path(at)
        if here != folder and (place_of(here) == out or JOURNAL in files):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [here / name for name in sorted(files) if not name.startswith(".") and name.lower().endswith(SUFFIXES)]
    return found


def check_reachable(song: Path) -> None:
    """Raises: ConfigError where ``song`` is a link that leads nowhere, or its place cannot be looked at."""
    try:
        if stat.S_ISDIR(song.stat().st_mode):
            with os.scandir(song):
                return
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ConfigError(f"{song}: a link that leads to itself", "remove it, or let it lead to a song") from error
        if os.path.islink(song):  # noqa: PTH114 - no error
            message = f"{song}: a link to {song.readlink()}, which is not there"
            raise ConfigError(message, "remove it, or put the song back") from error
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise ConfigError(f"{song}: cannot be read ({error.strerror})", fix_for(error)) from error


def spelt(name: Path | str) -> str:
    """``name`` for a journal or a screen; bytes in it that are no UTF-8, as names of old disks have, are spelt out."""
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def names_in(folder: Path) -> frozenset[str]:
    """The names in ``folder``, as systems that do not tell capitals from small letters compare them."""
    try:
        return frozenset(map(folded, os.listdir(folder)))  # noqa: PTH208 - names alone
    except FileNotFoundError:
        return frozenset()


def result_name(song: Path, number: int, longest: int) -> str:
    """What results of ``song`` are called, at most ``longest`` bytes: as it is, from the second ``number`` on with (2).

    What no system or not every one takes is put right: control characters, a dot or blank at either end, a device's
    name on Windows. A name that is cut ends in figures that only it has, so that two long ones stay apart.
    """
    name = _CONTROLS.sub("_", song.stem.strip(". ")).strip(". ") or "song"
    if why_not(name, len(name)):  # a folder called "." is no new one, and "name." is none on other systems
        name = f"_{name}"
    end = "" if number == 1 else f" ({number})"
    if len(os.fsencode(name + end)) > longest:
        end = f"~{hashlib.sha256(os.fsencode(song.stem)).hexdigest()[:8]}{end}"
        while name and len(os.fsencode(name + end)) > longest:
            name = name[:-1]
        name = name.rstrip(". ")
    return name + end
