"""Standard MIDI file writer: tracks of timed messages as the bytes of a file of type 1."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from mido import Message, MetaMessage, MidiFile, MidiTrack

from bridge.core.time import TICKS_PER_BEAT

SIGNATURES = (
    ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"),
    ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm"),
)
"""Key signatures that exist, major and minor, by tonic."""

TimedMessage = tuple[int, Message | MetaMessage]
"""Ticks from the file's start, and the message there."""


def write_smf(tracks: Sequence[Iterable[TimedMessage]], end: int) -> bytes:
    """The bytes of the file. Messages of one tick keep their order; tracks end at ``end`` or their last message."""
    file = MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks += [_make_track(track, end) for track in tracks]
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def to_metre_messages(metres: Iterable[tuple[int, int, int]]) -> list[TimedMessage]:
    """Time signatures from (tick, numerator, denominator)."""
    return [(tick, MetaMessage("time_signature", numerator=top, denominator=below)) for tick, top, below in metres]


def to_tempo_messages(tempi: Iterable[tuple[int, int]]) -> list[TimedMessage]:
    """Tempi from (tick, microseconds a quarter note)."""
    return [(tick, MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in tempi]


def _make_track(messages: Iterable[TimedMessage], end: int) -> MidiTrack:
    track = MidiTrack()
    before = 0
    for tick, message in sorted(messages, key=lambda timed: timed[0]):
        track.append(message.copy(time=tick - before))
        before = tick
    track.append(MetaMessage("end_of_track", time=max(end - before, 0)))
    return track
