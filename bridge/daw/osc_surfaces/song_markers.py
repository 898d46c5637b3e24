"""Song markers: where the sections of a song begin, from the MIDI file of ``sideman accompany``; or its keys, from the
song map of ``sideman analyze``."""

from __future__ import annotations

import io
from pathlib import Path

import mido
import msgspec

from bridge.errors import ConfigError

LARGEST_BYTES = 64 << 20
"""A song map of an hour has 2 MB."""
MIDI_SUFFIXES = frozenset({".mid", ".midi"})
DEFAULT_TEMPO_US = 500_000
"""Microseconds of a beat where a file has no tempo, as its standard says."""
WANTED = "give the .mid of `sideman accompany`, or the .json of `sideman analyze`"


class KeyMarker(msgspec.Struct, frozen=True):
    """A key from ``start_s`` on, in seconds of the song."""

    start_s: float
    label: str


class KeyMap(msgspec.Struct, frozen=True):
    """The part of a song map that is read here; the rest of the file is ignored."""

    keys: list[KeyMarker]


def read_song_markers(path: Path) -> list[tuple[float, str]]:
    """Seconds and name of each marker, in order.

    Raises:
        ConfigError: The file cannot be read, or has no markers.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConfigError(f"{path} is larger than a song map", WANTED)
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})", WANTED) from error
    markers = _parse_midi_markers(path, data) if path.suffix.lower() in MIDI_SUFFIXES else _parse_keys(path, data)
    if not markers:
        raise ConfigError(f"{path} has no sections and no keys", WANTED)
    return sorted(markers)


def _parse_keys(path: Path, data: bytes) -> list[tuple[float, str]]:
    try:
        spans = msgspec.json.decode(data, type=KeyMap).keys
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path} is no song map: {error}", WANTED) from error
    return [(span.start_s, span.label) for span in spans if span.start_s >= 0]


def _parse_midi_markers(path: Path, data: bytes) -> list[tuple[float, str]]:
    """The markers of a standard MIDI file, in seconds by its tempo map."""
    try:
        song = mido.MidiFile(file=io.BytesIO(data), clip=True)
        messages = mido.merge_tracks(song.tracks)
    except Exception as error:
        # mido raises whatever it meets in a file that is none: EOFError, ValueError, IndexError, its own
        raise ConfigError(f"{path} is no standard MIDI file", WANTED) from error
    if song.ticks_per_beat <= 0:
        raise ConfigError(f"{path} counts frames of a film", "give a MIDI file in beats")
    markers: list[tuple[float, str]] = []
    seconds, tempo_us = 0.0, DEFAULT_TEMPO_US
    for message in messages:
        seconds += message.time * tempo_us / (1e6 * song.ticks_per_beat)
        if message.type == "set_tempo":
            tempo_us = message.tempo
        elif message.type == "marker":
            name = "".join(one for one in message.text if one.isprintable()).strip()
            if name:
                markers.append((seconds, name))
    return markers
