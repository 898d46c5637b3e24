"""Harmony measures: how the notes fit the true chords. All parts but the drums count, wherever a chord is known.

Time is in beats, so a long note weighs more than a short one.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from research.accompaniment.evaluation.playing import PlayedNote, select_pitched
from research.accompaniment.songs import AnnotatedSong, ChordSegment

EARLY_BEATS, LATE_BEATS = 0.1, 0.5
"""A bass note that begins so many beats before a chord does, or after, is the one that stands on it."""
MIN_RIGHT_SHARE = 0.65
"""A bar whose harmony is right: so much of the time in the true chord, which is what is aimed at for live playing."""
WITHIN_BARS = 2
MOST_BARS = 8
"""What a modulation that is not found counts."""


@dataclass(frozen=True, slots=True)
class NoteSegment:
    """A note of ``part`` over one chord, from ``start`` to ``end``; ``first``: in that chord's first beat.

    ``inside``: it is one of the chord's notes. ``clashes``: it is not, and lies a semitone from one.
    """

    part: str
    start: float
    end: float
    first: bool
    inside: bool
    clashes: bool

    @property
    def beats(self) -> float:
        return self.end - self.start


def cut_notes(song: AnnotatedSong, sounds: Sequence[PlayedNote]) -> list[NoteSegment]:
    """The notes, cut where a chord begins or has lasted a beat."""
    starts = [span.beat for span in song.spans]
    found: list[NoteSegment] = []
    for sound in select_pitched(sounds):
        number = max(bisect_right(starts, sound.start) - 1, 0)
        for span in song.spans[number:]:
            if span.beat >= sound.end:
                break
            if span.classes:
                found += _cut_at_chord(sound, span)
    return found


def _cut_at_chord(sound: PlayedNote, span: ChordSegment) -> Iterator[NoteSegment]:
    pitch_class = sound.pitch % 12
    inside = pitch_class in span.classes
    clashes = not inside and bool({(pitch_class + 1) % 12, (pitch_class - 1) % 12} & span.classes)
    middle = min(span.beat + 1.0, span.end)
    for begins, ends, first in ((span.beat, middle, True), (middle, span.end, False)):
        start, end = max(sound.start, begins), min(sound.end, ends)
        if end > start:
            yield NoteSegment(sound.part, start, end, first, inside, clashes)


def compute_share(found: Iterable[NoteSegment], which: Callable[[NoteSegment], bool]) -> float:
    """How much of the time of ``found`` is ``which``; NaN of nothing."""
    total = right = 0.0
    for piece in found:
        total += piece.beats
        right += piece.beats * which(piece)
    return right / total if total else math.nan


def measure_in_chord(found: Iterable[NoteSegment]) -> float:
    """The share of the sounding time of all notes in which they are notes of the true chord: the chord tone ratio of
    melody harmonisation (Yeh et al., "Automatic melody harmonization with triad chords", JNMR 2021), by time and with
    every note of the written chord, sevenths and ninths as well."""
    return compute_share(found, lambda piece: piece.inside)


def measure_clash(found: Iterable[NoteSegment]) -> float:
    """The share of the sounding time in which a note is none of the true chord's and lies a semitone, at any octave,
    from one that is: a minor second, a major seventh or a minor ninth against the chord."""
    return compute_share(found, lambda piece: piece.clashes)


def measure_roots_at_changes(song: AnnotatedSong, sounds: Sequence[PlayedNote]) -> float:
    """Of the chords whose root is not that of the chord before, the share upon which the bass stands on the root, or on
    the note that the chord has in the bass. The bass: what begins with the chord (EARLY_BEATS, LATE_BEATS), else what
    sounds then; where no part is called bass the lowest note. NaN where no root changes."""
    line = [sound for sound in sounds if sound.part == "bass"] or select_pitched(sounds)
    hits = [_is_on_root(span, line) for span in list_root_changes(song)]
    return sum(hits) / len(hits) if hits else math.nan


def list_root_changes(song: AnnotatedSong) -> list[ChordSegment]:
    """The chords whose root is another than that of the one before, from the second bar on."""
    known = [span for span in song.spans if span.root >= 0 and span.beat < song.beats]
    return [now for before, now in pairwise(known) if before.root != now.root and now.beat >= song.bar_beats]


def _is_on_root(span: ChordSegment, line: Sequence[PlayedNote]) -> bool:
    struck = [sound for sound in line if span.beat - EARLY_BEATS <= sound.start < span.beat + LATE_BEATS]
    if struck:
        first = min(sound.start for sound in struck)
        there = [sound.pitch for sound in struck if sound.start < first + EARLY_BEATS]
    else:
        there = [sound.pitch for sound in line if sound.start < span.beat and sound.end > span.beat + LATE_BEATS]
    return bool(there) and min(there) % 12 in (span.root, span.bass)


def count_silent_bars(song: AnnotatedSong, sounds: Sequence[PlayedNote], from_beat: float = 0.0) -> int:
    """Whole bars from ``from_beat`` on in which no part sounds, the drums included, though a chord is known through
    all of it. Nobody asked for silence, so none is meant."""
    count = 0
    for bar in range(song.bars):
        start, end = bar * song.bar_beats, (bar + 1) * song.bar_beats
        if start < from_beat:
            continue
        covered = sum(max(min(span.end, end) - max(span.beat, start), 0.0) for span in song.spans)
        if covered > song.bar_beats - 0.01:
            count += not any(sound.start < end and sound.end > start for sound in sounds)
    return count


def judge_bars(song: AnnotatedSong, found: Sequence[NoteSegment]) -> list[bool]:
    """Of each bar whether its harmony is right (MIN_RIGHT_SHARE); a bar in which nothing is played is not."""
    bars: list[list[NoteSegment]] = [[] for _ in range(song.bars)]
    for piece in found:
        if (bar := int(piece.start // song.bar_beats)) < song.bars:
            bars[bar].append(piece)
    return [measure_in_chord(bar) >= MIN_RIGHT_SHARE for bar in bars]


def count_bars_until_right(song: AnnotatedSong, found: Sequence[NoteSegment]) -> list[int]:
    """For each modulation the number of bars that pass until a bar is right: 0 where that is the first bar of the new
    key, MOST_BARS where it takes so long or longer, or the song ends or modulates again before."""
    right = judge_bars(song, found)
    counts = []
    for bar, end in pairwise([*song.modulations, song.bars]):
        after = right[bar : min(end, bar + MOST_BARS)]
        counts.append(after.index(True) if True in after else MOST_BARS)
    return counts


def measure_right_after(song: AnnotatedSong, found: Sequence[NoteSegment]) -> float:
    """Of the song's modulations the share after which WITHIN_BARS bars at most pass until one is right."""
    counts = count_bars_until_right(song, found)
    return sum(count <= WITHIN_BARS for count in counts) / len(counts) if counts else math.nan
