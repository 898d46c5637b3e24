"""Source tree: the files of a batch, one after the other in a fixed order; no list of all of them is ever made."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from batch.batch_kind import MIDI_SUFFIXES, BatchKind
from bridge.errors import ConfigError
from engines.offline.songs import JOURNAL, resolve_path

JOURNAL_FILE = "batch.sqlite"
"""Marks a folder that a batch wrote."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a batch. ``root``: the folder that was given. ``place``: its folder below the results."""

    path: Path
    root: Path
    place: Path

    @property
    def name(self) -> str:
        """Its path below the results' folder, for people."""
        return str(self.place / self.path.name)


def iterate_sources(roots: Sequence[Path], out: Path, kind: BatchKind) -> Iterator[Source]:
    """The sources in ``roots``, folder by folder, sorted by name, without hidden ones and what batches wrote.

    A single folder is mirrored below ``out``; of several, each has a folder of its own name there. Links to folders are
    not followed. A folder that cannot be read is a source of its own, and fails.
    """
    for root in roots:
        if root.is_dir():
            start = Path(root.absolute().name) if len(roots) > 1 else Path()
            yield from _walk(root, root, start, resolve_path(out), kind)
        else:
            yield Source(root, root, Path())


def check_roots(roots: Sequence[Path]) -> None:
    """Raises: ConfigError where one of ``roots`` is not there."""
    for root in roots:
        if not os.path.lexists(root):
            raise ConfigError(f"{root}: no such file or folder", "check the name, and whether the disk is there")


def _walk(folder: Path, root: Path, place: Path, out: Path, kind: BatchKind) -> Iterator[Source]:
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError:
        yield Source(folder, root, place.parent)
        return
    names = {name for name, _ in found if name in (JOURNAL, JOURNAL_FILE)}
    if folder != root and (JOURNAL_FILE in names or resolve_path(folder) == out):
        return
    if JOURNAL in names:
        if kind.takes_stems:
            yield Source(folder, root, place.parent)
        if kind.takes_stems or folder != root:
            return
    folders = [name for name, is_folder in found if is_folder and not name.startswith(".")]
    files = [name for name, is_folder in found if not is_folder and _is_source_name(name, kind)]
    del found
    for name in files:
        if not (name.lower().endswith(MIDI_SUFFIXES) and _is_tempo_map(folder / name)):
            yield Source(folder / name, root, place)
    for name in folders:
        yield from _walk(folder / name, root, place / name, out, kind)


def _is_source_name(name: str, kind: BatchKind) -> bool:
    return not name.startswith(".") and name.lower().endswith(kind.suffixes)


def _is_tempo_map(path: Path) -> bool:
    """Whether a MIDI file is the tempo map that `sideman analyze` wrote of a song."""
    return path.with_suffix(".beats.csv").is_file()
