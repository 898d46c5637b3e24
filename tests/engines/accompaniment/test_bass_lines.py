"""Bass lines: what a walk, an approach and the tones of a chord may be, one after the other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.chords import QUALITIES
from bridge.core.events import NOTE_NAMES
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import Bar, PartState, ScoreNote
from engines.accompaniment.style import StepPattern, Style
from tests.engines.accompaniment.playing import STRAIGHT, STYLES, set_seed, song, style

FIFTH, OCTAVE = 7, 12
CHORD_NAMES = st.builds("{}{}".format, st.sampled_from(NOTE_NAMES), st.sampled_from([q.suffix for q in QUALITIES]))


def make_bassist(line: str, name: str = "jazz") -> Style:
    """The style ``name`` with nothing but ``line`` to play."""
    own = style(name)
    return replace(own, parts={"bass": replace(own.parts["bass"], patterns=(StepPattern(0.5, {"line": line}),))})


def play_lines(own: Style, bars: tuple[Bar, ...], seed: int) -> list[list[ScoreNote]]:
    memory, played = PartState(), []
    for bar in bars:
        notes, memory = PARTS["bass"](bar, own, set_seed(STRAIGHT, seed), memory)
        played.append(notes)
    return played


def test_an_approach_is_a_step_beside_the_next_root_which_follows() -> None:
    own, goals = make_bassist("R-------F---A---"), set()
    for seed in range(20):
        played = play_lines(own, song(), seed)
        for bar, notes, following in zip(song(), played, played[1:], strict=False):
            said = bar.chords[-1] == bar.chords[-2]  # else the last beat says its own chord
            if not bar.introduces and following and bar.coming.root >= 0 and bar.chords[-1].root >= 0 and said:
                assert 1 <= abs(following[0].pitch - notes[-1].pitch) <= 2
                assert following[0].pitch % 12 == bar.coming.bass
                goals.add(following[0].pitch - notes[-1].pitch)
    assert len(goals) > 2


def test_a_passing_note_is_a_step_in_the_chords_scale() -> None:
    own = make_bassist("R---P---P---P---")
    for bar, notes in zip(song(), play_lines(own, song(), 1), strict=True):
        if len({*bar.chords}) == 1 and notes:
            root, quality = bar.chords[0].root, bar.chords[0].quality
            for before, note in pairwise(notes):
                assert (note.pitch - root) % 12 in QUALITIES[quality].scale
                assert 1 <= abs(note.pitch - before.pitch) <= 3


def test_a_walking_bass_steps_and_hardly_leaps() -> None:
    """Chord tones on the strong beats, steps between them; a good arranger leaps beyond a fifth in 0.05 of all."""
    own, intervals, strong = make_bassist("R---W---W---A---"), [], []
    for seed in range(4):
        played = play_lines(own, song(), seed)
        pitches = [note.pitch for notes in played for note in notes]
        intervals += [abs(b - a) for a, b in pairwise(pitches)]
        strong += [
            note.pitch % 12 in {*bar.chords[2].pitch_classes, bar.chords[2].bass}
            for bar, notes in zip(song(), played, strict=True)
            for note in notes
            if note.tick == 2 * TICKS_PER_BEAT
        ]
    assert sum(one > 7 for one in intervals) <= 0.05 * len(intervals)
    assert sum(one <= 3 for one in intervals) >= 0.6 * len(intervals)
    assert sum(one == 0 for one in intervals) <= 0.05 * len(intervals)
    assert sum(strong) >= 0.9 * len(strong)


@given(st.sampled_from(STYLES), st.lists(CHORD_NAMES, min_size=2, max_size=8), st.integers(0, 9))
def test_no_tone_of_a_chord_is_a_leap_beyond_a_fifth(name: str, chords: list[str], seed: int) -> None:
    own = make_bassist("R-T-S-T-R-S-----", name)
    for notes in play_lines(own, song(f"| {' | '.join(chords)} |"), seed):
        for before, note in pairwise(notes):
            assert abs(note.pitch - before.pitch) in (*range(FIFTH + 1), OCTAVE)
