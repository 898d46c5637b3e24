"""Packed stems: a small folder of compressed excerpts of the library, for a machine that the stems must travel to."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile

from bridge.errors import ConfigError
from research.datasets.library import INDEX, RATE, StemClip
from research.datasets.sources import COLUMNS, StemStore

VALIDATION, RECORDED, RENDERED, STAYS = range(4)
"""Kinds of material, in the order of travel. Loose clips of the validation set and the report set stay."""
EXCERPT_S = {VALIDATION: 20.0, RECORDED: 90.0, RENDERED: 20.0}
"""Longest excerpts, in seconds: many short ones hold more instruments than few long ones."""
SHARES = {VALIDATION: 0.1, RECORDED: 0.6, RENDERED: 1.0}
"""Share of the whole size that is full when the next kind begins."""
COMPRESSION = 0.9
"""Vorbis' compression, 0 to 1: about 55 kbit/s for most stems. More removes highs that a mask is learned from."""


def pack(stems: Path, out: Path, limit_mb: float) -> dict[str, float]:
    """Write excerpts of ``stems`` as Vorbis to ``out`` until it holds ``limit_mb`` million bytes; returns minutes by
    stem. Validation songs travel first, recorded ones before rendered ones, then recordings, then rendered clips, each
    kind up to its share of the size, in an order that is random but the same each time.

    Raises: ConfigError where ``stems`` was not prepared.
    """
    index = stems / INDEX
    if not index.is_file():
        raise ConfigError(f"{index}: not there", "run `python -m research.datasets prepare` first")
    with index.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault(row["song"] or row["file"], []).append(row)
    random = np.random.default_rng(0)
    order = {name: (not _get_clip(groups[name][0]).recorded, random.random()) for name in sorted(groups)}
    out.mkdir(parents=True, exist_ok=True)
    used, full, minutes, kept = 0.0, set[int](), dict[str, float](), []
    for name in sorted(groups, key=lambda name: (_get_kind(groups[name][0]), order[name])):
        members = groups[name]
        kind = _get_kind(members[0])
        if kind == STAYS or kind in full:
            continue
        start, frames = _choose_excerpt(members, random)
        written = [_write_excerpt(stems, out, row, start, frames) for row in members]
        size = sum(path.stat().st_size for path, _ in written)
        if used + size > 1e6 * limit_mb * SHARES[kind]:
            for path, _ in written:
                path.unlink()
            full.add(kind)
            continue
        used += size
        for row, (path, length) in zip(members, written, strict=True):
            kept.append({**row, "file": path.name, "frames": str(length)})
            minutes[row["stem"]] = minutes.get(row["stem"], 0.0) + length / RATE / 60
    with (out / INDEX).open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(kept)
    return minutes


def unpack(packed: Path, stems: Path) -> dict[str, float]:
    """Fill the library ``stems`` from ``packed``; returns minutes by stem.

    Raises: ConfigError where ``packed`` holds no packed stems.
    """
    index = packed / INDEX
    if not index.is_file():
        raise ConfigError(f"{index}: not there", "run `python -m research.datasets pack` first")
    store = StemStore.open(stems)
    with index.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            wave, _ = soundfile.read(packed / row["file"], dtype="float32", always_2d=True)
            name = row["file"].removesuffix(f".{row['stem']}.ogg")
            samples = np.ascontiguousarray(np.clip(wave.T, -1.0, 1.0))
            store.add(
                name, row["stem"], samples,
                group=row["group"], source=row["source"], song=row["song"], split=row["split"],
            )  # fmt: skip
    return store.count_minutes()


def _get_kind(row: dict[str, str]) -> int:
    if row["split"] == "train":
        return RECORDED if _get_clip(row).recorded else RENDERED
    return VALIDATION if row["split"] == "valid" and row["song"] else STAYS


def _get_clip(row: dict[str, str]) -> StemClip:
    return StemClip(Path(row["file"]), row["stem"], int(row["frames"]), row["group"], row["song"])


def _choose_excerpt(rows: list[dict[str, str]], random: np.random.Generator) -> tuple[int, int]:
    """First frame and length of the excerpt that all clips of a song give."""
    shortest = min(int(row["frames"]) for row in rows)
    frames = min(shortest, int(EXCERPT_S[_get_kind(rows[0])] * RATE))
    return int(random.integers(shortest - frames + 1)), frames


def _write_excerpt(stems: Path, out: Path, row: dict[str, str], start: int, frames: int) -> tuple[Path, int]:
    samples = np.load(stems / row["file"], mmap_mode="r")[start : start + frames]
    path = out / row["file"].replace(".npy", ".ogg")
    # the encoder of libsndfile needs its input in pieces: a whole song at once overruns its stack
    with soundfile.SoundFile(path, "w", RATE, 2, format="OGG", subtype="VORBIS", compression_level=COMPRESSION) as file:
        for at in range(0, len(samples), RATE):
            file.write(np.asarray(samples[at : at + RATE]))
    return path, len(samples)
