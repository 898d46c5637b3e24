"""Recogniser corpus: chords recognised in rendered songs, a chord a beat, to train the prediction on real errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from bridge.config import write_atomic
from bridge.core.chords import NO_CHORD_STATE
from bridge.core.events import Chord, Key, to_state
from bridge.core.time import BlockTime
from bridge.errors import ConfigError
from engines.accompaniment.harmony.chord_history import HISTORY_BEATS, ChordHistory
from engines.accompaniment.harmony.chord_states import UNKNOWN, States
from engines.accompaniment.timeline import Timeline
from research.accompaniment.simulated_input import load_analyser, recognise_chords
from research.accompaniment.songs import AnnotatedSong, is_held_out, read_rendered
from research.accompaniment.training.progressions import Progression
from research.datasets.library import RATE, list_tunes


@dataclass(frozen=True)
class RecognisedSong:
    """``recognised`` (beats,): the last report on each beat of ``song``."""

    recognised: States
    song: Progression


class _Row(msgspec.Struct, frozen=True):
    name: str
    bar_beats: int
    recognised: list[int]
    states: list[int]
    keys: list[int]


def recognise_songs(stems: Path, engine: str) -> Iterator[RecognisedSong]:
    """Recognise the training songs of ``stems``, but those of held-out tunes, with ``engine``. The beats are known, as
    with a host."""
    for song in read_rendered(stems, split="train"):
        if not any(is_held_out(tune) for tune in list_tunes(stems, song.name)):
            yield _recognise_song(song, engine)


def _recognise_song(song: AnnotatedSong, engine: str) -> RecognisedSong:
    line = Timeline(BlockTime(0, RATE, -song.start_s * song.bpm / 60, song.bpm, True, song.bar_beats, True))
    events, listener, end = recognise_chords(song, load_analyser(engine)), ChordHistory(), line.to_frame(song.beats) - 1
    keys = np.full(song.beats, -1, np.int64)
    for each in events:
        if isinstance(each.event.payload, Chord):
            listener.push_chord(each.event.payload, each.event.frame, each.frame)
        elif isinstance(each.event.payload, Key):
            listener.push_key(each.event.payload)
        listener.advance(line, min(each.frame, end))
        keys[max(listener.next, 0) :] = listener.key
    listener.advance(line, end)
    recognised = np.full(song.beats, UNKNOWN, np.int64)
    known = min(listener.count, listener.next, song.beats)
    recognised[listener.next - known : listener.next] = listener.history[HISTORY_BEATS - known :]
    return RecognisedSong(recognised, Progression(song.name, _read_true_states(song), keys, song.bar_beats))


def _read_true_states(song: AnnotatedSong) -> States:
    states = np.full(song.beats, NO_CHORD_STATE, np.int64)
    for span in song.spans:
        states[round(span.beat) : round(span.end)] = UNKNOWN if span.chord is None else to_state(span.chord)
    return states


def write_recognised(path: Path, recognised: Sequence[RecognisedSong]) -> None:
    """Write ``recognised`` as JSON."""
    rows = [
        _Row(
            each.song.name,
            each.song.bar_beats,
            each.recognised.tolist(),
            each.song.states.tolist(),
            each.song.keys.tolist(),
        )
        for each in recognised
    ]
    write_atomic(path, msgspec.json.encode(rows))


def read_recognised(path: Path) -> list[RecognisedSong]:
    """What `write_recognised` wrote. Raises ConfigError."""
    try:
        rows = msgspec.json.decode(path.read_bytes(), type=list[_Row])
    except (OSError, msgspec.DecodeError) as error:
        hint = "write it with `python -m research.accompaniment.training recognise`"
        raise ConfigError(f"{path}: cannot be read ({error})", hint) from error
    return [
        RecognisedSong(
            np.array(row.recognised, np.int64),
            Progression(row.name, np.array(row.states, np.int64), np.array(row.keys, np.int64), row.bar_beats),
        )
        for row in rows
    ]
