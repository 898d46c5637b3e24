"""Timeline of a Reaper project: tempo envelope, sections as regions, chords as markers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from export.reaper.rpp_text import RppBlock, format_number, make_guid, quote
from export.session.session import Session, TimeSignature

SQUARE = 1
"""Shape of a tempo point: the tempo holds until the next point."""
SETS_SIGNATURE, ALLOWS_PARTIAL_BAR = 1, 4
"""Flags of a point with a time signature. Without the second, Reaper moves the point to the next bar line."""
MARKER_KIND, REGION_KIND = 0, 1


def format_tempo(session: Session) -> str:
    """The line of tempo and time signature with which the project begins."""
    metre = session.metres[0]
    return f"TEMPO {format_number(session.tempi[0].bpm)} {metre.numerator} {metre.denominator} 0"


def make_tempo_envelope(session: Session) -> RppBlock:
    """A point wherever tempo or time signature change, at its time in seconds.

    A tempo is in quarter notes a minute whatever the time signature (``TimeMap_GetDividedBpmAtTime`` of Reaper's API:
    "the effective BPM", twice that in /8). The packed time signature is 65536 · denominator + numerator.
    """
    metres = {metre.tick: metre for metre in session.metres}
    partial = set(_find_partial_bars(session.metres))
    points = []
    bpm = session.tempi[0].bpm
    tempi = {point.tick: point.bpm for point in session.tempi}
    for tick in sorted({*tempi, *metres}):
        bpm = tempi.get(tick, bpm)
        point = f"PT {format_number(session.to_seconds(tick))} {format_number(bpm)} {SQUARE}"
        if metre := metres.get(tick):
            flags = SETS_SIGNATURE | (ALLOWS_PARTIAL_BAR if tick in partial else 0)
            point += f" {(metre.denominator << 16) + metre.numerator} 0 {flags}"
        points.append(point)
    return RppBlock("TEMPOENVEX", ("ACT 1 -1", "VIS 1 0 1", "LANEHEIGHT 0 0", "ARM 0", "DEFSHAPE 1 -1 -1", *points))


def list_markers(session: Session) -> Iterator[str]:
    """Regions from each section to the next, the last to the end of the song; then the chords."""
    song_end_s, end_s = session.frames / session.rate, session.to_seconds(session.end_tick)
    for number, section in enumerate(session.sections, 1):
        start_s = session.to_seconds(section.tick)
        later = (session.to_seconds(other.tick) for other in session.sections if other.tick > section.tick)
        stop_s = next(later, song_end_s if start_s < song_end_s else end_s)
        yield _format_marker(number, start_s, section.name, REGION_KIND, make_guid(session.name, f"region {number}"))
        yield f'MARKER {number} {format_number(stop_s)} "" {REGION_KIND}'
    for number, chord in enumerate(session.chords, 1):
        time_s = session.to_seconds(chord.tick)
        yield _format_marker(number, time_s, chord.name, MARKER_KIND, make_guid(session.name, f"marker {number}"))


def _format_marker(number: int, time_s: float, name: str, kind: int, guid: str) -> str:
    return f"MARKER {number} {format_number(time_s)} {quote(name)} {kind} 0 1 B {guid} 0"


def _find_partial_bars(metres: Sequence[TimeSignature]) -> Iterator[int]:
    """Ticks of time signatures that come before the bar of the last one is complete."""
    return (after.tick for metre, after in pairwise(metres) if (after.tick - metre.tick) % metre.bar_ticks)
