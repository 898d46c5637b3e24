"""What a song's folder remembers: which song and settings made its files, and how far a killed run came."""

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
SCHEMA = 1
HEAD_BYTES = 1 << 20


class Identity(msgspec.Struct, frozen=True):
    """A song's file: bytes, time of its last change, SHA-256 of its first mebibyte."""

    size_bytes: int
    mtime_ns: int
    head: str


def read_identity(path: Path) -> Identity:
    stat = path.stat()
    with path.open("rb") as file:
        head = hashlib.sha256(file.read(HEAD_BYTES)).hexdigest()
    return Identity(stat.st_size, stat.st_mtime_ns, head)


class Recipe(msgspec.Struct, frozen=True):
    """All that decides what is written. ``model``: what tells one set of weights from another."""

    profile: str
    separator: str
    model: str
    steps: tuple[str, ...]
    format: str

    def make_key(self, song: Identity) -> str:
        """What tells this recipe, applied to this song, from any other."""
        told = json.dumps([SCHEMA, msgspec.to_builtins(self), msgspec.to_builtins(song)], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


class Journal(msgspec.Struct, frozen=True):
    """``song``: where it lay. ``recipe``: the last one. ``made``: finished files by name, with the key of each."""

    schema: int
    song: str
    identity: Identity
    recipe: Recipe
    made: dict[str, str]

    def save(self, folder: Path) -> None:
        write_atomic(folder / JOURNAL, json.dumps(msgspec.to_builtins(self), indent=2) + "\n")


def load_journal(folder: Path) -> Journal | None:
    """The folder's journal; None where it has none that can be read."""
    try:
        journal = msgspec.json.decode((folder / JOURNAL).read_bytes(), type=Journal)
    except (OSError, msgspec.DecodeError):
        return None
    return journal if journal.schema == SCHEMA else None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a run came: all that is needed to go on to the same bits.

    ``key``: of the recipe, the outputs and the program's version. ``read``: frames taken from the song.
    ``written``: frames in each scratch file. ``peaks``: the loudest sample of each stem and output so far.
    ``separated``: only writing is left. ``state``: the separator's memory.
    """

    key: str
    read: int
    written: int
    peaks: Mapping[str, float]
    notes: tuple[str, ...]
    separated: bool
    state: State

    def save(self, folder: Path) -> None:
        told = [self.key, self.read, self.written, dict(self.peaks), list(self.notes), self.separated]
        arrays = {f"state.{name}": array for name, array in self.state.items()}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, told=np.array(json.dumps(told)), **arrays)
        write_atomic(folder / CHECKPOINT, buffer.getvalue())


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The folder's checkpoint; None where it has none that can be read."""
    try:
        with np.load(folder / CHECKPOINT, allow_pickle=False) as arrays:
            told = json.loads(str(arrays["told"]))
            state = {name[6:]: arrays[name] for name in arrays.files if name.startswith("state.")}
        key, read, written, peaks, notes, separated = told
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return Checkpoint(key, read, written, peaks, tuple(notes), separated, state)
