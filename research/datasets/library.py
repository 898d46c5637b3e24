"""The stems that training draws from: a folder with an index.csv and one array a file."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ConfigError

RATE = 44100
INDEX = "index.csv"
JOINED: dict[str, tuple[str, ...]] = {
    "bassother": ("bass", "other"),
    "instrumental": ("drums", "bass", "other"),
}
"""Recordings of several stems at once: usable in a mixture, their parts without a truth of their own."""

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class StemClip:
    """One array of the library: shape (frames, 2), int16, 44.1 kHz. ``song``: empty for loose material."""

    path: Path
    stem: str
    frames: int
    group: str
    song: str

    @property
    def recorded(self) -> bool:
        """Whether people played or sang it in one go; else it was put together from notes, strokes or speech."""
        return bool(self.song and not self.song.startswith("song-")) or (
            self.stem == "vocals" and not self.group.startswith(("songs-", "sung-readers"))
        )

    def read_samples(self) -> Samples:
        samples: Samples = np.load(self.path, mmap_mode="r")
        return samples


@dataclass(frozen=True)
class StemLibrary:
    """``loose``: clips by stem and group. ``songs``: the aligned clips of each song, by stem."""

    loose: dict[str, dict[str, list[StemClip]]]
    songs: dict[str, dict[str, StemClip]]

    @property
    def clips(self) -> list[StemClip]:
        return [clip for groups in self.loose.values() for clips in groups.values() for clip in clips]

    def select_songs(self, songs: Container[str]) -> StemLibrary:
        """Those ``songs`` alone, with nothing loose."""
        return StemLibrary({}, {name: song for name, song in self.songs.items() if name in songs})

    def count_minutes(self) -> dict[str, float]:
        """Minutes by stem."""
        total: dict[str, float] = defaultdict(float)
        for clip in self.clips:
            total[clip.stem] += clip.frames / RATE / 60
        return dict(total)


def read_library(folder: Path, split: str, without: tuple[str, ...] = ()) -> StemLibrary:
    """The clips of ``split`` (train or valid), less the groups and songs named in ``without``.

    Raises ConfigError where the folder was not prepared.
    """
    index = folder / INDEX
    if not index.is_file():
        raise ConfigError(f"{index}: not there", "run `python -m research.datasets prepare` first")
    loose: dict[str, dict[str, list[StemClip]]] = defaultdict(lambda: defaultdict(list))
    songs: dict[str, dict[str, StemClip]] = defaultdict(dict)
    with index.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] != split or row["group"] in without or row["song"] in without:
                continue
            clip = StemClip(folder / row["file"], row["stem"], int(row["frames"]), row["group"], row["song"])
            loose[clip.stem][clip.group].append(clip)
            if clip.song:
                songs[clip.song][clip.stem] = clip
    if not loose:
        raise ConfigError(f"{index}: no clip of the split {split!r}", "prepare more, or leave fewer out")
    return StemLibrary({stem: dict(groups) for stem, groups in loose.items()}, dict(songs))


def list_tunes(stems: Path, song: str = "") -> set[str]:
    """The tunes that anything in ``stems``, or ``song`` alone, was rendered from, whatever its split."""
    index = stems / INDEX
    if not index.is_file():
        raise ConfigError(f"{index}: not there", "name the folder of stems that the training takes")
    with index.open(newline="", encoding="utf-8") as file:
        sources = [row["source"] for row in csv.DictReader(file) if row["song"] == song or not song]
    return {name for source in sources for name in re.findall(r"POP909-CL (\d+)", source)}
