"""Band level: the loudness that the band's audio files get, and by how much the band misses it."""

from __future__ import annotations

import math
from pathlib import Path

from bridge.audiofile import Song
from bridge.errors import ConfigError
from engines.mastering.loudness import Loudness, measure_loudness

REFERENCE_LUFS = -18.0
"""Loudness of a band without a song; the reference level of ReplayGain 2.0."""
LOWEST_LU, HIGHEST_LU = -30.0, 12.0
"""Range of the level against the song."""
NEAR_LU = 0.5
"""Difference from the target that is worth no remark."""


def check_level(level_lu: float) -> None:
    """Raise a ConfigError where ``level_lu`` is out of range."""
    if not (math.isfinite(level_lu) and LOWEST_LU <= level_lu <= HIGHEST_LU):
        raise ConfigError(f"--level-lu {level_lu:g}", f"use a number from {LOWEST_LU:g} to {HIGHEST_LU:g}")


def choose_loudness(song: Path | None, level_lu: float) -> float:
    """The integrated loudness, in LUFS, of a band ``level_lu`` above ``song``, or above REFERENCE_LUFS without one.

    A song that is too soft or too short to have a loudness counts as none.
    """
    measured = None if song is None else measure_file(song).integrated_lufs
    return (REFERENCE_LUFS if measured is None else measured) + level_lu


def measure_file(path: Path) -> Loudness:
    """Measure the loudness of the audio file at ``path``; mono counts on both sides."""
    with Song(path) as song:
        return measure_loudness(song.read_blocks(), song.rate)


def describe_difference(target_lufs: float, reached: Loudness) -> str:
    """A remark where the band is softer than it was to be; else empty."""
    if reached.integrated_lufs is None:
        return f"the band has no loudness, as {reached.reason}: its level is left"
    short_lu = target_lufs - reached.integrated_lufs
    if short_lu <= NEAR_LU:
        return ""
    return f"the band has {reached.integrated_lufs:.1f} LUFS instead of {target_lufs:.1f}: its peaks would clip"
