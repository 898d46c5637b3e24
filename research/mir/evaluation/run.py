"""Evaluation run: every tracker on every song."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import ConfigError
from research.mir.evaluation.predictions import EvaluatedTracker, MirPrediction
from research.mir.evaluation.scores import score_song
from research.mir.evaluation.songs import KnownSong, read_clip

WARM_S = 3.0


@dataclass(frozen=True, slots=True)
class MirResult:
    """One tracker on one song. ``cost``: CPU seconds for each second of audio. ``scores``: by `SCORES`' names."""

    tracker: str
    online: bool
    collection: str
    song: str
    cost: float
    scores: dict[str, float] = field(default_factory=dict)


def evaluate(
    trackers: Sequence[EvaluatedTracker],
    songs: Sequence[KnownSong],
    seconds: float = 0.0,
    rate: int = 0,
    clock: Callable[[], float] = time.process_time,
) -> Iterator[MirResult]:
    """A result at a time. What is compiled at first use is, before the time counts.

    ``seconds``: how much of each song; 0: all. ``rate``: in Hz, 0: each song's own.
    """
    warm: set[str] = set()
    for song in songs:
        mix, own = read_clip(song.files, seconds, rate)
        length_s = mix.shape[1] / own
        truth = song.truth.until(length_s)
        for tracker in trackers:
            if tracker.name not in warm:
                _run_quietly(tracker, np.ascontiguousarray(mix[:, : round(WARM_S * own)]), own)
                warm.add(tracker.name)
                if tracker.delays is not None:
                    tracker.delays.clear()
            began = clock()
            answer = _run_quietly(tracker, mix, own)
            cost = (clock() - began) / length_s
            try:
                found = score_song(truth, answer)
            except ConfigError as error:
                raise ConfigError(f"{song.name}: {error.message}", error.hint) from error
            yield MirResult(tracker.name, tracker.online, song.collection, song.name, cost, found)


def _run_quietly(tracker: EvaluatedTracker, mix: Audio, rate: int) -> MirPrediction:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other trackers warn of their own libraries
        return tracker.track(mix, rate)
