"""Annotations of a song and their text files: beats, chords, key, onsets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.errors import ConfigError

T = TypeVar("T")
KEY_NOTES = {letter + accidental for letter in "ABCDEFG" for accidental in ("", "b", "#")}
UNKNOWN = "X"
MODES = ("major", "minor")


@dataclass(frozen=True, slots=True)
class LabelledChords:
    """``intervals``: seconds, shape (chords, 2), none empty. ``labels``: in Harte's syntax."""

    intervals: Float64Array
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SongAnnotation:
    """None, or an empty ``key``, where nothing is known. Times in seconds, ascending.

    ``downbeats``: None too where the beats' places in the bar are not to be relied on. ``bar_beats``: beats of a bar; 0
    where unknown.
    """

    beats: Float64Array | None = None
    downbeats: Float64Array | None = None
    chords: LabelledChords | None = None
    key: str = ""
    onsets: Float64Array | None = None
    bar_beats: int = 0

    def until(self, end_s: float) -> SongAnnotation:
        """What is true of the song's first ``end_s`` seconds; the key is taken to be that of the whole."""
        chords = self.chords
        if chords is not None:
            kept = chords.intervals[:, 0] < end_s
            labels = tuple(label for label, keep in zip(chords.labels, kept, strict=True) if keep)
            chords = LabelledChords(np.minimum(chords.intervals[kept], end_s), labels) if labels else None
        return replace(
            self,
            beats=_select_before(self.beats, end_s),
            downbeats=_select_before(self.downbeats, end_s),
            chords=chords,
            onsets=_select_before(self.onsets, end_s),
        )

    def __bool__(self) -> bool:
        return any(known is not None for known in (self.beats, self.chords, self.onsets)) or bool(self.key)


def _select_before(times: Float64Array | None, end_s: float) -> Float64Array | None:
    return None if times is None else times[times < end_s]


def read_truth(stem: Path) -> SongAnnotation:
    """What lies beside the song ``stem`` (a path without its suffix) as .beats, .chords, .key and .onsets."""
    beats, downbeats, bar_beats = _read_if_there(stem, ".beats", read_beats) or (None, None, 0)
    return SongAnnotation(
        beats,
        downbeats,
        _read_if_there(stem, ".chords", read_chords),
        _read_if_there(stem, ".key", read_key) or "",
        _read_if_there(stem, ".onsets", read_times),
        bar_beats,
    )


def _read_if_there(stem: Path, suffix: str, read: Callable[[Path], T]) -> T | None:
    path = stem.with_name(stem.name + suffix)
    return read(path) if path.is_file() else None


def read_beats(path: Path) -> tuple[Float64Array, Float64Array, int]:
    """Beats, downbeats and beats of a bar, of lines ``time position``, position 1 on the downbeat.

    Without positions there are no downbeats, and a bar has 0 beats.
    """
    times, positions = [], []
    for where, words in _read_lines(path):
        times.append(_parse_number(where, words[0]))
        positions.append(_parse_number(where, words[1]) if len(words) > 1 else math.nan)
    beats = _check_ascending(path, times)
    return beats, beats[np.asarray(positions) == 1.0], int(np.nanmax([0.0, *positions]))


def read_times(path: Path) -> Float64Array:
    """Seconds, a line each."""
    return _check_ascending(path, [_parse_number(where, words[0]) for where, words in _read_lines(path)])


def read_chords(path: Path) -> LabelledChords:
    """Lines ``start end label``. Spans of no length are left out, gaps are ``X``: nobody knows."""
    rows: list[tuple[float, float, str]] = []
    for where, words in _read_lines(path):
        if len(words) != 3:
            raise ConfigError(f"{where}: {len(words)} words", "write start, end and chord, with spaces or tabs between")
        start, end = _parse_number(where, words[0]), _parse_number(where, words[1])
        if end < start or (rows and start < rows[-1][1] - 1e-6):
            raise ConfigError(f"{where}: {start:g} to {end:g} s is not after what is before it", "fix the times")
        if rows and start > rows[-1][1]:
            rows.append((rows[-1][1], start, UNKNOWN))
        if end > start:
            rows.append((start, end, words[2]))
    if not rows:
        raise ConfigError(f"{path}: holds no chord", "write lines of start, end and chord, or remove it")
    return LabelledChords(np.array([row[:2] for row in rows]), tuple(row[2] for row in rows))


def read_key(path: Path) -> str:
    """The key of the song, as ``Db major``."""
    for where, words in _read_lines(path):
        if len(words) != 2 or words[0].capitalize() not in KEY_NOTES or words[1].lower() not in MODES:
            raise ConfigError(f"{where}: {' '.join(words)}: no key", "write it like C major or F# minor")
        return f"{words[0].capitalize()} {words[1].lower()}"
    raise ConfigError(f"{path}: holds no key", "write it like C major, or remove it")


def _read_lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """(file and line for errors, words) of each line that is neither empty nor a comment."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", "check its permissions") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}", "save the file as UTF-8") from error
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words and not (words[0].startswith("#")):
            yield f"{path}:{number}", words


def _parse_number(where: str, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"{where}: {word}: no number", "write seconds, with a point")
    return value


def _check_ascending(path: Path, times: list[float]) -> Float64Array:
    if not times:
        raise ConfigError(f"{path}: holds no time", "write a time a line, or remove it")
    found = np.array(times)
    if np.any(np.diff(found) <= 0):
        at = float(found[1:][np.diff(found) <= 0][0])
        raise ConfigError(f"{path}: {at:g} s is not after the time before it", "sort the lines, each time once")
    return found
