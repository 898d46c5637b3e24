"""Fuzz target: files with chord sheets, as ``sideman accompany FILE.txt`` reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engines.accompaniment.sheet_file import read_sheet_file
from tests.fuzz.target import Target


def read(data: bytes, folder: Path) -> None:
    """A sheet with a chord for each beat, or a clear refusal."""
    path = folder / "sheet.txt"
    path.write_bytes(data)
    sheet = read_sheet_file(path)
    assert sheet.sections
    for section in sheet.sections:
        assert section.bars
        assert section.times >= 1
        for bar in section.bars:
            assert len(bar) == sheet.beats
            assert all(-1 <= chord.root < 12 and (chord.root < 0 or 0 <= chord.bass < 12) for chord in bar)


TEXT = """tempo: 96.5
metre: 3/4
key: F# minor
title: a song
[verse x2]
| F#m7(b5)/C | E7#9 . A | % |   # a comment
[chorus]
|| Csus4 Gmaj7 | N.C. ||
"""

TOKENS = "| % N.C. [ x2] tempo: metre: key: # b ♭ 𝄫 maj7 sus4 add9 no5 dim ø h7 alt (b9) /E on Fis Do"


def make_seeds() -> Iterator[bytes]:
    """A sheet with all there is, in the encodings of usual editors, and chords of many spellings."""
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        yield TEXT.encode(encoding)
    yield TEXT.replace("\n", "\r\n").encode()
    yield "| Es7 H | C∅ CΔ9 | Ｃｍ７ C−7 | B♭7(9,13) C𝄪 |".encode()
    yield b"| Calt C7M | C6/9/E Ch7 | C+7 Co7 | Cm(maj7) ConE |"


TARGET = Target(
    name="sheet",
    read=read,
    seeds=make_seeds,
    tokens=tuple(TOKENS.encode().split()),
    modules=(
        "engines.accompaniment.sheet_file", "engines.accompaniment.sheet", "engines.accompaniment.chord_symbol",
        "engines.accompaniment.chord_parts", "engines.accompaniment.note_names",
    ),
    mutations=1000,
)  # fmt: skip
