"""Performer: on each channel notes begin and end in turn, also where a bar is left before its end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.events import Chord
from engines.accompaniment.form import BeatPosition, Shape
from engines.accompaniment.parts import PARTS
from engines.accompaniment.performer import NoteEvent, Performer
from engines.accompaniment.scheduler import NoteScheduler
from engines.accompaniment.score import PerformanceControls
from tests.engines.accompaniment.playing import LOOSE, STRAIGHT, STYLES, style
from tests.engines.accompaniment.test_scheduler import LINE

SHAPE = Shape("verse", 0, 0.5, False, False, False, False)
C, G = Chord(0, 0, 0, 1.0), Chord(7, 0, 7, 1.0)
Sounding = set[tuple[int, int]]


def check_in_turn(notes: list[NoteEvent], sounding: Sounding) -> None:
    """Follow the (channel, pitch) in ``sounding`` through ``notes``: none begins twice or ends twice."""
    for note in notes:
        key = note.channel, note.pitch
        assert (key in sounding) == (note.velocity == 0), note
        (sounding.discard if key in sounding else sounding.add)(key)


def play_beat(performer: Performer, place: BeatPosition, chord: Chord) -> list[NoteEvent]:
    controls = dict.fromkeys(PARTS, PerformanceControls())
    chords = [chord] * (place.bar_beats - place.number + 1)
    return performer.play(place, SHAPE, chords, style("pop"), controls, ())


def test_a_bar_that_is_left_before_its_end_ends_its_notes_there() -> None:
    """As where a beat tracker finds that the bar began two beats later: notes of both bars have the same ticks."""
    performer, sounding = Performer(), Sounding()
    for place in (BeatPosition(0, 0, 4), BeatPosition(0, 1, 4), *(BeatPosition(2, number, 4) for number in range(4))):
        check_in_turn(play_beat(performer, place, C), sounding)
    assert sounding == set()


PlayedBeat = tuple[int, int, Chord, str, bool]
BEAT = st.tuples(st.integers(0, 6), st.integers(1, 7), st.sampled_from((C, G)), st.sampled_from(STYLES), st.booleans())


@settings(max_examples=40)
@given(st.lists(BEAT, min_size=2, max_size=12))
def test_notes_begin_and_end_in_turn_whatever_becomes_of_the_bar(
    beats: list[PlayedBeat],
) -> None:
    """``beats``: where the song's first bar begins, beats of a bar, chord, style, whether it is played loosely."""
    performer, scheduler, sounding = Performer(), NoteScheduler(), Sounding()
    for beat, (to_bar, bar_beats, chord, name, loose) in enumerate(beats):
        number = (beat + to_bar) % bar_beats
        notes = performer.play(
            BeatPosition(beat - number, number, bar_beats), SHAPE, [chord] * (bar_beats - number + 1), style(name),
            dict.fromkeys(PARTS, LOOSE if loose else STRAIGHT), (),
        )  # fmt: skip
        check_in_turn(notes, sounding)
        scheduler.schedule(notes, beat - number, LINE, 0)
    assert set(performer.release()) == sounding
