"""Fuzz target: MIDI files that go into clips of Live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bridge.daw.ableton.clip_notes import divide_notes, prepare_notes
from bridge.daw.ableton.midi_file_notes import parse_midi_file
from tests.daw.ableton.test_midi_file_notes import make_file
from tests.fuzz.target import Target


def read(data: bytes, folder: Path) -> None:
    """Whatever is read fits a clip, and its ranges hold all of it."""
    clip = parse_midi_file(data, "1")
    kept = prepare_notes(clip.notes, clip.length)
    assert sum(len(one.notes) for one in divide_notes(kept)) == len(kept)


def make_seeds() -> Iterator[bytes]:
    """Files of two parts."""
    yield make_file()
    yield make_file(3, 96)


TARGET = Target(
    "ableton_midi",
    read,
    make_seeds,
    tokens=(b"MThd", b"MTrk", b"\x00\x00\x00\x06", b"\xff\x2f\x00", b"\x90\x3c\x40", b"\xff\x58\x04"),
    modules=("bridge.daw.ableton.midi_file_notes", "mido.midifiles"),
    max_bytes=8192,
    mutations=400,
)
