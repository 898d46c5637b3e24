"""The live band on a virtual clock: it receives a song's beats and chord events, and its notes are collected."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bridge.core.engine import Engine
from bridge.core.engine_stream import EngineStream
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import get_channel, is_note, is_note_on
from bridge.core.time import BlockTime
from engines.accompaniment.band import Band
from engines.accompaniment.performer import CHANNELS
from research.accompaniment.simulated_input import ChordEvent
from research.accompaniment.songs import AnnotatedSong
from research.datasets.library import RATE

HUMAN = "piano"
"""The part that a pianist plays."""
PARTS = {channel: part for part, channel in CHANNELS.items()}


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note of ``part`` that sounds from beat ``start`` to ``end`` of the song."""

    part: str
    start: float
    end: float
    pitch: int


def select_pitched(sounds: Sequence[PlayedNote]) -> list[PlayedNote]:
    """All but the drums."""
    return [sound for sound in sounds if sound.part != "drums"]


def play(
    song: AnnotatedSong,
    chord_events: Sequence[ChordEvent],
    values: Mapping[str, float],
    make: Callable[[], Engine] = Band,
) -> list[PlayedNote]:
    """What the band plays to ``song`` beside a host that rolls at its tempo, in order of the notes' beginnings.

    ``values``: controls that are not at their default. After the song's last beat the host stops, and what was decided
    for later beats is left out.
    """
    engine = make()
    hop, frames = engine.spec.hop, song.to_frame(song.beats)

    def time_at(first: int) -> BlockTime:
        return BlockTime(first, RATE, song.to_beat(first), song.bpm, first < frames, song.bar_beats, True)

    stream, arriving = EngineStream(engine, RATE, values, time_at), deque(chord_events)
    played: list[TimedEvent] = []
    while stream.frames < frames + 2 * hop:
        arrived = []
        while arriving and arriving[0].frame < stream.frames + hop:
            arrived.append(arriving.popleft().event)
        outputs = stream.advance(hop, {"chords": arrived}).events
        played += [output.event for output in outputs if output.port == "midi"]
    return _collect_notes(song, played)


def _collect_notes(song: AnnotatedSong, played: Sequence[TimedEvent]) -> list[PlayedNote]:
    began: dict[tuple[int, int], int] = {}
    found = []
    for event in played:
        if not isinstance(event.payload, Midi) or not is_note(event.payload.data):
            continue
        pitch = event.payload.data[1]
        key = get_channel(event.payload.data), pitch
        if key in began:
            found.append(PlayedNote(PARTS[key[0]], song.to_beat(began.pop(key)), song.to_beat(event.frame), pitch))
        if is_note_on(event.payload.data):
            began[key] = event.frame
    inside = [sound for sound in found if sound.start < song.beats]
    return sorted(inside, key=lambda sound: (sound.start, sound.part, sound.pitch))


def list_human_notes(song: AnnotatedSong) -> list[PlayedNote]:
    """What the pianist played, as far as the song's last beat."""
    return [
        PlayedNote(HUMAN, note.beat, note.beat + note.beats, note.pitch)
        for note in song.human
        if note.beat < song.beats
    ]
