"""Chunk reader: texts in chunks of WAV, AIFF, CAF and W64 files, in the right encoding."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import mutagen
import pytest
import soundfile
from mutagen import aiff, id3

from engines.offline.chunks import W64_SUMMARY, decode_text, has_chunks, read_chunks
from engines.offline.tags import Tags, read_tags
from tests.engines.offline.tagged import chunk, info, sound, wav_with


@pytest.mark.parametrize(
    ("text", "page", "meant"),
    [
        (b"Bj\xf8rk", 0, "Bjørk"),
        ("Bjørk".encode(), 0, "Bjørk"),
        ("Sigur Rós – Ágætis".encode(), 0, "Sigur Rós – Ágætis"),
        (b"Beyonc\xe9", 0, "Beyoncé"),
        (b"\x93Heroes\x94", 0, "“Heroes”"),
        (b"\x81\xe9", 0, "\x81é"),
        (b"Bj\xf8rk", 1252, "Bjørk"),
        (b"Bj\xc3\xb8rk", 1252, "BjÃ¸rk"),
        (b"Bj\xc3\xb8rk", 65001, "Bjørk"),
        (b"\xca\xe8\xed\xee", 1251, "Кино"),
        (b"\x8d\xe2\x96\x7b", 932, "坂本"),
        (b"Bj\xbfrk", 10000, "Bjørk"),
        (b"Bj\xf8rk", 64999, "Bjørk"),
        (b"plain", 0, "plain"),
    ],
)
def test_a_text_is_in_the_code_page_that_is_said_else_utf_8_or_latin_1(text: bytes, page: int, meant: str) -> None:
    assert decode_text(text, page) == meant


def test_an_info_list_without_a_code_page_keeps_its_umlauts(tmp_path: Path) -> None:
    path = wav_with(tmp_path / "a.wav", info(IART=b"Bj\xf8rk", INAM="Jóga".encode(), IGNR=b"", ISFT=b"Tool"))
    assert read_tags(path).texts == {"artist": ("Bjørk",), "title": ("Jóga",)}


@pytest.mark.parametrize("first", [True, False])
def test_the_code_page_is_that_of_the_cset_chunk_wherever_it_lies(tmp_path: Path, first: bool) -> None:
    page, texts = chunk(b"CSET", struct.pack("<4H", 1251, 0, 0, 0)), info(IART=b"\xca\xe8\xed\xee")
    path = wav_with(tmp_path / "a.wav", page + texts if first else texts + page)
    assert read_tags(path).texts == {"artist": ("Кино",)}


def test_a_big_endian_wav_is_read(tmp_path: Path) -> None:
    path = wav_with(tmp_path / "a.wav", info(">", IART=b"Bj\xf8rk"), endian="BIG", subtype="PCM_16")
    assert path.read_bytes()[:4] == b"RIFX"
    assert read_tags(path).texts == {"artist": ("Bjørk",)}


def test_an_rf64_is_read_its_id3_tag_too(tmp_path: Path) -> None:
    tags = id3.ID3()  # type: ignore[no-untyped-call]
    tags.add(id3.TALB(encoding=3, text=["Homogenic"]))  # type: ignore[no-untyped-call]
    tags.save(tmp_path / "tag")
    more = info(IART=b"Bj\xf8rk") + chunk(b"id3 ", (tmp_path / "tag").read_bytes())
    path = tmp_path / "a.rf64"
    soundfile.write(path, [[0.0, 0.0]] * 100, 44100, format="RF64", subtype="PCM_16")
    path.write_bytes(path.read_bytes() + more)
    assert read_tags(path).texts == {"artist": ("Bjørk",), "album": ("Homogenic",)}


def test_an_id3_tag_is_taken_before_the_info_list(tmp_path: Path) -> None:
    path = wav_with(tmp_path / "a.wav", info(INAM=b"Cut at thirty", IART=b"Her"))
    file: Any = mutagen.File(path)
    file.add_tags()
    file.tags.add(id3.TIT2(encoding=3, text=["The whole title"]))  # type: ignore[no-untyped-call]
    file.save()
    assert read_tags(path).texts == {"title": ("The whole title",), "artist": ("Her",)}


def test_an_aiff_s_own_chunks_and_its_id3_tag_are_read(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.aiff")
    path.write_bytes(path.read_bytes() + chunk(b"NAME", b"J\x97ga", ">") + chunk(b"AUTH", "Bjørk".encode(), ">"))
    assert read_tags(path).texts == {"title": ("Jóga",), "artist": ("Bjørk",)}
    other = sound(tmp_path / "b.aiff")
    file: Any = aiff.AIFF(other)  # type: ignore[no-untyped-call]
    file.add_tags()
    file.tags.add(id3.TIT2(encoding=1, text=["Jóga"]))  # type: ignore[no-untyped-call]
    file.save()
    assert read_tags(other).texts == {"title": ("Jóga",)}


def test_the_info_chunk_of_a_caf_is_read(tmp_path: Path) -> None:
    texts = {"title": "Jóga", "artist": "Bjørk", "year": "1997", "track number": "2", "channel layout": "stereo"}
    content = struct.pack(">I", len(texts)) + "".join(f"{k}\0{t}\0" for k, t in texts.items()).encode()
    path = sound(tmp_path / "a.caf", subtype="PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[:8] + struct.pack(">4sq", b"info", len(content)) + content + data[8:])
    found = {"title": "Jóga", "artist": "Bjørk", "date": "1997", "tracknumber": "2"}
    assert read_tags(path).texts == {name: (text,) for name, text in found.items()}


def test_the_summary_list_of_a_w64_is_read(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.w64", subtype="PCM_16")
    text = "Bjørk\0".encode("utf-16-le")
    content = struct.pack("<I4sI", 1, b"IART", len(text)) + text
    data = path.read_bytes()
    data += bytes(-len(data) % 8)
    path.write_bytes(data + W64_SUMMARY + struct.pack("<Q", 24 + len(content)) + content)
    assert read_tags(path).texts == {"artist": ("Bjørk",)}


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.caf", "a.w64"])
def test_wherever_a_file_is_cut_what_is_there_is_read(tmp_path: Path, name: str) -> None:
    path = sound(tmp_path / name, subtype="PCM_16")
    data = path.read_bytes()
    assert has_chunks(data[:16])
    for length in (*range(16, 120), len(data) - 1):
        path.write_bytes(data[:length])
        assert read_chunks(path).id3 == b""


@pytest.mark.parametrize("size", range(5))
def test_a_list_too_short_for_its_own_kind_is_passed_over(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(sound(path).read_bytes() + b"LIST" + struct.pack("<I", size) + b"INFOIART\4\0\0\0Her\0")
    assert read_tags(path) == Tags()


def test_sizes_that_are_wrong_end_the_reading(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav")
    data = bytearray(path.read_bytes())
    for size in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
        struct.pack_into("<I", data, data.index(b"data") + 4, size)
        path.write_bytes(data)
        assert read_chunks(path).texts == {}
