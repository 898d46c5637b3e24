"""MIDI file notes: a track of a standard MIDI file, such as `sideman accompany` writes, as the notes of a clip."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path

import mido

from bridge.daw.ableton.band_notes import DEFAULT_BAR_BEATS, BandClip
from bridge.daw.ableton.clip_notes import FARTHEST_BEATS, ClipNote
from bridge.errors import ControlError, did_you_mean

LARGEST_FILE = 1 << 20
"""Bytes of a file that is read: 100,000 notes."""


def read_midi_file(path: Path, part: str) -> BandClip:
    """The notes of a track, by its name or its number from 1 among those with notes; whole bars from the file's start.

    Raises:
        ControlError: The file cannot be read, is no MIDI file, or has no such track.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ControlError(f"{path}: {error.strerror}", "give the whole path of a MIDI file") from error
    if len(data) > LARGEST_FILE:
        raise ControlError(f"{path}: more than {LARGEST_FILE} bytes", "give a MIDI file of one song")
    try:
        return parse_midi_file(data, part)
    except ControlError as error:
        raise ControlError(f"{path.name}: {error.message}", error.hint) from error


def parse_midi_file(data: bytes, part: str) -> BandClip:
    """As `read_midi_file`, from the file's bytes."""
    try:
        song = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except Exception as error:
        # mido raises whatever it meets in a file that is none: EOFError, ValueError, IndexError, its own
        raise ControlError("this is no standard MIDI file", "give one that ends in .mid") from error
    if song.ticks_per_beat <= 0:
        raise ControlError("its times are in frames of a film", "give a MIDI file in beats")
    tracks: dict[str, list[ClipNote]] = {}
    for track in song.tracks:
        notes = list(_read_notes(track, song.ticks_per_beat))
        if notes:
            name = "".join(one for one in track.name if one.isprintable()).strip() or str(len(tracks) + 1)
            tracks[name if name not in tracks else f"{name} {len(tracks) + 1}"] = notes
    names = list(tracks)
    found = names[int(part) - 1] if part.isascii() and part.isdecimal() and 0 < int(part[:9]) <= len(names) else part
    if found not in tracks:
        raise ControlError(f"it has no track {part!r} with notes", did_you_mean(part, names))
    notes = tracks[found]
    bar = _find_bar_beats(song)
    end = max(note.start + note.duration for note in notes)
    length = max(math.ceil(end / bar - 1e-6), 1) * bar
    if length > FARTHEST_BEATS:
        raise ControlError(f"it has {length:g} beats", f"a clip has at most {FARTHEST_BEATS:g}")
    return BandClip(tuple(notes), 0.0, length)


def _read_notes(track: mido.MidiTrack, ticks_per_beat: int) -> Iterator[ClipNote]:
    """The notes of all channels; one without an end ends with the track."""
    tick = 0
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for message in track:
        tick += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = message.channel, message.note
        if message.type == "note_on" and message.velocity > 0:
            sounding.setdefault(key, []).append((tick, message.velocity))
        elif sounding.get(key):
            start, velocity = sounding[key].pop(0)
            yield _make_note(start, tick, message.note, velocity, ticks_per_beat)
    for (_, pitch), left in sounding.items():
        for start, velocity in left:
            yield _make_note(start, tick, pitch, velocity, ticks_per_beat)


def _make_note(start: int, end: int, pitch: int, velocity: int, ticks_per_beat: int) -> ClipNote:
    return ClipNote(start / ticks_per_beat, pitch, (end - start) / ticks_per_beat, float(velocity))


def _find_bar_beats(song: mido.MidiFile) -> float:
    """Quarter notes of the first bar."""
    for track in song.tracks:
        for message in track:
            if message.type == "time_signature" and message.numerator > 0:
                return float(4 * message.numerator / message.denominator)
    return DEFAULT_BAR_BEATS
