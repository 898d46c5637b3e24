"""Journal and checkpoint of a song's folder: the song and settings of its files, and the state of an unfinished run."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from bridge.config import write_atomic
from bridge.core.engine import State
from engines.offline.songs import JOURNAL

CHECKPOINT = ".separation.npz"
VALUES = "values"
"""Name of the array in a checkpoint that holds its values as JSON; part of the file format."""
SCHEMA = 1
HEAD_BYTES = 1 << 20


class Identity(msgspec.Struct, frozen=True):
    """Identity of a song's file: size, time of its last change, SHA-256 of its first mebibyte."""

    size_bytes: int
    mtime_ns: int
    head: str


def read_identity(path: Path) -> Identity:
    stat = path.stat()
    with path.open("rb") as file:
        head = hashlib.sha256(file.read(HEAD_BYTES)).hexdigest()
    return Identity(stat.st_size, stat.st_mtime_ns, head)


class Recipe(msgspec.Struct, frozen=True):
    """Everything that determines the output. ``model``: identifies the weights."""

    profile: str
    separator: str
    model: str
    steps: tuple[str, ...]
    format: str

    def make_key(self, song: Identity) -> str:
        """A hash that identifies this recipe applied to this song."""
        text = json.dumps([SCHEMA, msgspec.to_builtins(self), msgspec.to_builtins(song)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class Journal(msgspec.Struct, frozen=True):
    """``song``: its path. ``recipe``: the last one. ``made``: finished files by name, with the key of each."""

    schema: int
    song: str
    identity: Identity
    recipe: Recipe
    made: dict[str, str]

    def save(self, folder: Path) -> None:
        write_atomic(folder / JOURNAL, json.dumps(msgspec.to_builtins(self), indent=2) + "\n")


def load_journal(folder: Path) -> Journal | None:
    """Load the folder's journal; None where it has none that can be read."""
    try:
        journal = msgspec.json.decode((folder / JOURNAL).read_bytes(), type=Journal)
    except (OSError, msgspec.DecodeError):
        return None
    return journal if journal.schema == SCHEMA else None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State of an unfinished run, from which it resumes to the same bits.

    ``key``: of the recipe, the outputs and the program's version. ``read``: frames read from the song. ``written``:
    frames in each scratch file. ``peaks``: peak of each stem and output so far. ``separated``: only writing is left.
    ``state``: the separator's state.
    """

    key: str
    read: int
    written: int
    peaks: Mapping[str, float]
    notes: tuple[str, ...]
    separated: bool
    state: State

    def save(self, folder: Path) -> None:
        values = [self.key, self.read, self.written, dict(self.peaks), list(self.notes), self.separated]
        arrays = {f"state.{name}": array for name, array in self.state.items()}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **{VALUES: np.array(json.dumps(values))}, **arrays)
        write_atomic(folder / CHECKPOINT, buffer.getvalue())


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Load the folder's checkpoint; None where it has none that can be read."""
    try:
        with np.load(folder / CHECKPOINT, allow_pickle=False) as arrays:
            values = json.loads(str(arrays[VALUES]))
            state = {name[6:]: arrays[name] for name in arrays.files if name.startswith("state.")}
        key, read, written, peaks, notes, separated = values
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return Checkpoint(key, read, written, peaks, tuple(notes), separated, state)
