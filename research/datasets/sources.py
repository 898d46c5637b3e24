"""The recordings that training data is made of: their list, their samples, and the folder the stems go to."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from bridge.audiofile import read_whole
from bridge.core.arrays import Float32Array
from bridge.errors import ConfigError
from research.datasets.library import INDEX
from research.datasets.truth import SongTruth, write_truth

RATE = 44100
COLUMNS = ("file", "stem", "frames", "group", "split", "song", "source", "coherent")
EMPTY_PEAK = 10.0 ** (-60 / 20)
"""A recording whose peak lies below this is taken for empty."""

REPORTED = frozenset({"ev3-lithium", "ev3-hydrogen", "sectoid-feelings"})
"""Recorded songs of the report set: they neither train nor choose. The figures of docs/ are theirs."""
HELD_OUT = REPORTED | {
    "nit-song070-f001", "vocobox-martin-long", "vocobox-martin", "rumpf-kit", "rumpf_kit_z01_h2", "swagbass",
    "spanish-guitar", "MuseScore_General", "kathleen", "drummer5", "drummer9",
}  # fmt: skip
"""Groups that never train. Where two names are one singer or kit, both are held out. The drummers are those of the
Groove MIDI Dataset: 82 of its 491 beats in 4/4."""


@dataclass(frozen=True)
class Recording:
    """One file of the audio collection. ``group``: the singer, kit or instrument; ``piece``: the rest of its name;
    ``gain_db``: what was added to its level."""

    path: Path
    kind: str
    stem: str
    group: str
    piece: str
    source: str
    note: str
    gain_db: float = 0.0


def get_split(group: str) -> str:
    """The set that ``group`` belongs to: train, valid (what a recipe is chosen on) or report."""
    return "report" if group in REPORTED else "valid" if group in HELD_OUT else "train"


def read_manifest(audio: Path, without: Iterable[str] = ()) -> list[Recording]:
    """What MANIFEST.csv lists, in its order, less the groups whose name begins with one of ``without``.

    Raises ConfigError where there is no manifest.
    """
    manifest = audio / "MANIFEST.csv"
    if not manifest.is_file():
        raise ConfigError(f"{manifest}: not there", "name the folder of recordings that holds MANIFEST.csv")
    unwanted = tuple(without)
    recordings = []
    with manifest.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            file_name = row.get("file") or row["path"]
            name = Path(file_name).stem
            group, _, piece = name.partition("__")
            if unwanted and group.startswith(unwanted):
                continue
            path = audio / file_name
            recordings.append(
                Recording(
                    path,
                    row["class"],
                    row["stem"],
                    group,
                    piece,
                    row["source"],
                    row["note"],
                    float(row.get("gain_db") or 0.0),
                )
            )
    return recordings


def decode(path: Path) -> Float32Array:
    """Samples of shape (2, frames) at 44.1 kHz; a mono file on both channels, its mean (DC) taken off."""
    audio, rate = read_whole(path)
    samples = audio.T
    if rate != RATE:
        samples = soxr.resample(samples, rate, RATE)
    samples = samples - samples.mean(0, dtype=np.float64).astype(np.float32)
    return np.ascontiguousarray(samples.T, dtype=np.float32)


@dataclass
class StemStore:
    """The folder of stems: index.csv and one array (frames, 2) of int16 a stem. What is there is not made again."""

    folder: Path
    rows: dict[str, dict[str, str]] = field(default_factory=dict)

    @staticmethod
    def open(folder: Path) -> StemStore:
        folder.mkdir(parents=True, exist_ok=True)
        stock = StemStore(folder)
        index = folder / INDEX
        if index.is_file():
            with index.open(newline="", encoding="utf-8") as file:
                stock.rows = {row["file"]: row for row in csv.DictReader(file)}
        else:
            with index.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow(COLUMNS)
        return stock

    def has(self, name: str, stem: str) -> bool:
        return f"{name}.{stem}.npy" in self.rows

    def add(
        self,
        name: str,
        stem: str,
        wave: Float32Array,
        *,
        group: str,
        source: str,
        song: str = "",
        split: str = "",
        truth: SongTruth | None = None,
    ) -> None:
        """``wave`` of shape (2, frames), within full scale. Nothing happens where the stem is there already.

        ``truth``: what is known of ``name``, whatever the stem. The row follows the files, so that what is listed is
        whole.
        """
        if self.has(name, stem):
            return
        file = f"{name}.{stem}.npy"
        whole = np.clip(np.rint(wave.T * 32767.0), -32768, 32767).astype(np.int16)
        if truth is not None:
            write_truth(self.folder, name, truth)
        part = self.folder / f".{file}.part"
        with part.open("wb") as out:
            np.save(out, np.ascontiguousarray(whole))
        part.replace(self.folder / file)
        row = {
            "file": file,
            "stem": stem,
            "frames": str(len(whole)),
            "group": group,
            "split": split or get_split(song or group),
            "song": song,
            "source": source,
            "coherent": str(int(bool(song))),
        }
        with (self.folder / INDEX).open("a", newline="", encoding="utf-8") as index:
            csv.DictWriter(index, COLUMNS).writerow(row)
        self.rows[file] = row

    def count_minutes(self) -> dict[str, float]:
        """Minutes by stem."""
        total: dict[str, float] = {}
        for row in self.rows.values():
            total[row["stem"]] = total.get(row["stem"], 0.0) + int(row["frames"]) / RATE / 60
        return total


def set_peak(wave: Float32Array, peak_db: float = -3.0) -> Float32Array:
    """``wave`` with its peak at ``peak_db`` below full scale; silence stays silence."""
    peak = float(np.abs(wave).max(initial=0.0))
    if peak < 1e-7:
        return wave
    return wave * np.float32(10.0 ** (peak_db / 20.0) / peak)
