"""Song files: search in folders, names of results, and checks of paths."""

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
from bridge.names import fold_name, why_not

JOURNAL = ".separation.json"
"""Marks a folder that `sideman separate` wrote for a song."""
SUFFIXES = (
    ".wav", ".wave", ".bwf", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".opus", ".mp3", ".caf", ".w64",
    ".rf64", ".au", ".snd",
)  # fmt: skip
"""Suffixes of songs in a folder. A file that the user names is tried whatever its suffix."""
_REFUSED = re.compile(r'[\x00-\x1f\x7f-\x9f/\\"*:<>?|]')
"""Characters that names do not have on every system: control characters, and those that Windows reserves (Microsoft,
"Naming Files, Paths, and Namespaces"). A folder that is copied to such a disk would stay incomplete."""


def find_songs(paths: Sequence[Path], out: Path) -> list[Path]:
    """The songs of ``paths`` in their order, folders searched with all below them, each song once.

    Hidden files are left out of folders, and so is what this command wrote (``out`` and every folder with its journal).
    A folder without a song, or one that cannot be read, stays in the list, and so does a broken link: each is reported
    as an error of its own and does not stop the others.
    """
    songs: dict[Path, Path] = {}  # by resolved path
    for path in paths:
        for song in (_search(path, resolve_path(out)) or [path]) if os.path.isdir(path) else [path]:  # noqa: PTH112 - no error
            songs.setdefault(resolve_path(song), song)
    return list(songs.values())


def resolve_path(path: Path) -> Path:
    """``path`` without links, as far as they can be followed."""
    return Path(os.path.realpath(path))


def _search(folder: Path, out: Path) -> list[Path]:
    found: list[Path] = []

    def keep(error: OSError) -> None:
        found.append(Path(error.filename))

    for at, folders, files in os.walk(folder, onerror=keep):
        here = Path(at)
        if here != folder and (resolve_path(here) == out or JOURNAL in files):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [here / name for name in sorted(files) if not name.startswith(".") and name.lower().endswith(SUFFIXES)]
    return found


def check_reachable(song: Path) -> None:
    """Raises: ConfigError where ``song`` is a broken link or cannot be read."""
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


def escape_name(name: Path | str) -> str:
    """``name`` for a journal or a screen; bytes that are no UTF-8, as in names of old disks, become escapes."""
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def list_names(folder: Path) -> frozenset[str]:
    """The names in ``folder``, case-folded as case-insensitive file systems compare them."""
    try:
        return frozenset(map(fold_name, os.listdir(folder)))  # noqa: PTH208 - names alone
    except FileNotFoundError:
        return frozenset()


def make_result_name(song: Path, number: int, longest: int) -> str:
    """Name of the results of ``song``, at most ``longest`` bytes: the song's own, with (2) from ``number`` 2 on.

    Anything that not every system allows is replaced: control characters, quotes, ``*:<>?|``, a dot or blank at either
    end, a device's name on Windows. A name that is cut ends in a hash of the whole, so that two long names differ.
    """
    name = _REFUSED.sub("_", song.stem.strip(". ")).strip(". ") or "song"
    if why_not(name, len(name)):  # a folder called "." is no new one, and "name." is none on other systems
        name = f"_{name}"
    end = "" if number == 1 else f" ({number})"
    if len(os.fsencode(name + end)) > longest:
        end = f"~{hashlib.sha256(os.fsencode(song.stem)).hexdigest()[:8]}{end}"
        while name and len(os.fsencode(name + end)) > longest:
            name = name[:-1]
        name = name.rstrip(". ")
    return name + end
