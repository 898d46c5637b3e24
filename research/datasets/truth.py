"""Ground truth of a rendered or annotated piece: beats, chords and keys, in a file beside its stems."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bridge.core.chords import MAJOR, QUALITIES, find_intervals
from research.datasets.symbolic import TONICS, Tune

SUFFIX = ".truth.json"
UNKNOWN = -2
"""Of a chord's root, quality or bass: something sounds, but no name here fits. (-1 is no chord at all.)"""


@dataclass(frozen=True)
class ChordTruth:
    """From ``beat`` on for ``beats``: ``root`` and ``bass`` 0 is C, ``quality``: a number of QUALITIES; -1 none, -2
    unknown."""

    beat: float
    beats: float
    root: int
    quality: int
    bass: int


@dataclass(frozen=True)
class SongTruth:
    """Beats at a constant ``bpm`` from ``start_s`` on, ``bar_beats`` a bar, the first on a bar's start.

    ``downbeats`` is False where only the beats are sure. ``keys``: (beat, tonic, minor), each until the next;
    empty: unknown. ``chords``: empty: unknown.
    """

    bpm: float
    bar_beats: int = 4
    start_s: float = 0.0
    downbeats: bool = True
    chords: tuple[ChordTruth, ...] = ()
    keys: tuple[tuple[float, int, int], ...] = ()


def name_chord(pitches: Sequence[int]) -> tuple[int, int, int]:
    """Root, quality and bass of a chord of MIDI ``pitches``, the lowest first; what has no name is UNKNOWN.

    The bass is taken for the root where that gives a name, as a player would read it.
    """
    bass = pitches[0] % 12
    classes = {pitch % 12 for pitch in pitches}
    for root in (bass, *sorted(classes - {bass})):
        above = {(pitch - root) % 12 for pitch in classes}
        sixth = above - {9} if above == {*MAJOR.intervals, 9} and root == bass else above
        quality = find_intervals(frozenset(sixth))
        if quality is not None and (root == bass or not QUALITIES[quality].root_is_lowest):
            return root, quality, bass
    fifth = (bass + 7) % 12 in classes
    return (bass if fifth else UNKNOWN), UNKNOWN, bass


def make_truth(tune: Tune) -> SongTruth:
    """What is known of a piece that plays ``tune`` from its start, with nothing before it."""
    chords = tuple(ChordTruth(c.beat, c.beats, *name_chord(c.pitches)) for c in tune.chords)
    return SongTruth(tune.bpm, round(tune.bar), chords=chords, keys=tune.keys)


def write_truth(folder: Path, name: str, truth: SongTruth) -> None:
    """Beside the stems called ``name`` in ``folder``; never half a file."""
    part = folder / f".{name}{SUFFIX}.part"
    part.write_text(json.dumps(asdict(truth)), encoding="utf-8")
    part.replace(folder / f"{name}{SUFFIX}")


def read_truth(folder: Path, name: str) -> SongTruth | None:
    """What `write_truth` wrote, or None where nothing is known of ``name``."""
    path = folder / f"{name}{SUFFIX}"
    if not path.is_file():
        return None
    fields = json.loads(path.read_text(encoding="utf-8"))
    chords = tuple(ChordTruth(**chord) for chord in fields.pop("chords"))
    keys = tuple((float(beat), int(tonic), int(minor)) for beat, tonic, minor in fields.pop("keys"))
    return SongTruth(**fields, chords=chords, keys=keys)


def read_annotated(folder: Path, song: str) -> SongTruth | None:
    """The truth of a recorded song from ``SONG.beats`` ("time position" a line) and, if there, ``SONG.key``.

    The songs keep one tempo, so the beats are a line fitted to their times. Their bars count from where the author's
    grid begins, which no one has checked by ear: ``downbeats`` is False.
    """
    beats = folder / f"{song}.beats"
    if not beats.is_file():
        return None
    rows = np.loadtxt(beats, ndmin=2)
    beat_s, start_s = np.polyfit(np.arange(len(rows)), rows[:, 0], 1)
    first = int(np.argmax(rows[:, 1] == 1))
    keys: tuple[tuple[float, int, int], ...] = ()
    if (key := folder / f"{song}.key").is_file():
        tonic, mode = key.read_text(encoding="utf-8").split()
        keys = ((0.0, TONICS[tonic], int(mode == "minor")),)
    return SongTruth(60.0 / float(beat_s), 4, float(start_s + first * beat_s), False, keys=keys)
