"""Result files: the names of a file's results, and the move of finished ones to them, each whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from batch.batch_journal import BatchJournal
from batch.batch_kind import BatchKind
from batch.file_task import OUT_FOLDER
from batch.source_tree import Source
from bridge.drafts import longest_name, sync_folder
from engines.offline.songs import make_result_name

NAME_FILE = "name"
"""File of a work folder with the name that the command gave to the results."""
OLD_FOLDER = "old"
SUFFIX_BYTES = 32
"""Room for the longest suffix of a result of any command."""


def choose_result(source: Source, out: Path, kind: BatchKind, journal: BatchJournal) -> Path:
    """The name of a source's results, below ``out``; with (2), (3) … where another file has it. It keeps it."""
    if (known := journal.find_result(source.path)) is not None:
        return known
    folder = out / source.place
    longest = longest_name(folder if folder.is_dir() else out) - SUFFIX_BYTES
    number = 0
    while True:
        number += 1
        result = source.place / make_result_name(source.path, number, longest)
        is_taken = any(os.path.lexists(out / add_suffix(result, suffix)) for suffix in kind.results)
        if not is_taken and journal.reserve_result(source.path, result):
            return result


def add_suffix(result: Path, suffix: str) -> Path:
    """The name of results with a suffix."""
    return result.with_name(result.name + suffix)


def are_there(result: Path, out: Path, kind: BatchKind) -> bool:
    """Whether something of the results is there: a user may have removed them to have them done again."""
    return any((out / add_suffix(result, suffix)).exists() for suffix in kind.results)


def publish_results(work_folder: Path, result: Path, out: Path, kind: BatchKind) -> None:
    """Move what a finished work folder has to its final names. A move that was interrupted can be done again.

    Raises:
        OSError: The disk does not allow it.
    """
    made = work_folder / OUT_FOLDER
    target = out / result
    target.parent.mkdir(parents=True, exist_ok=True)
    if kind.is_folder:
        if made.is_dir() and any(made.iterdir()):
            _replace(made, target, work_folder)
    else:
        entries = sorted(path for path in made.iterdir() if not path.name.startswith("."))
        name = _keep_name(work_folder, entries)
        for entry in entries:
            _replace(entry, target.with_name(target.name + entry.name[len(name) :]), work_folder)
    sync_folder(target.parent)


def _replace(made: Path, target: Path, work_folder: Path) -> None:
    """Let ``made`` take the place of ``target``: a file at once, a folder by way of the work folder."""
    if target.is_dir():
        old = work_folder / OLD_FOLDER
        number = 0
        while (old / str(number)).exists():
            number += 1
        old.mkdir(exist_ok=True)
        target.rename(old / str(number))
    made.replace(target)


def _keep_name(work_folder: Path, entries: list[Path]) -> str:
    """The name that the command gave, kept in a file: of some of the results it could not be known any more."""
    file = work_folder / NAME_FILE
    if file.exists():
        return os.fsdecode(file.read_bytes())
    name = find_common_name(entries)
    draft = file.with_suffix(".part")
    draft.write_bytes(os.fsencode(name))
    draft.replace(file)
    return name


def find_common_name(entries: list[Path]) -> str:
    """What the names of a song's results begin with: all of a folder's name, of files what is before the suffixes."""
    if len(entries) == 1 and entries[0].is_dir():
        return entries[0].name
    first, last = min(entry.name for entry in entries), max(entry.name for entry in entries)
    length = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:length].rpartition(".")[0] or first[:length]
