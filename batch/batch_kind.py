"""Batch kinds: the commands that a batch runs on each file, which files they take, and what they write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engines.offline.songs import SUFFIXES

MIDI_SUFFIXES = (".mid", ".midi", ".smf")
"""Suffixes of MIDI files that are found in folders, as `sideman render` finds them."""


@dataclass(frozen=True, slots=True)
class BatchKind:
    """A command on one file.

    Attributes:
        suffixes: Of the files that are looked for in folders, in lower case.
        results: What is added to a song's name in the names of its results; empty: a folder. Where one of these exists
            and is somebody else's, the song gets another name.
        takes_stems: Whether a folder that `sideman separate` wrote is one source.
        is_folder: Whether the command fills its ``--out``, so that each song needs one of its own.
        module: Module that is the command, for ``python -m``.
    """

    name: str
    suffixes: tuple[str, ...]
    results: tuple[str, ...] = ("",)
    takes_stems: bool = False
    is_folder: bool = False
    module: str = "bridge"


_KINDS = (
    BatchKind("separate", SUFFIXES),
    BatchKind("analyze", SUFFIXES, (".json", ".mid", ".png", ".beats.csv")),
    BatchKind("accompany", SUFFIXES + MIDI_SUFFIXES, is_folder=True),
    BatchKind("render", SUFFIXES + MIDI_SUFFIXES, ("", ".wav", ".flac"), takes_stems=True),
)
KINDS: Mapping[str, BatchKind] = {kind.name: kind for kind in _KINDS}
