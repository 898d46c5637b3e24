"""Trackers under evaluation, engines and others, and their predictions for a song."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import soxr

from bridge.core.arrays import Float64Array, Int64Array
from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import Engine
from engines.mir.offline.song_analyser import make_song_analyser
from engines.mir.offline.song_map import SongMap
from engines.mir.offline.song_map_builder import SongMapBuilder
from engines.offline.analysis_stream import AnalysisStream
from engines.offline.rates import choose_rate
from research.mir.evaluation.delays import DelayRecorder
from research.mir.evaluation.truth import LabelledChords

BLOCK_FRAMES = 1 << 16
WHOLE_SONG = "sideman analyze"


@dataclass(frozen=True, slots=True)
class MirPrediction:
    """None where a tracker has no such output; without any detection it is empty, or 0.

    ``bpm``: of the song. ``bar_beats``: beats of the bar of each beat. ``key``: such as ``Db minor``, empty
    where it found none.
    """

    beats: Float64Array | None = None
    downbeats: Float64Array | None = None
    bpm: float | None = None
    chords: LabelledChords | None = None
    key: str | None = None
    onsets: Float64Array | None = None
    bar_beats: Int64Array | None = None


@dataclass(frozen=True, slots=True)
class EvaluatedTracker:
    """``track``: analyses the song, shape (2, frames), at its rate in Hz. ``online``: it is causal.

    ``delays``: of an engine, recorded as it runs.
    """

    name: str
    track: Callable[[Audio, int], MirPrediction]
    online: bool = False
    delays: DelayRecorder | None = field(default=None)


def make_engine_tracker(engine: Engine, values: Mapping[str, float] | None = None) -> EvaluatedTracker:
    """A registered engine, which is causal."""
    delays = DelayRecorder(engine.spec.name, engine.spec.hop)

    def track(mix: Audio, rate: int) -> MirPrediction:
        to = choose_rate(engine.spec.rates, rate)
        resampled = soxr.resample(mix.T, rate, to, quality="VHQ").T if to != rate else mix
        stream, builder = AnalysisStream(engine, to, values), SongMapBuilder(to)
        pieces = (resampled[:, at : at + BLOCK_FRAMES] for at in range(0, resampled.shape[1], BLOCK_FRAMES))
        outputs = [output for piece in pieces for output in stream.push(piece).events] + stream.flush().events
        for output in outputs:
            builder.push(output.event, output.port)
            delays.record(output, to, engine.latency_frames(output.port))
        return to_prediction(builder.build("", engine.spec.name, rate, mix.shape[1]))

    return EvaluatedTracker(engine.spec.name, track, online=True, delays=delays)


def make_song_tracker(engine: Engine) -> EvaluatedTracker:
    """The analysis of whole songs with the networks of ``engine``, as of `sideman analyze`."""

    def track(mix: Audio, rate: int) -> MirPrediction:
        to = choose_rate(engine.spec.rates, rate)
        analyser = make_song_analyser(engine, to, {})
        analyser.push(soxr.resample(mix.T, rate, to, quality="VHQ").T if to != rate else mix)
        return to_prediction(analyser.finish().events.build("", engine.spec.name, rate, mix.shape[1]))

    return EvaluatedTracker(WHOLE_SONG, track)


def to_prediction(song: SongMap) -> MirPrediction:
    """Convert a song map. Without any onset the engine counts as one that does not report them."""
    onsets = song.events.get("onset")
    return MirPrediction(
        beats=np.array([beat.time_s for beat in song.beats]),
        downbeats=np.array([beat.time_s for beat in song.beats if beat.number == 1]),
        bpm=song.bpm,
        chords=LabelledChords(
            np.array([(span.start_s, span.end_s) for span in song.chords]), tuple(span.harte for span in song.chords)
        ),
        key=song.key,
        onsets=None if onsets is None else np.array([float(np.asarray(row["time_s"])) for row in onsets]),
        bar_beats=np.array([beat.bar_beats for beat in song.beats], np.int64),
    )


def downmix(mix: Audio) -> Audio:
    """Downmix to (frames,), as most other trackers expect it."""
    return np.asarray(mix.sum(axis=0) / CHANNELS, dtype=np.float32)
