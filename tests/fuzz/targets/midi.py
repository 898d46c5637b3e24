"""Fuzz target: MIDI files, as ``sideman accompany FILE.mid`` reads them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import mido

from engines.accompaniment.offline.midifile import read_midi
from tests.fuzz.target import Target


def read(data: bytes, folder: Path) -> None:
    """A piece with bars, or a clear refusal."""
    assert read_midi(data, "fuzz.mid").bars()


def seeds() -> Iterator[bytes]:
    """Four chords in blocks, with all metas that count."""
    file, track = mido.MidiFile(), mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=500_000))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    track.append(mido.MetaMessage("key_signature", key="C"))
    track.append(mido.MetaMessage("marker", text="Verse"))
    for root, third in ((60, 4), (57, 3), (53, 4), (55, 4)):
        for on in (True, False):
            for number, pitch in enumerate((root, root + third, root + 7)):
                time = 0 if on or number else 4 * file.ticks_per_beat
                track.append(mido.Message("note_on", note=pitch, velocity=80 * on, time=time))
    out = io.BytesIO()
    file.save(file=out)
    yield out.getvalue()


TARGET = Target(
    name="midi",
    read=read,
    seeds=seeds,
    tokens=(b"MThd", b"MTrk", b"\xff\x51\x03", b"\xff\x58\x04", b"\xff\x59\x02", b"\xff\x2f\x00", b"\xf0", b"\xff\x05"),
    modules=(
        "engines.accompaniment.offline.midifile",
        "engines.accompaniment.offline.barlines",
        "engines.accompaniment.offline.chordtexts",
        "engines.offline.smf.containers",
        "engines.offline.smf.events",
        "engines.offline.smf.metas",
        "engines.offline.smf.reading",
    ),
)
