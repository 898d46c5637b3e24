"""Standard MIDI file events: a tolerant parser of a track's bytes.

Running status continues across metas and system exclusives; messages that do not belong in a file (clock, song
position) are skipped. A track that breaks off, or whose bytes are invalid from some point on, is read up to there.
"""

from __future__ import annotations

from typing import NamedTuple

from bridge.core.midi import DATA_BYTES, SONG_POSITION, SYSTEM

META, SYSEX, ESCAPE = 0xFF, SYSTEM, 0xF7
END = 0x2F
"""The meta that ends a track."""
SYSTEM_BYTES = {0xF1: 1, SONG_POSITION: 2, 0xF3: 1}
"""Data bytes of system messages; none for those that are not listed."""


class Event(NamedTuple):
    """``tick``: from the track's start, in the file's division. ``status``: META, or a channel message's first byte.

    ``kind``: a meta's type, else 0. ``data``: the data bytes; those of channel messages are below 128.
    """

    tick: int
    status: int
    kind: int
    data: bytes

    @property
    def channel(self) -> int:
        """From 0."""
        return self.status & 0x0F


def parse_events(data: bytes) -> tuple[list[Event], bool]:
    """The events in a track's bytes, and whether it is complete: ends with an end-of-track meta or its last event."""
    events: list[Event] = []
    at, tick, running = 0, 0, 0
    while at < len(data):
        delta, at = _read_variable(data, at)
        tick += delta
        if at >= len(data):
            return events, delta == 0
        status = data[at]
        if status == META:
            if at + 1 >= len(data):
                return events, False
            kind = data[at + 1]
            length, at = _read_variable(data, at + 2)
            if at + length > len(data):
                return events, kind == END
            events.append(Event(tick, META, kind, data[at : at + length]))
            at += length
            if kind == END:
                return events, True
        elif status in (SYSEX, ESCAPE):
            length, at = _read_variable(data, at + 1)
            at += length
        elif status > SYSEX:
            at += 1 + SYSTEM_BYTES.get(status, 0)
        else:
            if status >= 0x80:
                running = status
                at += 1
            size = DATA_BYTES.get(running & 0xF0, 0)
            if not size or at + size > len(data):
                return events, False
            events.append(Event(tick, running, 0, bytes(min(byte, 0x7F) for byte in data[at : at + size])))
            at += size
    return events, at == len(data)


def _read_variable(data: bytes, at: int) -> tuple[int, int]:
    """The variable-length number at ``at``, and where it ends: the data's end where it is cut off."""
    value = 0
    while at < len(data):
        byte = data[at]
        value = (value << 7 | byte & 0x7F) & 0xFFFFFFF
        at += 1
        if byte < 0x80:
            break
    return value, at
