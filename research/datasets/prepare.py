"""Stems from recordings: multitracks as they are, phrases joined to sequences, played parts."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.audio import STEMS
from research.datasets.effects import apply_filter
from research.datasets.sources import EMPTY_PEAK, RATE, Recording, StemStore, decode, read_manifest, set_peak
from research.datasets.truth import read_annotated, write_truth

log = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Longer silences of loose material are cut down to this."""
SEQUENCE_S = (20.0, 60.0)
BLOCK_FRAMES = 441
RUMBLE_HZ = 65.0
"""Below any voice; one song's voice recording has as much under it as a bass."""
LOOP_NAME = re.compile(r"\d+bpm_")
"""Beginning of the names of drum loops by whole bars, each a mix of a kit of its own."""
MIXED_BASS = frozenset({"ev3-potassium"})
"""Songs whose bass recording holds other instruments too (a pad plays along): it counts as bass and other together."""


def prepare(
    audio: Path,
    out: Path,
    without: Sequence[str] = (),
    seed: int = 1,
    annotated: Path | None = None,
    development: Path | None = None,
) -> dict[str, float]:
    """Stems of the recordings in ``audio`` into ``out``; returns the minutes by stem. What is there is skipped.

    ``annotated``: a folder with the beats and keys of some of the songs, which are put beside their stems.
    ``development``: a folder of songs, each a folder of stems, that a recipe may be chosen on and that never train.
    ``without``: beginnings of the names of groups to leave out. Raises ConfigError where ``audio`` has no manifest.
    """
    stock = StemStore.open(out)
    recordings = read_manifest(audio, without)
    by_kind: dict[str, dict[str, list[Recording]]] = defaultdict(lambda: defaultdict(list))
    for recording in recordings:
        by_kind[recording.kind][recording.group].append(recording)
    for song, parts in by_kind["multitrack"].items():
        _add_multitrack(stock, song, parts)
    for song, parts in by_kind["mix_instrumental"].items():
        guitars = by_kind["other"].get(song, [])
        _add_instrumental(stock, song, parts + guitars)
    for group, phrases in by_kind["vocals"].items():
        _add_sequences(stock, group, "vocals", phrases, np.random.default_rng([seed, _parse_number(group)]))
    played = by_kind["other"].get("sonicpi", []) + by_kind["other"].get("sorohanro-trumpet", [])
    if played:
        _add_sequences(stock, "played", "other", played, np.random.default_rng([seed, 7]))
    loops = [r for r in by_kind["drums"].get("sonicpi", []) if r.piece.startswith("loop_")]
    if loops:
        _add_sequences(stock, "sonicpi-loops", "drums", loops, np.random.default_rng([seed, 8]))
    for loop in (r for r in recordings if r.kind == "drums" and LOOP_NAME.match(r.piece)):
        if not stock.has(f"{loop.group}-{loop.piece}", "drums"):
            wave = set_peak(decode(loop.path))
            stock.add(f"{loop.group}-{loop.piece}", "drums", wave, group=loop.group, source=loop.source)
    for folder in sorted(development.iterdir()) if development else ():
        song = folder.name
        waves = {path.stem: decode(path) for path in sorted(folder.glob("*.wav")) if path.stem in STEMS}
        for stem, wave in _fit_together(waves).items() if waves else ():
            stock.add(song, stem, wave, group=song, source=song, song=song, split="valid")
    for song in {row["song"] for row in stock.rows.values()} if annotated else ():
        if annotated and song and (truth := read_annotated(annotated, song)) is not None:
            write_truth(out, song, truth)
    return stock.count_minutes()


def _parse_number(name: str) -> int:
    return int.from_bytes(name.encode(), "little") % (2**63)


def _fit_together(waves: dict[str, Float32Array]) -> dict[str, Float32Array]:
    """One length, and one gain so that no stem and no sum of them clips."""
    frames = min(wave.shape[1] for wave in waves.values())
    waves = {stem: wave[:, :frames] for stem, wave in waves.items()}
    peak = max(float(np.abs(wave).max()) for wave in waves.values())
    gain = np.float32(min(1.0, 0.98 / max(peak, 1e-9)))
    return {stem: wave * gain for stem, wave in waves.items()}


def _add_multitrack(stock: StemStore, song: str, parts: Iterable[Recording]) -> None:
    """All stems of a song; ``bassother`` becomes the sum of all that is bass or other.

    In the collection ``bassother`` is what was left undivided *beside* the bass and the other of the song.
    """
    parts = list(parts)
    if any(stock.has(song, part.stem) for part in parts):
        return
    waves = {part.stem: decode(part.path) for part in parts}
    if "vocals" in waves:
        waves["vocals"] = apply_filter(waves["vocals"], "high", RUMBLE_HZ)
    source = parts[0].source
    if song in MIXED_BASS and "bass" in waves:
        bass = waves.pop("bass")
        waves["bassother"] = waves["bassother"] + bass if "bassother" in waves else bass
    if "bassother" in waves:
        for stem in ("bass", "other"):
            if stem in waves:
                frames = min(waves["bassother"].shape[1], waves[stem].shape[1])
                waves["bassother"] = waves["bassother"][:, :frames] + waves[stem][:, :frames]
    for stem, wave in _fit_together(waves).items():
        if np.abs(wave).max() < EMPTY_PEAK:
            log.warning("%s %s: silent, left out", song, stem)
            continue
        stock.add(song, stem, wave, group=song, source=source, song=song)
        log.info("%s %s: %.1f min", song, stem, wave.shape[1] / RATE / 60)


