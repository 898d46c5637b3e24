"""From single events to a `SongMap`: beats in order, chords and keys as spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, fields
from itertools import pairwise

from bridge.core.events import Beat, Chord, Key, Note, Payload, Tempo, TimedEvent
from engines.mir.harte import harte
from engines.mir.offline.song_map import ChordSpan, KeySpan, NoteSpan, SongBeat, SongMap, TempoPoint

SILENT = Chord(-1, 0, -1, 0.0)
DIGITS = 6


class SongMapBuilder:
    """Takes events in any order; their frames count at ``rate``, in Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._events: dict[type[Payload], list[TimedEvent]] = {}
        self._voices: dict[str, list[tuple[int, Note]]] = {}

    def take(self, event: TimedEvent, port: str = "") -> None:
        """``port``: the output that told it; each has notes of its own."""
        if isinstance(event.payload, Note):
            self._voices.setdefault(port, []).append((event.frame, event.payload))
        else:
            self._events.setdefault(type(event.payload), []).append(event)

    def map_of(
        self, file: str, engine: str, rate_hz: int, length_frames: int, remarks: tuple[str, ...] = ()
    ) -> SongMap:
        """The song's map, of what lies within its ``length_frames`` at its own ``rate_hz``."""
        end_s = length_frames / rate_hz
        others = {kind.__name__.lower(): kind for kind in self._events if kind not in (Beat, Tempo, Chord, Key)}
        return SongMap(
            file,
            engine,
            rate_hz,
            length_frames,
            round(end_s, DIGITS),
            self._beats(end_s),
            self._tempo(end_s),
            self._chords(end_s),
            self._keys(end_s),
            tuple(sorted(self._notes(end_s), key=lambda note: (note.start_s, note.voice))),
            {name: self._others(kind, end_s) for name, kind in sorted(others.items())},
            remarks,
        )

    def _within(self, kind: type[Payload], end_s: float) -> list[tuple[float, object]]:
        """(seconds, payload) of ``kind``, in order; of several at one frame the last, as it was told later."""
        by_frame = {event.frame: event.payload for event in self._events.get(kind, ())}
        end = end_s * self._rate
        return [(frame / self._rate, payload) for frame, payload in sorted(by_frame.items()) if 0 <= frame < end]

    def _beats(self, end_s: float) -> tuple[SongBeat, ...]:
        return tuple(
            SongBeat(round(time_s, DIGITS), beat.number + 1, beat.bar_beats, _share(beat.confidence))
            for time_s, beat in self._within(Beat, end_s)
            if isinstance(beat, Beat)
        )

    def _tempo(self, end_s: float) -> tuple[TempoPoint, ...]:
        told = [
            TempoPoint(round(time_s, DIGITS), round(tempo.bpm, 3), _share(tempo.confidence))
            for time_s, tempo in self._within(Tempo, end_s)
            if isinstance(tempo, Tempo)
        ]
        if not told:  # an engine that tells beats alone
            told = [
                TempoPoint(round(time_s, DIGITS), round(beat.tempo, 3), _share(beat.confidence))
                for time_s, beat in self._within(Beat, end_s)
                if isinstance(beat, Beat) and beat.tempo > 0
            ]
        first = told[:1]
        return (*first, *(point for before, point in pairwise(told) if point.bpm != before.bpm))

    def _chords(self, end_s: float) -> tuple[ChordSpan, ...]:
        told = [(0.0, SILENT), *((at, chord) for at, chord in self._within(Chord, end_s) if isinstance(chord, Chord))]
        changes = told[:1]
        for at, chord in told[1:]:
            if at == changes[-1][0]:
                changes[-1] = (at, chord)
            elif (chord.label, chord.bass) != (changes[-1][1].label, changes[-1][1].bass):
                changes.append((at, chord))
        starts = [*(at for at, _ in changes), end_s]
        return tuple(
            ChordSpan(
                round(start, DIGITS),
                round(end, DIGITS),
                chord.label,
                harte(chord),
                chord.root,
                chord.bass,
                chord.pitch_classes,
                _share(chord.confidence),
            )
            for (_, chord), (start, end) in zip(changes, pairwise(starts), strict=True)
        )

    def _keys(self, end_s: float) -> tuple[KeySpan, ...]:
        changes: list[tuple[float, Key]] = []
        for at, key in self._within(Key, end_s):
            if isinstance(key, Key) and not (changes and changes[-1][1].label == key.label):
                changes.append((at, key))
        starts = [*(at for at, _ in changes), end_s]
        return tuple(
            KeySpan(
                round(start, DIGITS), round(end, DIGITS), key.label, key.tonic, bool(key.minor), _share(key.confidence)
            )
            for (_, key), (start, end) in zip(changes, pairwise(starts), strict=True)
        )

    def _notes(self, end_s: float) -> Iterator[NoteSpan]:
        """A voice's note ends where the next begins, at the latest with the song."""
        for voice, told in self._voices.items():
            told.sort(key=lambda timed: timed[0])
            ends = [*(frame for frame, _ in told[1:]), round(end_s * self._rate)]
            for (frame, note), end in zip(told, ends, strict=True):
                start, stop = frame / self._rate, min(end / self._rate, end_s)
                if note.on and 0 <= start < stop:
                    times = round(start, DIGITS), round(stop, DIGITS)
                    yield NoteSpan(*times, round(note.pitch, 2), note.velocity, _share(note.confidence), voice)

    def _others(self, kind: type[Payload], end_s: float) -> tuple[dict[str, float | list[int]], ...]:
        """Payloads that have no place of their own here: each field by its name, bytes as a list."""
        names = [field.name for field in fields(kind)]
        rows = []
        for event in sorted(self._events[kind], key=lambda event: event.frame):
            if 0 <= event.frame < end_s * self._rate:
                row: dict[str, float | list[int]] = {"time_s": round(event.frame / self._rate, DIGITS)}
                for name, value in zip(names, astuple(event.payload), strict=True):
                    row[name] = list(value) if isinstance(value, bytes) else value
                rows.append(row)
        return tuple(rows)


def _share(confidence: float) -> float:
    return round(min(max(confidence, 0.0), 1.0), 4)
