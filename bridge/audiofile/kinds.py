"""File type detection: from a file's first bytes, not from its name."""

from __future__ import annotations

from bridge.audiofile.window import Window

HEAD_BYTES = 64
_ID3_HEAD = 10
_MOST_TAGS = 16
W64_RIFF = bytes.fromhex("72696666 2e91cf11 a5d628db 04c10000".replace(" ", ""))

OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"MThd", "a MIDI file"),
    (8, b"RMID", "a MIDI file in a RIFF wrapper (RMID)"),
    (8, b"sfbk", "a SoundFont"),
    (8, b"DLS ", "a DLS sound bank"),
    (8, b"AVI ", "a video (AVI)"),
    (8, b"WEBP", "a picture (WebP)"),
    (4, b"ftyp", "an MP4 file (M4A, AAC or video)"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a WMA file"),
    (0, b"wvpk", "a WavPack file"),
    (0, b"MAC ", "a Monkey's Audio file"),
    (0, b"MPCK", "a Musepack file"),
    (0, b"MP+", "a Musepack file"),
    (0, b"TTA1", "a TTA file"),
    (0, b"DSD ", "a DSD file"),
    (0, b"FRM8", "a DSD file"),
    (0, b"#!AMR", "an AMR file"),
    (0, b"FLV\x01", "a video (FLV)"),
    (0, b"\x89PNG", "a picture (PNG)"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)"),
    (0, b"GIF8", "a picture (GIF)"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive, or a project in one"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<!doctype", "a web page"),
    (0, b"<html", "a web page"),
    (0, b"#EXTM3U", "a playlist"),
    (0, b"[playlist]", "a playlist"),
    (0, b"SQLite format 3", "a database"),
    (0, b"\x7fELF", "a program"),
)
"""Offset, magic bytes and description of files that people mistake for songs, or name like them."""


def find_beginning(window: Window) -> int:
    """Find where the file begins, after leading ID3 tags; FLAC and WAV may have them too."""
    at = 0
    for _ in range(_MOST_TAGS):
        size = parse_id3_size(window.read_at(at, _ID3_HEAD))
        if not size or at + size >= window.size:
            break
        at += size
    return at


def parse_id3_size(head: bytes) -> int:
    """Parse the total size of the ID3v2 tag with header ``head`` (10 bytes); 0 where it is none."""
    if len(head) < _ID3_HEAD or head[:3] != b"ID3" or head[3] == 0xFF or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return size + _ID3_HEAD + (_ID3_HEAD if head[5] & 0x10 else 0)


def detect_kind(head: bytes) -> str:
    """Detect the kind of a file from its ``head``: wav, w64, aiff, caf, au, flac, ogg; empty where it is unknown."""
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:16] == W64_RIFF:
        return "w64"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    return {b"caff": "caf", b".snd": "au", b"dns.": "au", b"fLaC": "flac", b"OggS": "ogg"}.get(head[:4], "")


def detect_other_kind(head: bytes) -> str:
    """Describe a file that cannot be read as audio, from its ``head``; empty where it is unknown."""
    if head[:1] == b"\xff" and head[1:2] and head[1] & 0xF6 == 0xF0:
        return "an AAC file"
    return next((what for at, mark, what in OTHERS if head[at : at + len(mark)] == mark), "")
