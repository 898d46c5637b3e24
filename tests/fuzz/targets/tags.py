"""Fuzz target: the tags of a song's file, and the stems that get them, as ``sideman separate`` carries them."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import soundfile
from mutagen import apev2, flac
from mutagen import id3 as id3_frames

from engines.offline.chunks import has_chunks, read_chunks
from engines.offline.stemfile import FORMATS, write_stem
from engines.offline.tags import read_tags
from tests.engines.offline.tagged import PICTURE, chunk, info, picture_block
from tests.fuzz.target import Target

id3: Any = id3_frames
FRAMES = 64
ALLOWED = ("tags left out", "a cover left out")


def read(data: bytes, folder: Path) -> None:
    """Stems of every sound kind are written with whatever the tags are, and say the same."""
    song, scratch = folder / "song", folder / "scratch"
    song.write_bytes(data)
    if has_chunks(data[:16]):
        read_chunks(song)  # by itself: `read_tags` makes a note of any failure
    tags = read_tags(song)
    scratch.write_bytes(np.zeros((FRAMES, 2), np.float32).tobytes())
    for name in ("wav16", "flac16"):
        draft = folder / f"{name}.part"
        notes = write_stem(
            scratch, draft, FORMATS[name], 44100, 2, 1.0, tags.make_stem_tags("drums"), lambda frames: None
        )
        assert all(note.startswith(ALLOWED) for note in notes), notes
        assert soundfile.info(draft).frames == FRAMES
        again = read_tags(draft)
        assert again.notes == ()
        if name == "wav16" and not notes:
            assert set(again.texts) == set(tags.texts), (tags.texts, again.texts)
            assert len(again.pictures) == len(tags.pictures)


def make_seeds() -> Iterator[bytes]:
    """A sound of each kind that carries tags."""
    texts = {"title": "Jóga", "artist": "Bjørk", "album": "", "date": "1997", "größe": "x"}
    block = base64.b64encode(picture_block()).decode()
    with tempfile.TemporaryDirectory() as home:
        for name in ("a.flac", "a.ogg", "a.mp3", "a.wav", "a.aiff"):
            path = Path(home, name)
            soundfile.write(path, np.zeros((FRAMES, 2)), 44100)
            file: Any = mutagen.File(path)
            if file.tags is None:
                file.add_tags()
            if isinstance(file.tags, id3.ID3Tags):
                for frame in _make_frames():
                    file.tags.add(frame)
            else:
                for key, text in texts.items():
                    file.tags[key if key.isascii() else "size"] = [text]
                if name == "a.ogg":
                    file.tags["metadata_block_picture"] = [block]
                    file.tags["coverart"] = [base64.b64encode(PICTURE).decode()]
            if name == "a.flac":
                file.add_picture(flac.Picture(picture_block()))  # type: ignore[no-untyped-call]
            file.save()
            yield path.read_bytes()
        mp3 = Path(home, "a.mp3")
        mutagen.File(mp3).delete()
        bare = mp3.read_bytes()
        yield bare + b"TAG" + b"J\xf3ga".ljust(30, b"\0") + bytes(94) + b"\x11"
        tags = apev2.APEv2()  # type: ignore[no-untyped-call]
        tags["Title"], tags["Year"] = "Jóga", "1997"
        tags["Cover Art (Front)"] = apev2.APEValue(b"a.jpg\0" + PICTURE, apev2.BINARY)  # type: ignore[no-untyped-call]
        tags.save(mp3)
        yield mp3.read_bytes()
    for container, order in (("WAV", "<"), ("RF64", "<"), ("AIFF", ">"), ("CAF", ">"), ("W64", "<")):
        sound = io.BytesIO()
        soundfile.write(sound, np.zeros((FRAMES, 2)), 44100, "PCM_16", format=container)
        yield sound.getvalue() + info(order, IART=b"Bj\xf8rk", INAM="Jóga".encode()) + chunk(b"NAME", b"J\x97ga", order)


def _make_frames() -> Iterator[Any]:
    yield id3.TIT2(encoding=1, text=["Jóga"])
    yield id3.TDRC(encoding=0, text=["1997-09-22"])
    yield id3.TCON(encoding=0, text=["(17)"])
    yield id3.TXXX(encoding=3, desc="Größe", text=["x", ""])
    yield id3.COMM(encoding=3, lang="eng", desc="", text=["live"])
    yield id3.USLT(encoding=3, lang="eng", desc="", text="All the accidents")
    yield id3.APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=PICTURE)


TARGET = Target(
    name="tags",
    read=read,
    seeds=make_seeds,
    tokens=(
        b"ID3\x03", b"ID3\x02", b"ID3\x04", b"TIT2", b"TXXX", b"APIC", b"PIC", b"COMM", b"TDRC", b"TYER", b"LIST",
        b"INFO", b"INAM", b"CSET", b"id3 ", b"ds64", b"TAG", b"APETAGEX", b"OggS", b"fLaC", b"info",
        b"metadata_block_picture=", b"coverart=", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"=",
    ),
    modules=(
        "engines.offline.tags", "engines.offline.tagreader", "engines.offline.chunks", "engines.offline.covers",
        "mutagen.id3._tags", "mutagen.id3._specs", "mutagen._vorbis", "mutagen.apev2", "mutagen._riff",
    ),
    mutations=400,
)  # fmt: skip
