"""How chords usually follow one another: counted in POP909-CL by ``python -m engines.accompaniment.training fit``."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np

from bridge.errors import ConfigError
from engines.accompaniment.harmony.states import CLASSES, COUNT, NONE, THIRDS, Doubles

FILE = "habits.json"
METRE, LASTED = 4, 16
"""Beats of a bar, and beats since a chord began, that are told apart."""
HORIZON = 16
BUCKETS = (0.35, 0.55, 0.75, 0.95)
"""Where scores of the best loop part: a bucket below each and one above the last."""


@dataclass(frozen=True)
class Habits:
    """``changes`` (METRE, LASTED): chance that a chord changes at this beat of a bar after so many beats.
    ``follows`` (2, 12, 2): where it goes if it changes: third of the one, semitones up to the root of the other, third
    of that. ``belongs`` (2, 12, 2): in a major or minor key, how usual each degree with each third is. ``qualities``
    (2, qualities): how usual each is with its third. ``loops`` (buckets, HORIZON): what the loops' word counts against
    these habits, so many beats ahead."""

    changes: Doubles
    follows: Doubles
    belongs: Doubles
    qualities: Doubles
    loops: Doubles
    _moved: dict[int, Doubles] = field(default_factory=dict, init=False, repr=False, compare=False)

    def moves(self, key: int) -> Doubles:
        """Shape (COUNT, COUNT): from a row's chord to a column's, if it changes; in ``key`` (-1: unknown)."""
        if key not in self._moved:
            self._moved[key] = _moves(self, key)
        return self._moved[key]

    def as_file(self) -> bytes:
        shown = {name: np.round(getattr(self, name), 5).tolist() for name in _SHAPES}
        return msgspec.json.format(msgspec.json.encode(shown), indent=1)


_SHAPES = {
    "changes": (METRE, LASTED), "follows": (2, CLASSES, 2), "belongs": (2, CLASSES, 2),
    "qualities": (2, len(THIRDS)), "loops": (len(BUCKETS) + 1, HORIZON),
}  # fmt: skip


def read_habits(path: Path) -> Habits:
    """Raises ConfigError where the file lacks a table, or one has another shape."""
    try:
        told = msgspec.json.decode(path.read_bytes(), type=dict[str, list[object]])
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error})", "install Sideman anew, or fit the habits again"
        ) from error
    tables = {}
    for name, shape in _SHAPES.items():
        tables[name] = np.array(told.get(name, []), np.float64)
        if tables[name].shape != shape:
            raise ConfigError(
                f"{path}: {name} is not of shape {shape}", "install Sideman anew, or fit the habits again"
            )
    return Habits(**tables)


@cache
def shipped() -> Habits:
    """The habits that ship."""
    return read_habits(Path(str(files("engines.accompaniment.harmony") / FILE)))


def _moves(habits: Habits, key: int) -> Doubles:
    root, third = np.arange(NONE) % CLASSES, THIRDS[np.arange(NONE) // CLASSES]
    up = (root[None, :] - root[:, None]) % CLASSES
    moves = np.zeros((COUNT, COUNT))
    moves[:NONE, :NONE] = habits.follows[third[:, None], up, third[None, :]]
    if key >= 0:
        tonic, minor = key % CLASSES, key // CLASSES
        moves[:NONE, :NONE] *= np.sqrt(habits.belongs[minor, (root - tonic) % CLASSES, third])[None, :]
    moves[:NONE, :NONE] *= habits.qualities[third, np.arange(NONE) // CLASSES][None, :]
    np.fill_diagonal(moves, 0.0)
    moves[:, NONE] = 1e-3 * moves.sum(1).mean()
    moves[NONE, :NONE] = moves[:NONE, :NONE].mean(0)
    moves[NONE, NONE] = 0.0
    moves /= np.maximum(moves.sum(1, keepdims=True), 1e-12)
    return moves
