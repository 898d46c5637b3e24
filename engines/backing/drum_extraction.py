"""A song's drums taken apart from it: as files, and as what was played."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ConfigError
from engines.accompaniment.groove_matching import Groove
from engines.backing.drum_transcription import grooves_of, swing_of
from engines.backing.onset_strength import measured
from engines.backing.song_timeline import Course
from engines.offline.song_batch import ProgressCallback
from engines.offline.stemfile import FORMATS
from engines.separation.offline.journal import Recipe
from engines.separation.offline.profiles import choose
from engines.separation.offline.request import SeparationRequest
from engines.separation.offline.separation_job import separate_song

DRUMS = "drums"
PROFILE, FORMAT = "standard", "wav32f"
"""Stems as floats keep their level, so that they and the song without them add up to the song."""
FAINT = 1e-4
"""Drums that are this much (40 dB) below the song in power are none."""


@dataclass(frozen=True, slots=True)
class Stems:
    """The song's drums, and the song without them, as files."""

    drums: Path
    rest: Path
    notes: tuple[str, ...]


def separated(path: Path, out: Path, told: ProgressCallback, clock: Callable[[], float] = time.monotonic) -> Stems:
    """The stems of the song at ``path``, in a folder of its name in ``out``; a run that was stopped goes on."""
    chosen = choose(PROFILE)
    recipe = Recipe(PROFILE, chosen.separator.name, chosen.model, (), FORMAT)
    wish = SeparationRequest(recipe, FORMATS[FORMAT], (DRUMS,), ((DRUMS,),))
    outcome = separate_song(path, out, wish, chosen.separator, told, clock)
    return Stems(outcome.files[DRUMS], outcome.files["no_" + DRUMS], tuple(outcome.notes))


@dataclass(frozen=True, slots=True)
class Drumming:
    """What the song's drummer plays: a groove for each bar, and how much it swings, 0 to 1."""

    grooves: tuple[Groove, ...]
    swing: float


def drumming_of(drums: Path, course: Course, told: ProgressCallback) -> Drumming:
    """What is played in the stem at ``drums`` of the song that took ``course``."""
    strength = measured(drums, told)
    if strength.silent or float(strength.powers.mean()) < FAINT * course.power:
        raise ConfigError(f"{course.map.file}: no drums were heard in it", "leave --replace out to have drums added")
    swing = swing_of(strength, course.beats_s)
    return Drumming(tuple(grooves_of(strength, course.beats_s, course.bars, swing)), swing)
