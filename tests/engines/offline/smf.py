"""MIDI files byte by byte: chunks, tracks and events as tests want them, right or wrong."""

from __future__ import annotations

from collections.abc import Sequence

CHORDS = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))
"""C Am F G, a bar each."""
LABELS = [["C"] * 4, ["Am"] * 4, ["F"] * 4, ["G"] * 4]
END = b"\x00\xff\x2f\x00"


def chunk(kind: bytes, data: bytes, length: int | None = None) -> bytes:
    return kind + (len(data) if length is None else length).to_bytes(4, "big") + data


def header(tracks: int = 1, kind: int = 1, division: int = 480) -> bytes:
    return chunk(b"MThd", b"".join(field.to_bytes(2, "big") for field in (kind, tracks, division)))


def number(value: int) -> bytes:
    """A variable-length one."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, value & 0x7F | 0x80)
    return bytes(digits)


def meta(kind: int, data: bytes = b"", delta: int = 0) -> bytes:
    return number(delta) + bytes([0xFF, kind]) + number(len(data)) + data


def text(words: str, kind: int = 1, delta: int = 0) -> bytes:
    return meta(kind, words.encode(), delta)


def block(pitches: Sequence[int], ticks: int, delta: int = 0, velocity: int = 80) -> bytes:
    """Notes struck together that sound for so many ticks, in running status, ended by velocity 0."""
    ons = number(delta) + bytes([0x90, pitches[0], velocity]) + b"".join(bytes([0, p, velocity]) for p in pitches[1:])
    offs = number(ticks) + bytes([pitches[0], 0]) + b"".join(bytes([0, pitch, 0]) for pitch in pitches[1:])
    return ons + offs


def chords(ticks: int = 1920, bar: int = 1920, times: int = 1, velocity: int = 80) -> bytes:
    """The events of CHORDS, each of so many ticks in a bar of as many."""
    found, delta = b"", 0
    for pitches in CHORDS * times:
        found += block(pitches, ticks, delta, velocity)
        delta = bar - ticks
    return found


def track(*events: bytes, end: bytes = END) -> bytes:
    return chunk(b"MTrk", b"".join(events) + end)


def file(*events: bytes, division: int = 480) -> bytes:
    """Of one track."""
    return header(division=division) + track(*events)
