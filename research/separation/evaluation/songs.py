"""Songs whose stems are known: folders of stems, or files named SONG__STEM.

A folder of songs has one folder a song with ``drums``, ``bass``, ``vocals`` and ``other`` as .wav, .flac or .ogg
(MUSDB's layout; its ``mixture`` is left alone, the mix is always the sum). A stem that a song lacks is absent from
it: silent, and measured as leakage. The layout ``SONG__STEM.ogg`` also knows ``bassother``, bass and other in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from bridge import audiofile
from bridge.audiofile import read_whole
from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.errors import ConfigError, did_you_mean

SUFFIXES = (".wav", ".flac", ".ogg")
BASSOTHER = "bassother"
JOINED = ("drums", "vocals", BASSOTHER)
"""The stems of a song whose bass and other are not separate."""
IGNORED = ("mixture", "mix")

Files = Mapping[str, Path]
"""A song's files by stem."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Which part of each song: ``offset_s`` in, for ``seconds``, both 0 for the whole; at ``rate``, 0 for its own."""

    offset_s: float = 0.0
    seconds: float = 0.0
    rate: int = 0


@dataclass(frozen=True, slots=True)
class MultitrackSong:
    """``truth``: (stems, 2, frames) in the order of ``stems``; a stem that the song lacks is silent in it."""

    name: str
    rate: int
    stems: tuple[str, ...]
    truth: Audio

    @property
    def mix(self) -> Audio:
        """The sum of the true stems, shape (2, frames)."""
        return np.asarray(self.truth.sum(axis=0), dtype=np.float32)


def find_songs(folder: Path) -> dict[str, Files]:
    """The songs under ``folder``: one folder each, by name. A folder that holds stems itself is one song."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder", "give a folder of songs, each a folder of stems")
    own = _find_stems(folder)
    if own:
        return {folder.name: own}
    found = {sub.name: _find_stems(sub) for sub in sorted(folder.iterdir()) if sub.is_dir()}
    songs: dict[str, Files] = {name: files for name, files in found.items() if files}
    if not songs:
        raise ConfigError(
            f"{folder}: holds no song", f"each song is a folder with {', '.join(STEMS)} as {', '.join(SUFFIXES)}"
        )
    return songs


def find_multitracks(folder: Path) -> dict[str, Files]:
    """The songs of a folder of files named SONG__STEM.ogg (or .wav, .flac), by name.

    A song without ``bass`` or without ``other`` that has ``bassother`` is taken as drums, vocals and bassother; else
    ``bassother`` is left alone, as it may hold a part only.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder", "give a folder of files named SONG__STEM.ogg")
    songs: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        song, mark, stem = path.stem.rpartition("__")
        if mark and path.suffix.lower() in SUFFIXES and stem in (*STEMS, BASSOTHER):
            songs.setdefault(song, {})[stem] = path
    if not songs:
        raise ConfigError(f"{folder}: holds no file named SONG__STEM", f"stems are {', '.join((*STEMS, BASSOTHER))}")
    return {name: _drop_duplicates(files) for name, files in songs.items()}


def choose(songs: Mapping[str, Files], names: Sequence[str]) -> dict[str, Files]:
    """Those of ``names``, in that order; all where none is named."""
    for name in names:
        if name not in songs:
            raise ConfigError(f"no song {name!r}", did_you_mean(name, songs))
    return {name: songs[name] for name in names} if names else dict(songs)


def read_song(name: str, files: Files, excerpt: Excerpt) -> MultitrackSong:
    """Read an excerpt of a song; files of one song that differ in length are filled up with silence.

    The stems are drums, bass, vocals, other, or drums, vocals, bassother; those without a file are silent.
    """
    rates = {stem: _read_rate(path) for stem, path in files.items()}
    rate = excerpt.rate or max(rates.values())
    stems = JOINED if BASSOTHER in files else STEMS
    waves = {stem: _read(path, excerpt, rate) for stem, path in files.items()}
    frames = max(wave.shape[1] for wave in waves.values())
    truth = np.zeros((len(stems), CHANNELS, frames), np.float32)
    for i, stem in enumerate(stems):
        if stem in waves:
            truth[i, :, : waves[stem].shape[1]] = waves[stem]
    if not truth.any():
        raise ConfigError(f"{name}: silent in this excerpt", "choose another --offset or more --seconds")
    return MultitrackSong(name, rate, stems, truth)


def _find_stems(folder: Path) -> dict[str, Path]:
    files = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file() and path.stem not in IGNORED:
            files[path.stem] = path
    strange = [path for stem, path in files.items() if stem not in STEMS]
    if strange and len(strange) < len(files):
        raise ConfigError(f"{strange[0]}: no stem of ours", f"mix it into one of {', '.join(STEMS)}, or move it away")
    return {} if strange else files


def _drop_duplicates(files: Files) -> Files:
    """Bass and other either apart or in one, never both."""
    if BASSOTHER in files and not {"bass", "other"} <= set(files):
        return {stem: path for stem, path in files.items() if stem not in ("bass", "other")}
    return {stem: path for stem, path in files.items() if stem != BASSOTHER}


def _read_rate(path: Path) -> int:
    """The file's rate in Hz. Raises: ConfigError where it is no stem."""
    with audiofile.Song(path) as file:
        if file.channels > CHANNELS:
            raise ConfigError(f"{path}: has {file.channels} channels", "stems are mono or stereo")
        return file.rate


def _read(path: Path, excerpt: Excerpt, rate: int) -> Audio:
    """The excerpt of one file at ``rate``, (2, frames); mono goes to both sides. Past its end: no frames."""
    audio, own = read_whole(path, excerpt.seconds, excerpt.offset_s)
    if own != rate:
        audio = soxr.resample(audio.T, own, rate, quality="VHQ").T
    return np.ascontiguousarray(audio)
