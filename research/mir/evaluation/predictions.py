"""Who listens to the songs, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import soxr

from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import Engine
from engines.mir.offline.song_map import SongMap
from engines.mir.offline.song_map_builder import SongMapBuilder
from engines.offline.engine_stream import EngineStream
from engines.offline.rates import choose_rate
from research.mir.evaluation.delays import Delays
from research.mir.evaluation.truth import Chords, Floats

BLOCK_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """None where a listener does not tell of such things at all; what it did not find is empty, or 0.

    ``bpm``: of the song. ``key``: such as ``Db minor``, empty where it found none.
    """

    beats: Floats | None = None
    downbeats: Floats | None = None
    bpm: float | None = None
    chords: Chords | None = None
    key: str | None = None
    onsets: Floats | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """``listen``: takes the song, shape (2, frames), and its rate in Hz. ``live``: it hears no later than it answers.

    ``delays``: of an engine, filled as it listens.
    """

    name: str
    listen: Callable[[Audio, int], Answer]
    live: bool = False
    delays: Delays | None = field(default=None)


def engine_listener(engine: Engine, values: Mapping[str, float] | None = None) -> Listener:
    """A registered engine, live by nature."""
    delays = Delays(engine.spec.name, engine.spec.hop)

    def listen(mix: Audio, rate: int) -> Answer:
        to = choose_rate(engine.spec.rates, rate)
        heard = soxr.resample(mix.T, rate, to, quality="VHQ").T if to != rate else mix
        listening, builder = EngineStream(engine, to, values), SongMapBuilder(to)
        pieces = (heard[:, at : at + BLOCK_FRAMES] for at in range(0, heard.shape[1], BLOCK_FRAMES))
        for said in (said for piece in pieces for said in listening.push(piece)):
            builder.push(said.event, said.port)
            delays.take(said, to, engine.latency_frames(said.port))
        for said in listening.finish():
            builder.push(said.event, said.port)
            delays.take(said, to, engine.latency_frames(said.port))
        return answer_of(builder.build("", engine.spec.name, rate, mix.shape[1]))

    return Listener(engine.spec.name, listen, live=True, delays=delays)


def answer_of(song: SongMap) -> Answer:
    """A song's map as an answer. Onsets count as told only where there are some: not every engine has them."""
    onsets = song.events.get("onset")
    return Answer(
        beats=np.array([beat.time_s for beat in song.beats]),
        downbeats=np.array([beat.time_s for beat in song.beats if beat.number == 1]),
        bpm=song.bpm,
        chords=Chords(
            np.array([(span.start_s, span.end_s) for span in song.chords]), tuple(span.harte for span in song.chords)
        ),
        key=song.key,
        onsets=None if onsets is None else np.array([float(np.asarray(row["time_s"])) for row in onsets]),
    )


def mono(mix: Audio) -> Audio:
    """Shape (frames,), as most other trackers want it."""
    return np.asarray(mix.sum(axis=0) / CHANNELS, dtype=np.float32)
