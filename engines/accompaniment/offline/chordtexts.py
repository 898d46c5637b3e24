"""Chord tracks of MIDI files: texts that name chords, distinguished from lyrics, rehearsal letters and credits.

A track's texts name chords where nearly all of them are chord symbols, and the notes do not say otherwise. Only text
events count: lyrics, markers, cues, copyrights, track and instrument names never do. How much the notes have to agree
depends on how plainly it is a chord track:

- not at all, where the band wrote it (the first track is called "Sideman: ..."),
- by LEAST_PLAIN, where there are a few symbols on beats, and some are more than a letter,
- by LEAST_NAMED, where the track is called "chords" (in some languages),
- by MIN_CHORD_SHARE, elsewhere: a letter or two may be anything.

Agreement is the share of what sounds that belongs to the chords named, against the same share for the chords that
the notes themselves make likeliest. Where there are no notes to ask, rehearsal letters (A, B, C in order) are none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from bridge.core.events import Chord
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.chord_symbol import has_ambiguous_b, parse_chord
from engines.accompaniment.harmony.chord_recognition import TickNote, measure_pitch_classes
from engines.accompaniment.score import NO_CHORD
from engines.offline.smf.metas import TEXT, TRACK_NAME, parse_text
from engines.offline.smf.reading import MidiTrackEvents, Smf

LEAST_PLAIN, LEAST_NAMED, MIN_CHORD_SHARE = 0.4, 0.5, 0.85
MOST_WORDS = 0.1
"""A chord track has no more words than so many a chord; what stands within its first beat is a title or credit."""
MIN_TEXTS, FEWEST_KINDS, MORE_THAN_LETTERS, ON_BEATS = 4, 2, 0.25, 0.8
"""Of a plain chord track: texts, different ones, the share that is more than a letter, the share that is on beats."""
NEAR_TICKS = TICKS_PER_BEAT // 8
MIN_COVERED_SHARE = 0.5
"""Texts that are not plainly chords name one for so much of what sounds."""
OURS = "Sideman:"
_NAMED = re.compile(r"\b(?:chords?|akkorde?|accords?|acordes?|accordi)\b", re.IGNORECASE)
KARAOKE = "@"
"""What headings in karaoke files begin with."""


class NamedChord(NamedTuple):
    """``symbol``: as it is written."""

    tick: int
    symbol: str
    chord: Chord


@dataclass(frozen=True, slots=True)
class ChordTrack:
    """A track in whose texts chords are named. ``number``: from 1. ``words``: how many texts are no chords.

    ``end``: its last tick. ``least``: how far the notes have to agree.
    """

    number: int
    symbols: tuple[NamedChord, ...]
    words: int
    end: int
    least: float

    @property
    def is_certain(self) -> bool:
        """Whether it looks like a chord track, whatever the notes say."""
        return self.least < MIN_CHORD_SHARE and self.words <= MOST_WORDS * len(self.symbols)


def find_chord_tracks(smf: Smf) -> list[ChordTrack]:
    """The tracks with chord symbols among their texts, but those of karaoke, and where B is either of two notes."""
    ours = any(name.startswith(OURS) for name in _read_names(smf.tracks[0])[:1])
    found = []
    for number, track in enumerate(smf.tracks, 1):
        texts = [(event.tick, text) for event in track if (text := parse_text(event, TEXT)) is not None]
        symbols = tuple(
            NamedChord(tick, text, chord) for tick, text in texts if (chord := parse_chord(text)) is not None
        )
        if not symbols or any(text.startswith(KARAOKE) for _, text in texts):
            continue
        if has_ambiguous_b(symbol.symbol for symbol in symbols):
            continue
        words = sum(tick >= TICKS_PER_BEAT and parse_chord(text) is None for tick, text in texts)
        named = any(_NAMED.search(name) for name in _read_names(track))
        least = 0.0 if ours else LEAST_PLAIN if _is_plain(symbols) else LEAST_NAMED if named else MIN_CHORD_SHARE
        found.append(ChordTrack(number, symbols, words, track[-1].tick, least))
    return found


def read_chord_texts(
    tracks: Sequence[ChordTrack], beats: Sequence[int], notes: Sequence[TickNote], of_notes: Sequence[Chord]
) -> tuple[list[Chord] | None, list[str]]:  # fmt: skip
    """A chord for each beat by the texts, None where the notes are to say it; and what the user should know of that.

    ``beats``: ticks, the last where the last beat ends. ``notes``: those with a pitch, and their likeliest chords.
    """
    kept: list[NamedChord] = []
    remarks = []
    for track in tracks:
        if track.words > MOST_WORDS * len(track.symbols):
            if track.least < MIN_CHORD_SHARE and track.words <= len(track.symbols):
                remarks.append(
                    f"track {track.number}: {track.words} of its texts are no chords, so none is taken for one"
                )
        elif _has_agreement(track, beats, notes, of_notes):
            kept += track.symbols
        elif track.is_certain:
            remarks.append(f"track {track.number}: its chord symbols do not fit the notes, which count")
    kept.sort(key=lambda symbol: symbol.tick)
    return _assign_to_beats(kept, beats) if kept else None, remarks


def _read_names(track: MidiTrackEvents) -> list[str]:
    return [text for event in track if (text := parse_text(event, TRACK_NAME)) is not None]


def _has_agreement(
    track: ChordTrack, beats: Sequence[int], notes: Sequence[TickNote], of_notes: Sequence[Chord]
) -> bool:  # fmt: skip
    """Whether the notes agree that the track's symbols are chords."""
    if not notes:
        return not track.least or not _are_letters(track.symbols)
    sounding = measure_pitch_classes(notes, beats)
    chords = _assign_to_beats(track.symbols, beats)
    asked = np.array([chord.root >= 0 for chord in chords])
    if track.least == MIN_CHORD_SHARE and sounding[asked].sum() < MIN_COVERED_SHARE * sounding.sum():
        return False
    return _sum_inside(sounding, chords, asked) >= track.least * _sum_inside(sounding, of_notes, asked)


