"""Meta event parser for standard MIDI files: values of tempo, metre, key and texts; None where they are invalid."""

from __future__ import annotations

from engines.offline.smf.events import META, Event

TEXT, TRACK_NAME, MARKER = 0x01, 0x03, 0x06
SET_TEMPO, TIME_SIGNATURE, KEY_SIGNATURE = 0x51, 0x58, 0x59
SLOWEST_BPM, FASTEST_BPM = 5.0, 999.0
"""Tempi of DAWs in quarter notes a minute (Live 20 to 999, Logic 5 to 990, Reaper 1 to 960). Others are errors."""
MAX_DENOMINATOR_POWER = 6
"""Power of two of the finest note value of a time signature, a 64th."""
MOST_SHARPS = 7


def parse_tempo(event: Event) -> int | None:
    """Microseconds a quarter note."""
    if event.status != META or event.kind != SET_TEMPO or len(event.data) < 3:
        return None
    tempo = int.from_bytes(event.data[:3], "big")
    return tempo if is_tempo(tempo) else None


def is_tempo(tempo_us: int) -> bool:
    """Whether so many microseconds a quarter note are a tempo of music."""
    return 60e6 / FASTEST_BPM <= tempo_us <= 60e6 / SLOWEST_BPM


def parse_metre(event: Event) -> tuple[int, int] | None:
    """Numerator and denominator of a time signature."""
    if event.status != META or event.kind != TIME_SIGNATURE or len(event.data) < 2:
        return None
    numerator, power = event.data[:2]
    return (numerator, 1 << power) if numerator and power <= MAX_DENOMINATOR_POWER else None


def parse_key(event: Event) -> tuple[int, bool] | None:
    """Tonic (0 is C) and whether it is minor."""
    if event.status != META or event.kind != KEY_SIGNATURE or len(event.data) < 2:
        return None
    sharps, minor = int.from_bytes(event.data[:1], "big", signed=True), event.data[1]
    if abs(sharps) > MOST_SHARPS or minor > 1:
        return None
    return (7 * sharps + 9 * minor) % 12, bool(minor)


def parse_text(event: Event, *kinds: int) -> str | None:
    """The text of an event of one of ``kinds``, as UTF-8 where it is that, else as Latin-1; None where it is empty."""
    if event.status != META or event.kind not in kinds:
        return None
    try:
        text = event.data.decode("utf-8")
    except UnicodeDecodeError:
        text = event.data.decode("latin-1")
    return text.strip("\0 \t\r\n\ufeff") or None


def describe_slip(event: Event) -> str | None:
    """Describe a tempo, metre or key event whose value is impossible; None for all other events."""
    if event.status != META:
        return None
    if event.kind == SET_TEMPO and parse_tempo(event) is None:
        return f"a tempo of {int.from_bytes(event.data[:3], 'big')} us" if len(event.data) > 2 else "a tempo cut short"
    if event.kind == TIME_SIGNATURE and parse_metre(event) is None:
        return f"a metre of {event.data[0]}/2^{event.data[1]}" if len(event.data) > 1 else "a metre cut short"
    if event.kind == KEY_SIGNATURE and parse_key(event) is None:
        sharps = int.from_bytes(event.data[:1], "big", signed=True)
        return f"a key of {sharps} sharps" if len(event.data) > 1 else "a key cut short"
    return None
