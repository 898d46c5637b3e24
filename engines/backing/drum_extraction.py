"""Drum extraction: a song's drums, separated into files and transcribed to grooves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ConfigError
from engines.accompaniment.groove_matching import Groove
from engines.backing.drum_transcription import measure_swing, transcribe_grooves
from engines.backing.onset_strength import measure_onset_strength
from engines.backing.song_timeline import SongTimeline
from engines.offline.song_batch import ProgressCallback
from engines.offline.stemfile import FORMATS
from engines.separation.offline.journal import Recipe
from engines.separation.offline.profiles import choose_profile
from engines.separation.offline.request import SeparationRequest
from engines.separation.offline.separation_job import separate_song

DRUMS = "drums"
PROFILE, FORMAT = "standard", "wav32f"
"""Stems as floats keep their level, so that they and the song without them add up to the song."""
MIN_DRUM_SHARE = 1e-4
"""Below this share (-40 dB) of the song's power the drum stem counts as empty."""


@dataclass(frozen=True, slots=True)
class DrumStems:
    """Files: the song's drums, and the song without them."""

    drums: Path
    rest: Path
    notes: tuple[str, ...]


def separate_drums(
    path: Path, out: Path, progress: ProgressCallback, clock: Callable[[], float] = time.monotonic
) -> DrumStems:
    """Separate the song at ``path`` into a folder of its name in ``out``; a run that was stopped is resumed."""
    chosen = choose_profile(PROFILE)
    recipe = Recipe(PROFILE, chosen.separator.name, chosen.model, (), FORMAT)
    request = SeparationRequest(recipe, FORMATS[FORMAT], (DRUMS,), ((DRUMS,),))
    outcome = separate_song(path, out, request, chosen.separator, progress, clock)
    return DrumStems(outcome.files[DRUMS], outcome.files["no_" + DRUMS], tuple(outcome.notes))


@dataclass(frozen=True, slots=True)
class DrumTranscription:
    """The song's drums: a groove for each bar, and how much they swing, 0 to 1."""

    grooves: tuple[Groove, ...]
    swing: float


def transcribe_drums(drums: Path, timeline: SongTimeline, progress: ProgressCallback) -> DrumTranscription:
    """Transcribe the stem at ``drums`` of the song with this ``timeline``."""
    strength = measure_onset_strength(drums, progress)
    if strength.is_silent or float(strength.powers.mean()) < MIN_DRUM_SHARE * timeline.power:
        hint = "leave --replace out to have drums added"
        raise ConfigError(f"{timeline.map.file}: no drums were detected in it", hint)
    swing = measure_swing(strength, timeline.beats_s)
    return DrumTranscription(tuple(transcribe_grooves(strength, timeline.beats_s, timeline.bars, swing)), swing)
