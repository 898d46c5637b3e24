"""Registers: keys, pad and guitar have each its own, in every shipped style and in any that a user writes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bridge.core.chords import QUALITIES
from bridge.core.events import Chord
from engines.accompaniment.parts.voicings import find_voicing
from engines.accompaniment.registers import NARROWEST_SEMITONES, share_registers
from engines.accompaniment.style import MIN_RANGE_SEMITONES
from tests.engines.accompaniment.playing import CHORDS, LOOSE, STYLES, join_bars, make_song_at, play, style

MOST_UNISON = 0.15
GUITARS, GUITAR_HIGHEST = range(24, 32), 86
"""General MIDI programs, and the 22nd fret of the highest string."""
ranges = st.tuples(st.integers(28, 72), st.integers(MIN_RANGE_SEMITONES, 36)).map(lambda one: (one[0], sum(one)))


@pytest.mark.parametrize("name", STYLES)
def test_hardly_a_note_of_keys_pad_and_guitar_is_doubled(name: str) -> None:
    """Of all notes, those that another of the parts sounds at the same time."""
    doubled = total = 0
    for seed, level in enumerate((0.2, 0.5, 0.9)):
        bars = make_song_at(level)
        parts = [join_bars(play(name, part, replace(LOOSE, seed=seed), bars), bars) for part in CHORDS]
        total += sum(len(part) for part in parts)
        for one, other in combinations(parts, 2):
            shared = sorted({note.pitch for note in one} & {note.pitch for note in other})
            for pitch in shared:
                both = [[note for note in part if note.pitch == pitch] for part in (one, other)]
                doubled += 2 * sum(a.tick < b.end and b.tick < a.end for a in both[0] for b in both[1])
    assert total
    assert doubled / total <= MOST_UNISON


@pytest.mark.parametrize("name", STYLES)
def test_a_register_has_room_for_chords_and_an_instrument_that_reaches_it(name: str) -> None:
    for part in (style(name).parts[each] for each in CHORDS):
        chords = [Chord(root, quality, root, 1.0) for root in range(12) for quality in range(len(QUALITIES))]
        sizes = [len(find_voicing(chord, part.voices, part.low, part.high, ())) for chord in chords]
        assert sum(size >= 3 for size in sizes) >= 0.9 * len(sizes)
        assert part.high <= GUITAR_HIGHEST or part.program not in GUITARS


@settings(max_examples=30, deadline=None)
@given(st.lists(ranges, min_size=3, max_size=3), st.lists(st.integers(1, 6), min_size=3, max_size=3))
def test_registers_are_in_range_hold_every_note_and_overlap_only_without_room(
    given_ranges: list[tuple[int, int]], voices: list[int]
) -> None:
    reach = dict(zip(CHORDS, given_ranges, strict=True))
    shared = share_registers(reach, dict(zip(CHORDS, voices, strict=True)))
    for name, (low, high) in shared.items():
        assert reach[name][0] <= low
        assert high <= reach[name][1]
        assert high - low >= NARROWEST_SEMITONES
    names = sorted(reach, key=lambda name: sum(reach[name]))
    for below, above in pairwise(names):
        if shared[below][1] >= shared[above][0]:
            narrow = [name for name in names if shared[name][1] - shared[name][0] == NARROWEST_SEMITONES]
            assert narrow


def test_three_parts_of_one_range_of_three_octaves_share_it() -> None:
    assert share_registers(dict.fromkeys(CHORDS, (48, 83)), dict.fromkeys(CHORDS, 4)) == {
        "keys": (48, 59), "pad": (60, 71), "guitar": (72, 83),
    }  # fmt: skip
