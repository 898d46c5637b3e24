"""Song map builder: single events to a `SongMap`, with beats in order, and chords and keys as spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, fields
from itertools import pairwise

from bridge.core.events import Beat, Chord, Key, Note, Payload, Tempo, TimedEvent
from engines.mir.harte import to_harte
from engines.mir.offline.song_map import ChordSpan, KeySpan, NoteSpan, SongBeat, SongMap, TempoPoint

NO_CHORD = Chord(-1, 0, -1, 0.0)
DIGITS = 6


class SongMapBuilder:
    """Takes events in any order, their frames at ``rate`` Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._events: dict[type[Payload], list[TimedEvent]] = {}
        self._voices: dict[str, list[tuple[int, Note]]] = {}

    def push(self, event: TimedEvent, port: str = "") -> None:
        """Add an event of output ``port``; each port has notes of its own."""
        if isinstance(event.payload, Note):
            self._voices.setdefault(port, []).append((event.frame, event.payload))
        else:
            self._events.setdefault(type(event.payload), []).append(event)

    def build(self, file: str, engine: str, rate_hz: int, length_frames: int, remarks: tuple[str, ...] = ()) -> SongMap:
        """The map of the events within the song's ``length_frames`` at its own ``rate_hz``."""
        end_s = length_frames / rate_hz
        others = {kind.__name__.lower(): kind for kind in self._events if kind not in (Beat, Tempo, Chord, Key)}
        return SongMap(
            file,
            engine,
            rate_hz,
            length_frames,
            round(end_s, DIGITS),
            self.build_beats(end_s),
            self._build_tempo(end_s),
            self._build_chords(end_s),
            self._build_keys(end_s),
            tuple(sorted(self._build_notes(end_s), key=lambda note: (note.start_s, note.voice))),
            {name: self._build_table(kind, end_s) for name, kind in sorted(others.items())},
            remarks,
        )

    def _list_within(self, kind: type[Payload], end_s: float) -> list[tuple[float, object]]:
        """(seconds, payload) of ``kind``, in order; of several at one frame the last."""
        by_frame = {event.frame: event.payload for event in self._events.get(kind, ())}
        end = end_s * self._rate
        return [(frame / self._rate, payload) for frame, payload in sorted(by_frame.items()) if 0 <= frame < end]

    def build_beats(self, end_s: float) -> tuple[SongBeat, ...]:
        """The beats before ``end_s``."""
        return tuple(
            SongBeat(round(time_s, DIGITS), beat.number + 1, beat.bar_beats, _round_confidence(beat.confidence))
            for time_s, beat in self._list_within(Beat, end_s)
            if isinstance(beat, Beat)
        )

    def _build_tempo(self, end_s: float) -> tuple[TempoPoint, ...]:
        points = [
            TempoPoint(round(time_s, DIGITS), round(tempo.bpm, 3), _round_confidence(tempo.confidence))
            for time_s, tempo in self._list_within(Tempo, end_s)
            if isinstance(tempo, Tempo)
        ]
        if not points:  # an engine that reports beats only
            points = [
                TempoPoint(round(time_s, DIGITS), round(beat.tempo, 3), _round_confidence(beat.confidence))
                for time_s, beat in self._list_within(Beat, end_s)
                if isinstance(beat, Beat) and beat.tempo > 0
            ]
        first = points[:1]
        return (*first, *(point for before, point in pairwise(points) if point.bpm != before.bpm))

    def _build_chords(self, end_s: float) -> tuple[ChordSpan, ...]:
        spans = [
            (0.0, NO_CHORD),
            *((at, chord) for at, chord in self._list_within(Chord, end_s) if isinstance(chord, Chord)),
        ]
        changes = spans[:1]
        for at, chord in spans[1:]:
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
                to_harte(chord),
                chord.root,
                chord.bass,
                chord.pitch_classes,
                _round_confidence(chord.confidence),
            )
            for (_, chord), (start, end) in zip(changes, pairwise(starts), strict=True)
        )

    def _build_keys(self, end_s: float) -> tuple[KeySpan, ...]:
        changes: list[tuple[float, Key]] = []
        for at, key in self._list_within(Key, end_s):
            if isinstance(key, Key) and not (changes and changes[-1][1].label == key.label):
                changes.append((at, key))
        starts = [*(at for at, _ in changes), end_s]
        return tuple(
            KeySpan(
                round(start, DIGITS),
                round(end, DIGITS),
                key.label,
                key.tonic,
                bool(key.minor),
                _round_confidence(key.confidence),
            )
            for (_, key), (start, end) in zip(changes, pairwise(starts), strict=True)
        )

    def _build_notes(self, end_s: float) -> Iterator[NoteSpan]:
        """A note of a voice ends where the next begins, at the latest with the song."""
        for voice, notes in self._voices.items():
            notes.sort(key=lambda timed: timed[0])
            ends = [*(frame for frame, _ in notes[1:]), round(end_s * self._rate)]
            for (frame, note), end in zip(notes, ends, strict=True):
                start, stop = frame / self._rate, min(end / self._rate, end_s)
                if note.on and 0 <= start < stop:
                    times = round(start, DIGITS), round(stop, DIGITS)
                    yield NoteSpan(
                        *times, round(note.pitch, 2), note.velocity, _round_confidence(note.confidence), voice
                    )

    def _build_table(self, kind: type[Payload], end_s: float) -> tuple[dict[str, float | list[int]], ...]:
        """Payloads without a field of their own in `SongMap`: each field by its name, bytes as a list."""
        names = [field.name for field in fields(kind)]
        rows = []
        for event in sorted(self._events[kind], key=lambda event: event.frame):
            if 0 <= event.frame < end_s * self._rate:
                row: dict[str, float | list[int]] = {"time_s": round(event.frame / self._rate, DIGITS)}
                for name, value in zip(names, astuple(event.payload), strict=True):
                    row[name] = list(value) if isinstance(value, bytes) else value
                rows.append(row)
        return tuple(rows)


def _round_confidence(confidence: float) -> float:
    return round(min(max(confidence, 0.0), 1.0), 4)
