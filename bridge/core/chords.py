"""Chord vocabulary: the qualities that Sideman distinguishes, with their notes, scale and spellings.

All that knows qualities derives from QUALITIES: events, the chord symbol reader, recognition from notes and from held
keys, templates, the bass line, Harte labels, and the widths of the networks. Chords are also numbered as states:
``quality * 12 + root``, and NO_CHORD_STATE for none. docs/chords.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PITCH_CLASSES = 12
MINOR_THIRD, MAJOR_THIRD = 3, 4


@dataclass(frozen=True, slots=True)
class ChordQuality:
    """A chord quality.

    Attributes:
        name: The name in words.
        suffix: The text that is displayed after the root.
        intervals: The notes in semitones above the root, ascending, below 12.
        scale: The notes from which passing notes of the bass are taken, in the same way.
        harte: The shorthand of Harte et al. 2005.
        spellings: The usual texts after the root in a chord symbol, including the suffix. The symbol reader composes
            others.
        root_is_lowest: The same notes name chords with several roots; the lowest note is the root.
    """

    name: str
    suffix: str
    intervals: tuple[int, ...]
    scale: tuple[int, ...]
    harte: str
    spellings: tuple[str, ...]
    root_is_lowest: bool = False

    @property
    def has_minor_third(self) -> bool:
        """Whether the quality contains a minor third."""
        return MINOR_THIRD in self.intervals


QUALITIES: tuple[ChordQuality, ...] = (
    ChordQuality("major", "", (0, 4, 7), (0, 2, 4, 5, 7, 9), "maj", ("", "M", "maj", "major")),
    ChordQuality("minor", "m", (0, 3, 7), (0, 2, 3, 5, 7, 10), "min", ("m", "-", "mi", "min", "minor")),
    ChordQuality("dominant seventh", "7", (0, 4, 7, 10), (0, 2, 4, 5, 7, 9, 10), "7", ("7", "dom7")),
    ChordQuality(
        "major seventh", "maj7", (0, 4, 7, 11), (0, 2, 4, 5, 7, 9, 11), "maj7",
        ("maj7", "M7", "ma7", "7M", "Δ", "Δ7", "^7", "j7"),
    ),
    ChordQuality(
        "minor seventh", "m7", (0, 3, 7, 10), (0, 2, 3, 5, 7, 9, 10), "min7", ("m7", "-7", "mi7", "min7"),
    ),
    ChordQuality("diminished", "dim", (0, 3, 6), (0, 2, 3, 5, 6, 8, 9), "dim", ("dim", "°", "o", "mb5", "m(b5)")),
    ChordQuality("augmented", "aug", (0, 4, 8), (0, 2, 4, 6, 8, 10), "aug", ("aug", "+", "(#5)"), True),
    ChordQuality("suspended fourth", "sus4", (0, 5, 7), (0, 2, 5, 7, 9, 10), "sus4", ("sus4", "sus"), True),
)  # fmt: skip
"""By number. Events, networks and training data hold the numbers: append, and never move or remove one."""

MAJOR, MINOR = QUALITIES[:2]
"""The plain triads: recognition prefers them to qualities that are rarer or have more notes."""

NO_CHORD_STATE = PITCH_CLASSES * len(QUALITIES)
"""The state in which no chord sounds."""

QUALITY_NUMBERS: Mapping[str, int] = {quality.suffix: number for number, quality in enumerate(QUALITIES)}
"""The number of each quality, by its suffix."""
SPELLINGS: Mapping[str, int] = {
    spelling: number for number, quality in enumerate(QUALITIES) for spelling in quality.spellings
}
"""The number of the quality that each spelling means."""
_BY_INTERVALS = {frozenset(quality.intervals): number for number, quality in enumerate(QUALITIES)}


def find_intervals(intervals: frozenset[int]) -> int | None:
    """The number of the quality that has these notes, in semitones above the root; None where there is none."""
    return _BY_INTERVALS.get(intervals)


def find_nearest_quality(third: int, fifth: int, seventh: int | None) -> int | None:
    """The number of the quality with this third (or second or fourth), fifth and seventh, in semitones above the root.

    Where no quality has the seventh, the one without it is returned.
    """
    triad = frozenset({0, third, fifth})
    whole = find_intervals(triad | {seventh}) if seventh is not None else None
    return find_intervals(triad) if whole is None else whole
