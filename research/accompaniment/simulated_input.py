"""Simulated input of the band for a song: its true chords and keys, or recognised ones, with their times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bridge.core.engine import Engine
from bridge.core.engine_registry import find_engine
from bridge.core.events import Chord, Key, Payload, TimedEvent
from bridge.errors import EngineError
from engines.offline.analysis_stream import AnalysisStream
from research.accompaniment.songs import AnnotatedSong
from research.datasets.library import RATE

RECOGNISER_DELAY_S = 0.586
"""The declared delay of chords from `mir.standard`, docs/mir.md."""
CERTAIN_CONFIDENCE = 1.0
PIECE_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class ChordEvent:
    """A chord or key ``event`` that the band receives at ``frame``."""

    frame: int
    event: TimedEvent


def list_true_chords(song: AnnotatedSong, late_s: float = 0.0) -> list[ChordEvent]:
    """The song's own chords and keys, each ``late_s`` after it began."""
    late = round(late_s * RATE)
    began: list[tuple[int, Payload]] = [
        (song.to_frame(beat), Key(tonic, minor, CERTAIN_CONFIDENCE)) for beat, tonic, minor in song.keys
    ]
    before: Chord | None = None
    for span in song.spans:
        if span.chord is not None and span.chord != before:
            began.append((song.to_frame(span.beat), span.chord))
            before = span.chord
    return sort_by_frame(ChordEvent(frame + late, TimedEvent(frame, payload)) for frame, payload in began)


def recognise_chords(song: AnnotatedSong, engine: Engine) -> list[ChordEvent]:
    """Run ``engine`` on the song's audio, without a host; its chords and keys at the times of its reports."""
    stream, mix = AnalysisStream(engine, RATE), song.read_audio()
    pieces = (np.ascontiguousarray(mix[:, at : at + PIECE_FRAMES]) for at in range(0, mix.shape[1], PIECE_FRAMES))
    # an event of a hop reaches the band at the hop's end
    return sort_by_frame(
        ChordEvent(output.reported + engine.spec.hop, output.event)
        for piece in pieces
        for output in stream.push(piece).events
        if isinstance(output.event.payload, Chord | Key)
    )


def sort_by_frame(events: Iterable[ChordEvent]) -> list[ChordEvent]:
    return sorted(events, key=lambda each: (each.frame, each.event.frame))


def load_analyser(name: str) -> Engine:
    """Load a registered engine that takes audio and reports chords, not prepared yet."""
    entry = find_engine(name)
    if entry is None:
        raise EngineError(f"no engine {name!r} is registered", "take mir.standard or mir.chroma")
    engine: Engine = entry.load()()
    if engine.spec.audio(engine.spec.inputs) and "chords" in {port.name for port in engine.spec.outputs}:
        return engine
    raise EngineError(f"{name}: takes no audio, or reports no chords", "take mir.standard or mir.chroma")
