"""What an analyser hears of rendered songs, a chord a beat: with its own faults, to foresee chords in spite of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from bridge.config import write_atomic
from bridge.core.events import Chord, Key
from bridge.core.time import BlockTime
from bridge.errors import ConfigError
from engines.accompaniment.harmony.chord_history import REMEMBERED, ChordHistory
from engines.accompaniment.harmony.vocabulary import NONE, UNKNOWN, States, to_state
from engines.accompaniment.timeline import Timeline
from research.accompaniment.simulated_input import analyser, heard_chords
from research.accompaniment.songs import Song, is_held_out, read_rendered
from research.accompaniment.training.progressions import Progression
from research.datasets.library import RATE, tunes_in


@dataclass(frozen=True)
class Overheard:
    """``heard`` (beats,): what was told of each beat of ``song`` in the end."""

    heard: States
    song: Progression


class _Row(msgspec.Struct, frozen=True):
    name: str
    bar_beats: int
    heard: list[int]
    states: list[int]
    keys: list[int]


def overhear(stems: Path, engine: str) -> Iterator[Overheard]:
    """Each song of ``stems`` to learn from, but those of tunes that are held out, as ``engine`` hears it. The beats
    are known, as with a host."""
    for song in read_rendered(stems, split="train"):
        if not any(is_held_out(tune) for tune in tunes_in(stems, song.name)):
            yield _overheard(song, engine)


def _overheard(song: Song, engine: str) -> Overheard:
    line = Timeline(BlockTime(0, RATE, -song.start_s * song.bpm / 60, song.bpm, True, song.bar_beats, True))
    told, listener, end = heard_chords(song, analyser(engine)), ChordHistory(), line.frame(song.beats) - 1
    keys = np.full(song.beats, -1, np.int64)
    for each in told:
        if isinstance(each.event.payload, Chord):
            listener.push_chord(each.event.payload, each.event.frame, each.frame)
        elif isinstance(each.event.payload, Key):
            listener.push_key(each.event.payload)
        listener.advance(line, min(each.frame, end))
        keys[max(listener.next, 0) :] = listener.key
    listener.advance(line, end)
    heard = np.full(song.beats, UNKNOWN, np.int64)
    known = min(listener.count, listener.next, song.beats)
    heard[listener.next - known : listener.next] = listener.history[REMEMBERED - known :]
    return Overheard(heard, Progression(song.name, _true(song), keys, song.bar_beats))


def _true(song: Song) -> States:
    states = np.full(song.beats, NONE, np.int64)
    for span in song.spans:
        states[round(span.beat) : round(span.end)] = UNKNOWN if span.told is None else to_state(span.told)
    return states


def write_heard(path: Path, heard: Sequence[Overheard]) -> None:
    """All of ``heard`` as JSON."""
    rows = [
        _Row(
            each.song.name,
            each.song.bar_beats,
            each.heard.tolist(),
            each.song.states.tolist(),
            each.song.keys.tolist(),
        )
        for each in heard
    ]
    write_atomic(path, msgspec.json.encode(rows))


def read_heard(path: Path) -> list[Overheard]:
    """What `write_heard` wrote. Raises ConfigError."""
    try:
        rows = msgspec.json.decode(path.read_bytes(), type=list[_Row])
    except (OSError, msgspec.DecodeError) as error:
        mend = "write it with `python -m research.accompaniment.training hear`"
        raise ConfigError(f"{path}: cannot be read ({error})", mend) from error
    return [
        Overheard(
            np.array(row.heard, np.int64),
            Progression(row.name, np.array(row.states, np.int64), np.array(row.keys, np.int64), row.bar_beats),
        )
        for row in rows
    ]
