"""What is played within one beat, by style: a table, no code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stroke:
    """A note or chord from ``start`` to ``end`` in beats after the beat's start, ``end`` below 1."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Style:
    """``fifth``: on every other beat the bass takes the chord's fifth."""

    name: str
    bass: Stroke
    chords: Stroke
    fifth: bool = False


STYLES: tuple[Style, ...] = (
    Style("pulse", Stroke(0.0, 0.8), Stroke(0.0, 0.7)),
    Style("offbeat", Stroke(0.0, 0.8), Stroke(0.5, 0.85)),
    Style("alternating", Stroke(0.0, 0.6), Stroke(0.5, 0.85), fifth=True),
    Style("sustained", Stroke(0.0, 0.95), Stroke(0.0, 0.95)),
)
