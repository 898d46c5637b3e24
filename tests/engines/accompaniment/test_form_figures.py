"""Intros and endings: the band enters after two bars of an intro, and ends a song with one held chord."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.arranger import add_ending, arrange
from engines.accompaniment.form import AUTO, SECTIONS, BeatPosition, Form, FormRequest
from engines.accompaniment.parts import PARTS
from engines.accompaniment.parts.form_figures import TIMEKEEPERS
from engines.accompaniment.score import NO_CHORD, Bar, PartState
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.style import ROLES
from tests.engines.accompaniment.playing import BOTH, STRAIGHT, STYLES, play, song, style

SONG = "[intro]\n| C Am | F | C | G |\n[verse]\n| C | Am | F | {} |"


def play_last(name: str, part: str, bar: Bar) -> list[tuple[int, int, int]]:
    """(tick, end, pitch) of each note."""
    notes, _ = PARTS[part](bar, style(name), STRAIGHT, PartState())
    return [(note.tick, note.end, note.pitch) for note in notes]


@pytest.mark.parametrize(("last", "final_beat", "end_beat"), [("C", 0, 4), ("F C", 2, 4), ("C N.C.", 0, 2)])
@pytest.mark.parametrize(("name", "part"), BOTH)
def test_a_song_ends_with_its_last_chord_hit_once_and_held(
    name: str, part: str, last: str, final_beat: int, end_beat: int
) -> None:
    bar = replace(add_ending(arrange(read_sheet(SONG.format(last))))[-1], intensity=0.6)
    notes, final = play_last(name, part, bar), final_beat * TICKS_PER_BEAT
    assert max(tick for tick, _, _ in notes) == final
    ending = [(end, pitch) for tick, end, pitch in notes if tick == final]
    if part != "drums":
        assert {end for end, _ in ending} == {end_beat * TICKS_PER_BEAT}
        assert {pitch % 12 for _, pitch in ending} <= {0, 4, 7}
    elif opening := style(name).parts["drums"].opening:
        assert {pitch for _, pitch in ending} >= {ROLES[opening], ROLES["kick"]}


def test_the_bar_before_the_ending_fills_and_the_ending_leads_nowhere() -> None:
    bars = add_ending(arrange(read_sheet(SONG.format("C"))))
    assert [bar.number for bar in bars if bar.ends] == [7]
    assert bars[6].fill
    assert not bars[7].fill
    assert bars[7].coming == NO_CHORD
    assert bars[:6] == arrange(read_sheet(SONG.format("C")))[:6]
    silent_end = add_ending(arrange(read_sheet(SONG.format("C"))), rests={6, 7})
    assert [bar.number for bar in silent_end if bar.ends] == [5]
    assert [bar.ends for bar in add_ending(arrange(read_sheet("| C |"), count_in=True))] == [False, True]


@pytest.mark.parametrize("name", STYLES)
def test_in_an_intro_the_drummer_keeps_time_and_the_bass_holds_for_two_bars(name: str) -> None:
    bars = tuple(replace(bar, intensity=0.6) for bar in song(SONG.format("C"))[:4])
    drums, bass = (play(name, part, STRAIGHT, bars) for part in ("drums", "bass"))
    assert [(note.tick, note.end) for note in bass[0]] == [(0, 960), (960, 1920)]
    assert [(note.tick, note.end) for note in bass[1]] == [(0, 1920)]
    assert [bar.fill for bar in bars] == [False, True, False, True]
    time = {ROLES[role] for role in TIMEKEEPERS} | {ROLES.get(style(name).parts["drums"].opening, -1)}
    if any(note.pitch in time for note in drums[2]):
        assert {note.pitch for note in drums[0]} <= time
    assert {note.pitch for bar in drums[2:] for note in bar} - time


def test_live_a_fill_leads_out_of_the_intros_figure() -> None:
    form, intro = Form(), SECTIONS.index("intro")
    shapes = [
        form.update(BeatPosition(4 * bar, beat, 4), FormRequest(intro, detected=AUTO))
        for bar in range(4)
        for beat in range(4)
    ]
    assert [shape.fill for shape in shapes[::4]] == [False, True, False, False]
    assert [shape.opens for shape in shapes[::4]] == [True, False, True, False]
