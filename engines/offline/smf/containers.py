"""Standard MIDI file container: the header and the bytes of each track, alone or in RIFF (RMID).

Chunks of other kinds are skipped, before, between and after the tracks, as the specification says. Lengths are trusted
where another chunk or the file's end follows; else a track ends where the next one begins.
"""

from __future__ import annotations

from dataclasses import dataclass

HEADER, TRACK = b"MThd", b"MTrk"
RIFF = (b"RIFF", b"RIFX")
RMID = b"RMID"
PREFIX_BYTES = 12
"""Bytes of a file that `is_smf` needs."""
CHUNK_HEAD_BYTES, HEADER_BYTES = 8, 6
END_OF_TRACK = b"\xff\x2f\x00"


@dataclass(frozen=True, slots=True)
class Container:
    """``format``: 0, 1 or 2. ``division``: as written, ticks a quarter note or, from 0x8000 on, SMPTE time.

    ``tracks``: their bytes. ``remarks``: faults of the file that were skipped.
    """

    format: int
    division: int
    tracks: tuple[bytes, ...]
    remarks: tuple[str, ...]


def is_smf(prefix: bytes) -> bool:
    """Whether the content of a file that begins with ``prefix`` (PREFIX_BYTES) is MIDI."""
    return prefix.startswith(HEADER) or (prefix.startswith(RIFF) and prefix[8:12] == RMID)


def open_container(data: bytes) -> Container:
    """Parse the file ``data``. Raises: ValueError, with the reason, where there is no header."""
    at = data.find(HEADER)
    if at < 0 or len(data) < at + CHUNK_HEAD_BYTES + HEADER_BYTES:
        raise ValueError("it has no MIDI header" if at < 0 else "its header is cut off")
    end = len(data)
    if data.startswith(RIFF) and at >= CHUNK_HEAD_BYTES and data[at - 8 : at - 4] == b"data":
        size = int.from_bytes(data[at - 4 : at], "little" if data.startswith(b"RIFF") else "big")
        end = at + size if HEADER_BYTES < size <= end - at else end
    fields = data[at + CHUNK_HEAD_BYTES : at + CHUNK_HEAD_BYTES + HEADER_BYTES]
    kind, count, division = (int.from_bytes(fields[place : place + 2], "big") for place in (0, 2, 4))
    remarks: list[str] = []
    first = at + CHUNK_HEAD_BYTES + int.from_bytes(data[at + 4 : at + 8], "big")
    if first < at + CHUNK_HEAD_BYTES + HEADER_BYTES or not _begins_chunk(data, first, end):
        first = data.find(TRACK, at, end)
        first = end if first < 0 else first
    tracks = _find_tracks(data, first, end, remarks)
    if len(tracks) != count:
        remarks.append(f"the header says {count} tracks, {len(tracks)} are there")
    return Container(kind, division, tuple(tracks), tuple(remarks))


def _find_tracks(data: bytes, at: int, end: int, remarks: list[str]) -> list[bytes]:
    """The bytes of each track from ``at`` to ``end``."""
    tracks: list[bytes] = []
    while at + CHUNK_HEAD_BYTES <= end:
        kind, start = data[at : at + 4], at + CHUNK_HEAD_BYTES
        if kind == HEADER:
            remarks.append("another MIDI file follows behind the first and is not read")
            break
        after = start + int.from_bytes(data[at + 4 : start], "big")
        if not _begins_chunk(data, after, end):
            padded = data[after : after + 1] == b"\0" and _begins_chunk(data, after + 1, end)
            found = after + 1 if padded else data.find(TRACK, start, end)
            if kind == TRACK and not padded:
                cut = found < 0 and after > end
                what = "the file ends before track {} does" if cut else "track {} has a wrong length"
                remarks.append(what.format(len(tracks) + 1))
            after = end if found < 0 else found
        if kind == TRACK:
            tracks.append(data[start:after])
        at = after
    return tracks


def _begins_chunk(data: bytes, at: int, end: int) -> bool:
    """Whether a chunk begins at ``at``, or the file ends there."""
    if at >= end - CHUNK_HEAD_BYTES:
        return at == end or (at < end and data[at - 3 : at] == END_OF_TRACK)
    kind = data[at : at + 4]
    fits = at + CHUNK_HEAD_BYTES + int.from_bytes(data[at + 4 : at + 8], "big") <= end
    return kind == TRACK or (fits and all(0x20 <= byte < 0x7F for byte in kind))
