"""Chunk reader: texts and ID3 tag in the chunks of a WAV, RF64, AIFF, CAF or W64 file.

Files that were never closed or were cut have wrong sizes. Chunks beyond the end are skipped, so no content raises here.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

INFO = {
    b"INAM": "title", b"IART": "artist", b"IPRD": "album", b"ICRD": "date", b"IGNR": "genre", b"ICMT": "comment",
    b"ICOP": "copyright", b"ITRK": "tracknumber", b"IPRT": "tracknumber", b"TRCK": "tracknumber",
    b"IMUS": "composer", b"IWRI": "lyricist", b"ILNG": "language",
}  # fmt: skip
"""Keys of RIFF's INFO list: Microsoft's, and those that programs added."""
AIFF = {b"NAME": "title", b"AUTH": "artist", b"(c) ": "copyright", b"ANNO": "comment"}
CAF = {
    "title": "title", "artist": "artist", "album": "album", "year": "date", "recorded date": "date", "genre": "genre",
    "comments": "comment", "copyright": "copyright", "track number": "tracknumber", "composer": "composer",
    "lyricist": "lyricist",
}  # fmt: skip
"""Keys of the info chunk, as Apple's Core Audio Format Specification lists them."""
W64_ID_BYTES = 16
W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
W64_SUMMARY = b"\xbc\x94\x5f\x92\x5a\x52\xd2\x11\x86\xdc\x00\xc0\x4f\x8e\xdb\x8a"
"""GUID of the summary list, which Sony's programs write in place of RIFF's INFO, as UTF-16."""
TEXT_BYTES, ID3_BYTES = 1 << 20, 1 << 28
"""Most bytes read of a list of texts, and of an ID3 tag, whose size has 28 bits."""
MOST_CHUNKS = 4096
"""More are no chunks but audio data, behind a wrong size."""
LATIN_PAGES = (0, 1252, 28591)
PAGES = {65001: "utf-8", 10000: "mac-roman"}
"""Code pages that Python does not name by their number."""


@dataclass(slots=True)
class ChunkTags:
    """``texts``: by Vorbis comment name, in lower case. ``id3``: a whole ID3v2 tag, or nothing."""

    texts: dict[str, str] = field(default_factory=dict)
    id3: bytes = b""


def has_chunks(head: bytes) -> bool:
    """Whether a file that begins with these 16 bytes is of a format that is read here."""
    riff = head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE"
    aiff = head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")
    return riff or aiff or head[:4] == b"caff" or head[:16] == W64_RIFF


def read_chunks(path: Path) -> ChunkTags:
    """Read the tags in the chunks of the file at ``path``. Raises: OSError."""
    with path.open("rb") as file:
        head = file.read(W64_ID_BYTES)
        if head[:4] == b"FORM":
            return _read_aiff(file)
        if head[:4] == b"caff":
            return _read_caf(file)
        if head == W64_RIFF:
            return _read_w64(file)
        return _read_riff(file, head[:4])


def _iterate_chunks(
    file: BinaryIO, start: int, pattern: str, own: bool, align: int, data: int = 0
) -> Iterator[tuple[bytes, int]]:
    """Each chunk's identifier and size, with the file positioned at its content.

    ``pattern``: struct format of identifier and size. ``own``: whether a size counts these, too. ``data``: the size of
    the chunk "data" where its own field cannot hold it.
    """
    at, head_bytes = start, struct.calcsize(pattern)
    end = os.fstat(file.fileno()).st_size
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(head_bytes)
        if len(head) < head_bytes:
            return
        name, size = struct.unpack(pattern, head)
        if name == b"data" and size == 0xFFFFFFFF and data:
            size = data
        size = max(size - head_bytes, 0) if own else size
        yield name, min(size, end - at - head_bytes)
        at += head_bytes + size + -(size + (head_bytes if own else 0)) % align
        if at >= end:
            return