def _add_instrumental(stock: StemStore, song: str, parts: Iterable[Recording]) -> None:
    """The backing plus the part beside it is the whole song without a voice; the part is ``other``."""
    waves = {"other" if part.kind == "other" else "instrumental": (part, decode(part.path)) for part in parts}
    if stock.has(song, "instrumental") or "instrumental" not in waves:
        return
    stems = {stem: wave for stem, (_, wave) in waves.items()}
    if "other" in stems:
        frames = min(wave.shape[1] for wave in stems.values())
        stems["instrumental"] = stems["instrumental"][:, :frames] + stems["other"][:, :frames]
    for stem, wave in _fit_together(stems).items():
        stock.add(song, stem, wave, group=song, source=waves[stem][0].source, song=song)
        log.info("%s %s: %.1f min", song, stem, wave.shape[1] / RATE / 60)


def shorten_pauses(wave: Float32Array, longest_s: float = PAUSE_S) -> Float32Array:
    """``wave`` (2, frames) less its silent ends, longer pauses within cut to ``longest_s``, with short fades.

    Silent is what lies 50 dB below the loudest 10 ms.
    """
    blocks = wave.shape[1] // BLOCK_FRAMES
    if not blocks:
        return wave
    level = np.abs(wave[:, : blocks * BLOCK_FRAMES]).reshape(2, blocks, BLOCK_FRAMES).max((0, 2))
    loud = np.flatnonzero(level > level.max() * 10 ** (-50 / 20))
    keep = np.zeros(blocks, bool)
    longest = int(longest_s * RATE / BLOCK_FRAMES)
    pieces: list[Float32Array] = []
    last = loud[0]
    keep[max(0, loud[0] - 1) : loud[0] + 1] = True
    for block in loud[1:]:
        keep[last : min(block, last + longest) + 1] = True
        keep[block] = True
        last = block
    edges = np.flatnonzero(np.diff(np.concatenate([[False], keep, [False]]).astype(np.int8)))
    fade = np.linspace(0, 1, BLOCK_FRAMES, dtype=np.float32)
    for start, stop in edges.reshape(-1, 2):
        piece = wave[:, start * BLOCK_FRAMES : stop * BLOCK_FRAMES].copy()
        if piece.shape[1] >= 2 * BLOCK_FRAMES:
            piece[:, :BLOCK_FRAMES] *= fade
            piece[:, -BLOCK_FRAMES:] *= fade[::-1]
        pieces.append(piece)
    return np.concatenate(pieces, axis=1)


def join_phrases(waves: Sequence[Float32Array], random: np.random.Generator) -> list[Float32Array]:
    """Sequences of 20-60 s of ``waves``, in their order, with gaps of up to 1 s; a longer wave stands alone."""
    sequences: list[Float32Array] = []
    parts: list[Float32Array] = []
    length, wanted = 0, random.uniform(*SEQUENCE_S) * RATE
    for wave in waves:
        parts += [wave, np.zeros((2, int(random.uniform(0, PAUSE_S) * RATE)), np.float32)]
        length += parts[-1].shape[1] + parts[-2].shape[1]
        if length >= wanted:
            sequences.append(np.concatenate(parts, axis=1))
            parts, length, wanted = [], 0, random.uniform(*SEQUENCE_S) * RATE
    if parts:
        sequences.append(np.concatenate(parts, axis=1))
    return sequences


def _add_sequences(
    stock: StemStore, group: str, stem: str, recordings: Sequence[Recording], random: np.random.Generator
) -> None:
    if stock.has(f"{group}-000", stem):
        return
    waves = []
    for i in random.permutation(len(recordings)):
        wave = decode(recordings[i].path)
        if np.abs(wave).max() < EMPTY_PEAK:
            log.warning("%s: silent, left out", recordings[i].path.name)
            continue
        wave = shorten_pauses(wave)
        waves.append(set_peak(wave, float(random.uniform(-9.0, -2.0))))
    for i, sequence in enumerate(join_phrases(waves, random)):
        stock.add(f"{group}-{i:03d}", stem, sequence, group=group, source=recordings[0].source)
    log.info("%s: %.1f min of %s", group, sum(w.shape[1] for w in waves) / RATE / 60, stem)
