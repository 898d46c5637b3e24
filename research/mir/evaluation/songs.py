"""Songs and what is known of them: folders with truth beside the audio, and the annotated collection's layout.

In the latter a song's truth has its audio beside it, or is that of a multitrack elsewhere: files SONG__STEM.ogg whose
sum is the song. ``bassother`` there is what was left undivided beside bass and other (measured: it has nothing in
common with either), so it is one more summand, as in `research.datasets.prepare`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr

from bridge.audiofile import read_whole
from bridge.core.arrays import Float32Array
from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError
from research.datasets.library import RATE
from research.datasets.sources import get_split
from research.mir.evaluation.truth import SongAnnotation, read_truth

AUDIO = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus")
TRUTHS = (".beats", ".chords", ".key", ".onsets")
ARRAY = ".npy"
STEM_MARK = "__"
ANNOTATED = {"report": "recorded, held out", "train": "recorded, learned from"}
"""The names of the collections whose recordings are real, by the split that training made of them."""


@dataclass(frozen=True, slots=True)
class KnownSong:
    """``files``: what sums to the song."""

    name: str
    collection: str
    files: tuple[Path, ...]
    truth: SongAnnotation


def find_folder(folder: Path) -> list[KnownSong]:
    """The songs in ``folder`` with truth beside them, a collection of the folder's name."""
    found = [
        KnownSong(path.stem, folder.resolve().name, (path,), read_truth(path.with_suffix("")))
        for path in _list_files(folder)
        if path.suffix.lower() in AUDIO and any(path.with_suffix(suffix).is_file() for suffix in TRUTHS)
    ]
    if not found:
        raise ConfigError(
            f"{folder}: holds no song that something is known of",
            f"put NAME{', NAME'.join(TRUTHS)} beside NAME.wav",
        )
    return found


def find_annotated(folder: Path, multitrack: Path | None) -> list[KnownSong]:
    """The annotated collection, held-out songs apart from those that training may take.

    Its positions in the bar are not verified, so no downbeats are taken from it.
    """
    names = sorted({path.stem for path in _list_files(folder) if path.suffix in TRUTHS})
    if not names:
        raise ConfigError(f"{folder}: holds no NAME.beats and no NAME.key", "give the folder of the annotations")
    beside = {path.stem: path for path in _list_files(folder) if path.suffix.lower() in AUDIO}
    found = []
    for name in names:
        files = (beside[name],) if name in beside else _find_stems(name, multitrack)
        if not files:
            where = f"in {multitrack}" if multitrack else f"beside {folder / name}.beats"
            raise ConfigError(f"{name}: no audio {where}", "give --multitrack DIR with its files NAME__STEM.ogg")
        truth = replace(read_truth(folder / name), downbeats=None)
        found.append(KnownSong(name, ANNOTATED[get_split(name)], files, truth))
    return found


def _list_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder", "give a folder of songs")
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _find_stems(name: str, multitrack: Path | None) -> tuple[Path, ...]:
    if multitrack is None:
        return ()
    found = [path for path in _list_files(multitrack) if path.suffix.lower() in AUDIO]
    return tuple(path for path in found if path.stem.rpartition(STEM_MARK)[0] == name)


def read_clip(files: Iterable[Path], seconds: float = 0.0, rate: int = 0) -> tuple[Audio, int]:
    """The sum of ``files``, shape (2, frames), and its rate in Hz.

    ``seconds``: of its beginning; 0: all. ``rate``: what to resample to; 0: the files' own.
    """
    waves, rates = [], []
    for path in files:
        samples, own = _read_rendered(path, seconds) if path.suffix == ARRAY else _decode(path, seconds)
        if not len(samples):
            raise ConfigError(f"{path}: holds no audio", "give a file with music in it")
        waves.append(np.nan_to_num(samples[:, :CHANNELS], nan=0.0, posinf=0.0, neginf=0.0))
        rates.append(own)
    rate = rate or max(rates)
    waves = [
        soxr.resample(wave, own, rate, quality="VHQ") if own != rate else wave
        for wave, own in zip(waves, rates, strict=True)
    ]
    clip = np.zeros((CHANNELS, max(len(wave) for wave in waves)), np.float32)
    for wave in waves:
        clip[:, : len(wave)] += wave.T  # mono goes to both sides
    return clip, rate


def _decode(path: Path, seconds: float) -> tuple[Float32Array, int]:
    audio, rate = read_whole(path, seconds)
    return audio.T, rate


def _read_rendered(path: Path, seconds: float) -> tuple[Float32Array, int]:
    """A stem of the training's material: 16 bits, (frames, 2)."""
    samples = np.load(path, mmap_mode="r")[: round(seconds * RATE) or None]
    return np.asarray(samples, np.float32) * np.float32(1 / 32768), RATE
