"""Simulated songs: a folder of files of which some crash, hang or fail, and checks of what a batch made of them."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from pathlib import Path

FAULTS = ("crash", "hang", "error")
FAULT_SHARE, SLOW_SHARE = 0.03, 0.1
"""Share of the files with each fault, and of those that take a while."""
A_FOLDER = 100
"""Files in a folder."""


def write_songs(folder: Path, count: int, seed: int = 1) -> list[Path]:
    """Write ``count`` files in folders, each with a content of its own; the name says what happens to it."""
    chance = random.Random(seed)
    kinds = [fault for fault in FAULTS for _ in range(round(FAULT_SHARE * count))]
    kinds += ["slow"] * round(SLOW_SHARE * count)
    kinds += ["good"] * (count - len(kinds))
    chance.shuffle(kinds)
    paths = []
    for number, kind in enumerate(kinds):
        path = folder / f"{number // A_FOLDER:04}" / f"{number:06}_{kind}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"simulated song {number}".encode())
        paths.append(path)
    return paths


def is_faulty(song: Path) -> bool:
    """Whether a simulated song fails."""
    return song.stem.rpartition("_")[2] in FAULTS


def find_wrong_results(songs: list[Path], folder: Path, out: Path, are_all: bool) -> list[str]:
    """Names of results that are not whole, or of a faulty song; with ``are_all`` also those that are missing."""
    wrong = []
    for song in songs:
        for suffix in ("txt", "sum"):
            result = (out / song.relative_to(folder)).with_suffix(f".{suffix}")
            wanted = f"{hashlib.sha256(song.read_bytes()).hexdigest()} {suffix}\n"
            if result.exists():
                if is_faulty(song) or result.read_text(encoding="ascii") != wanted:
                    wrong.append(str(result))
            elif are_all and not is_faulty(song):
                wrong.append(str(result))
    return wrong


def count_repeats(ledger: Path) -> int:
    """How many songs were finished again, by the names that they wrote."""
    counts = Counter(ledger.read_text(encoding="utf-8").split()) if ledger.exists() else Counter[str]()
    return sum(count - 1 for count in counts.values())
