"""MIDI files for tests of their reader: written by the band, or message by message; and what is read of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from mido import Message, MidiFile, MidiTrack

from engines.accompaniment.arranger import perform
from engines.accompaniment.offline.midi import format_band_file
from engines.accompaniment.offline.timed_sheet import TimedSheet
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import PerformanceControls
from engines.accompaniment.style import PART_NAMES, load_style
from engines.accompaniment.style_lookup import find_style

POP = load_style(find_style("pop"))


def write_piece(piece: TimedSheet, count: int | None = None) -> bytes:
    bars = piece.list_bars(count)
    parts = [perform(bars, name, PARTS[name], POP, PerformanceControls()) for name in PART_NAMES]
    return format_band_file(bars, parts, POP, piece.tempi, piece.sheet.key, "mine", piece.lead_ticks)


def make_file(*tracks: Sequence[tuple[int, Any]], ticks_per_beat: int = 480, kind: int = 1) -> bytes:
    """Tracks of (tick, message), in any order."""
    file = MidiFile(type=kind, ticks_per_beat=ticks_per_beat, charset="utf-8")
    for events in tracks:
        track, before = MidiTrack(), 0
        for tick, message in sorted(events, key=lambda timed: timed[0]):
            track.append(message.copy(time=tick - before))
            before = tick
        file.tracks.append(track)
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def chord_notes(start: int, end: int, *pitches: int, channel: int = 0) -> list[tuple[int, Message]]:
    on = [(start, Message("note_on", note=pitch, velocity=90, channel=channel)) for pitch in pitches]
    return on + [(end, Message("note_off", note=pitch, channel=channel)) for pitch in pitches]


def labels(piece: TimedSheet) -> list[list[str]]:
    return [[chord.label for chord in bar.chords] for bar in piece.list_bars()]


def read_metres(data: bytes) -> list[tuple[int, int]]:
    first = MidiFile(file=io.BytesIO(data)).tracks[0]
    return [(message.numerator, message.denominator) for message in first if message.type == "time_signature"]
