"""Songs whose beats, chords and drums are known, as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bridge.core.audio import Audio
from engines.accompaniment.style import ROLES
from engines.backing.onset_strength import OnsetStrength, OnsetStrengthMeter
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.mir.offline.beat_activation import get_step_times
from engines.mir.offline.song_map import ChordSpan, SongBeat, SongMap
from engines.synth.kit import make_kit

RATE = 44100


def ignore_progress(*_progress: object) -> None:
    """Ignores progress."""


def wave(path: Path, audio: Audio, rate: int = RATE) -> Path:
    soundfile.write(path, audio.T, rate, subtype="PCM_16")
    return path


def measure_strength(audio: Audio, rate: int = RATE, piece: int = 50_000) -> OnsetStrength:
    meter = OnsetStrengthMeter(rate)
    for first in range(0, audio.shape[1], piece):
        meter.push(audio[:, first : first + piece])
    return meter.finish()


def make_drums(
    bars: Sequence[dict[str, str]], second_of: Callable[[float], float], swing: float = 0.0, rate: int = RATE
) -> Audio:  # fmt: skip
    """Bars of four beats: lines of 16 digits by drum, as in a style; beat b falls at ``second_of(b)``. (2, frames)."""
    audio = np.zeros((2, round((second_of(4 * len(bars)) + 0.5) * rate)), np.float32)
    sounds = make_kit(rate)
    middle = 0.5 + swing / 6
    for bar, lines in enumerate(bars):
        for role, line in lines.items():
            for step, letter in enumerate(line):
                if letter != ".":
                    within = (0.0, middle / 2, middle, (1 + middle) / 2)[step % 4]
                    start = round(second_of(4 * bar + step // 4 + within) * rate)
                    part = audio[:, start : start + sounds[ROLES[role]].shape[1]]
                    part += int(letter) / 9 * sounds[ROLES[role]][:, : part.shape[1]]
    return audio


def detected_beats(times_s: Sequence[float], bar_beats: int = 4, first: int = 0) -> tuple[SongBeat, ...]:
    return tuple(SongBeat(at, (first + i) % bar_beats + 1, bar_beats, 0.9) for i, at in enumerate(times_s))


def detected_map(beats: Sequence[SongBeat], audio: Audio, chords: Sequence[ChordSpan] = ()) -> SongMap:
    frames = audio.shape[1]
    return SongMap("song.wav", "mir.scripted", RATE, frames, frames / RATE, tuple(beats), (), tuple(chords))


def beat_activation(times_s: Sequence[float], seconds: float, chance: float = 0.8) -> NDArray[np.float32]:
    """A beat activation: ``chance`` at the step nearest to each of the times, hardly any elsewhere."""
    steps = get_step_times(round(seconds * STEPS_PER_SECOND))
    activation = np.full(len(steps), 0.02, np.float32)
    for time_s in times_s:
        nearest = int(np.abs(steps - time_s).argmin())
        activation[nearest] = max(activation[nearest], chance)
    return activation