def _read_riff(file: BinaryIO, form: bytes) -> ChunkTags:
    found, texts, page, data = ChunkTags(), dict[str, bytes](), 0, 0
    order = ">" if form == b"RIFX" else "<"
    if form in (b"RF64", b"BW64"):
        file.seek(12)
        sizes = file.read(24)
        data = struct.unpack("<Q", sizes[16:])[0] if len(sizes) == 24 and sizes[:4] == b"ds64" else 0
    for name, size in _iterate_chunks(file, 12, f"{order}4sI", False, 2, data):
        if name == b"LIST" and file.read(4) == b"INFO":
            for key, text in _parse_info(file.read(min(max(size - 4, 0), TEXT_BYTES)), order).items():
                texts.setdefault(key, text)
        elif name == b"CSET":
            content = file.read(2)
            page = struct.unpack(f"{order}H", content)[0] if len(content) == 2 else 0
        elif name in (b"id3 ", b"ID3 "):
            found.id3 = found.id3 or file.read(min(size, ID3_BYTES))
    found.texts = {name: decode_text(text, page) for name, text in texts.items()}
    return found


def _parse_info(content: bytes, order: str) -> dict[str, bytes]:
    """The texts of an INFO list, undecoded, up to their first NUL."""
    texts: dict[str, bytes] = {}
    at = 0
    while at + 8 <= len(content):
        key, size = struct.unpack_from(f"{order}4sI", content, at)
        if name := INFO.get(key.upper()):
            texts.setdefault(name, content[at + 8 : at + 8 + size].split(b"\0")[0])
        at += 8 + size + size % 2
    return texts


def decode_text(text: bytes, page: int = 0) -> str:
    """Decode a text of a RIFF file with code page ``page`` in its CSET chunk; 0: none given.

    By the RIFF specification such texts are Latin-1; programs of today write UTF-8. Text that is valid UTF-8 and not
    ASCII is hardly ever Latin-1, so UTF-8 is tried first. Windows-1252 has Latin-1's letters, and quotes in place of
    its control characters.
    """
    if page not in LATIN_PAGES:
        try:
            return text.decode(PAGES.get(page, f"cp{page}"), "replace")
        except LookupError:  # no such page: as if none was given
            page = 0
    for encoding in ("utf-8", "cp1252") if page == 0 else ("cp1252",):
        try:
            return text.decode(encoding)
        except UnicodeDecodeError:
            continue
    return text.decode("latin-1")


def _read_aiff(file: BinaryIO) -> ChunkTags:
    found = ChunkTags()
    for name, size in _iterate_chunks(file, 12, ">4sI", False, 2):
        if name in AIFF:
            text = file.read(min(size, TEXT_BYTES)).split(b"\0")[0]
            try:
                found.texts.setdefault(AIFF[name], text.decode("utf-8"))
            except UnicodeDecodeError:  # AIFF dates from the classic Macintosh
                found.texts.setdefault(AIFF[name], text.decode("mac-roman"))
        elif name in (b"ID3 ", b"id3 "):
            found.id3 = found.id3 or file.read(min(size, ID3_BYTES))
    return found


def _read_caf(file: BinaryIO) -> ChunkTags:
    found = ChunkTags()
    for name, size in _iterate_chunks(file, 8, ">4sq", False, 1):
        if size < 0:  # data up to the end of the file
            break
        if name == b"info":
            words = file.read(min(size, TEXT_BYTES))[4:].decode("utf-8", "replace").split("\0")
            found.texts |= _to_names(dict(zip(words[::2], words[1::2], strict=False)))
    return found


def _to_names(texts: Mapping[str, str]) -> dict[str, str]:
    return {CAF[key.lower()]: text for key, text in texts.items() if key.lower() in CAF}


def _read_w64(file: BinaryIO) -> ChunkTags:
    found = ChunkTags()
    for name, size in _iterate_chunks(file, 40, "<16sQ", True, 8):
        if name == W64_SUMMARY:
            content = file.read(min(size, TEXT_BYTES))
            at = 4  # behind their count
            while at + 8 <= len(content):
                key, length = struct.unpack_from("<4sI", content, at)
                if known := INFO.get(key):
                    text = content[at + 8 : at + 8 + length].decode("utf-16-le", "replace")
                    found.texts.setdefault(known, text.split("\0")[0])
                at += 8 + length
    return found