def _sum_inside(sounding: Float64Array, chords: Sequence[Chord], asked: NDArray[np.bool_]) -> float:
    """How much of what is ``sounding``, shape (beats, 12), in the beats ``asked`` belongs to their chords."""
    belongs = np.zeros(sounding.shape)
    for beat, chord in enumerate(chords):
        belongs[beat, list(chord.pitch_classes)] = 1.0
    return float((sounding * belongs)[asked].sum())


def _is_plain(symbols: Sequence[NamedChord]) -> bool:
    """Whether these can hardly be anything but chords."""
    if len(symbols) < MIN_TEXTS or len({symbol.chord for symbol in symbols}) < FEWEST_KINDS:
        return False
    longer = sum(len(symbol.symbol) > 1 for symbol in symbols)
    placed = sum((symbol.tick + NEAR_TICKS) % TICKS_PER_BEAT <= 2 * NEAR_TICKS for symbol in symbols)
    return longer >= MORE_THAN_LETTERS * len(symbols) and placed >= ON_BEATS * len(symbols)


def _are_letters(symbols: Sequence[NamedChord]) -> bool:
    """Whether these are rehearsal letters: each new one the next of the alphabet, from A."""
    different = list(dict.fromkeys(symbol.symbol for symbol in symbols))
    return len(different) > 1 and different == [chr(ord("A") + place) for place in range(len(different))]


def _assign_to_beats(symbols: Sequence[NamedChord], beats: Sequence[int]) -> list[Chord]:
    """The last chord named until half of each beat is over: what is named between beats counts from the nearest."""
    ticks = [symbol.tick for symbol in symbols]
    found = []
    for beat in beats[:-1]:
        place = bisect_right(ticks, beat + TICKS_PER_BEAT // 2 - 1)
        found.append(symbols[place - 1].chord if place else NO_CHORD)
    return found
