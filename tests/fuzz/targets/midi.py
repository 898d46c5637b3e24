"""Fuzz target: MIDI files, as ``sideman accompany FILE.mid`` reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engines.accompaniment.offline.midi import format_band_file
from engines.accompaniment.offline.midifile import read_midi
from engines.accompaniment.style import load_style
from engines.accompaniment.style_lookup import find_style
from engines.offline.smf.metas import parse_metre
from engines.offline.smf.reading import read_smf
from tests.engines.offline.smf import block, chords, file, header, meta, text, track
from tests.fuzz.target import Target

STYLE = load_style(find_style("pop"))


def read(data: bytes, folder: Path) -> None:
    """A piece with bars that is the same when it is written and read back, in bars and tempi that DAWs take."""
    piece = read_midi(data, "fuzz.mid")
    bars = piece.list_bars()
    assert bars
    written = format_band_file(bars, [], STYLE, piece.tempi, piece.sheet.key, "Sideman: fuzz", piece.lead_ticks)
    again = read_midi(written, "band.mid").list_bars()
    led = len(again) - len(bars)  # quarter notes of an upbeat are read as bars
    assert 0 <= led <= 2
    assert [(bar.section, bar.chords) for bar in again[led:]] == [(bar.section, bar.chords) for bar in bars]
    smf = read_smf(written, "band.mid")
    assert not smf.remarks
    assert all(top <= 16 and below in (4, 8, 16) for _, (top, below) in smf.find_all(parse_metre))


def make_seeds() -> Iterator[bytes]:
    """Four chords in blocks, with all metas that count; words, chord symbols, an upbeat; RIFF, SMPTE."""
    metas = meta(0x51, b"\7\xa1\x20") + meta(0x58, b"\4\2\x18\x08") + meta(0x59, b"\0\0") + text("Verse", 6)
    yield file(metas, chords())
    names = b"".join(text(symbol, delta=1920 * (place > 0)) for place, symbol in enumerate(("C", "Am7", "Fmaj7", "G7")))
    yield header(3) + track(metas, chords()) + track(names) + track(text("@K"), text(" Am", delta=480))
    yield file(meta(0x58, b"\1\5"), block((67,), 60), meta(0x58, b"\4\2"), chords(0), b"\0\xf0\2\1\xf7\0\xf8")
    whole = file(metas, chords(), division=0xE728)
    yield b"RIFF" + (len(whole) + 12).to_bytes(4, "little") + b"RMIDdata" + len(whole).to_bytes(4, "little") + whole


TARGET = Target(
    name="midi",
    read=read,
    seeds=make_seeds,
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
