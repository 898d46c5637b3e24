"""What a band is told of a song, and when: its true chords and keys, or those that an analyser hears."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bridge.core.engine import Engine
from bridge.core.engine_registry import find_engine
from bridge.core.events import Chord, Key, Payload, TimedEvent
from bridge.errors import EngineError
from engines.offline.engine_stream import EngineStream
from research.accompaniment.songs import Song
from research.datasets.library import RATE

EARS_S = 0.586
"""How late `mir.standard` says which chord it hears: its declared delay, docs/mir.md."""
SURE = 1.0
PIECE_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class Told:
    """``event`` is told at ``frame``."""

    frame: int
    event: TimedEvent


def true_chords(song: Song, late_s: float = 0.0) -> list[Told]:
    """The song's own chords and keys, each ``late_s`` after it began."""
    late = round(late_s * RATE)
    began: list[tuple[int, Payload]] = [(song.frame(beat), Key(tonic, minor, SURE)) for beat, tonic, minor in song.keys]
    before: Chord | None = None
    for span in song.spans:
        if span.told is not None and span.told != before:
            began.append((song.frame(span.beat), span.told))
            before = span.told
    return in_order(Told(frame + late, TimedEvent(frame, payload)) for frame, payload in began)


def heard_chords(song: Song, engine: Engine) -> list[Told]:
    """What ``engine`` hears in the song's audio, when it says so; it is given no host."""
    listening, mix = EngineStream(engine, RATE), song.audio()
    pieces = (np.ascontiguousarray(mix[:, at : at + PIECE_FRAMES]) for at in range(0, mix.shape[1], PIECE_FRAMES))
    # what is told in a hop reaches the band when the hop is over
    return in_order(
        Told(heard.reported + engine.spec.hop, heard.event)
        for piece in pieces
        for heard in listening.push(piece)
        if isinstance(heard.event.payload, Chord | Key)
    )


def in_order(told: Iterable[Told]) -> list[Told]:
    return sorted(told, key=lambda each: (each.frame, each.event.frame))


def analyser(name: str) -> Engine:
    """A registered engine that hears audio and tells of chords, not prepared yet."""
    entry = find_engine(name)
    if entry is None:
        raise EngineError(f"no engine {name!r} is registered", "take mir.standard or mir.chroma")
    engine: Engine = entry.load()()
    if engine.spec.audio(engine.spec.inputs) and "chords" in {port.name for port in engine.spec.outputs}:
        return engine
    raise EngineError(f"{name}: hears no audio, or tells of no chords", "take mir.standard or mir.chroma")
