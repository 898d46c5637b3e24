"""Parts: the limits that every part of every style keeps to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.arranger import make_count_in
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import ROLES
from tests.engines.accompaniment.playing import (
    BOTH,
    CHORDS,
    LOOSE,
    STRAIGHT,
    STYLES,
    join_bars,
    make_song_at,
    play,
    set_seed,
    song,
    style,
)

LEVELS = (0.0, 0.3, 0.6, 1.0)
MUTED_TICKS = 40


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("part", CHORDS)
def test_chords_are_of_the_chord_and_none_sounds_where_none_is(name: str, part: str) -> None:
    for seed, level in enumerate(LEVELS):
        for bar, notes in zip(
            make_song_at(level), play(name, part, set_seed(STRAIGHT, seed), make_song_at(level)), strict=True
        ):
            for note in notes:
                for beat in range(note.tick // TICKS_PER_BEAT, (note.end - 1) // TICKS_PER_BEAT + 1):
                    assert note.pitch % 12 in bar.chords[beat].pitch_classes


@pytest.mark.parametrize("name", STYLES)
def test_the_bass_plays_chord_notes_and_steps_between_them(name: str) -> None:
    of_chord = total = 0
    for seed, level in enumerate(LEVELS):
        bars = make_song_at(level)
        line: list[tuple[int, bool]] = []
        for bar, notes in zip(bars, play(name, "bass", set_seed(STRAIGHT, seed), bars), strict=True):
            for note in notes:
                chord = bar.chords[note.tick // TICKS_PER_BEAT]
                assert chord.root >= 0
                line.append((note.pitch, note.pitch % 12 in {*chord.pitch_classes, chord.bass}))
        for number, (pitch, belongs) in enumerate(line):
            if not belongs:
                before = abs(pitch - line[number - 1][0]) if number else 99
                after = abs(pitch - line[number + 1][0]) if number + 1 < len(line) else 1
                assert before <= 3 or after <= 2
        of_chord += sum(belongs for _, belongs in line)
        total += len(line)
    assert of_chord / total > 0.7


@pytest.mark.parametrize("name", STYLES)
def test_the_bass_says_each_chord_by_its_root_first(name: str) -> None:
    for seed, level in enumerate(LEVELS):
        for bar, notes in zip(
            make_song_at(level), play(name, "bass", set_seed(STRAIGHT, seed), make_song_at(level)), strict=True
        ):
            spans: dict[int, int] = {}
            for note in notes:
                spans.setdefault(bar.find_change_after(note.tick // TICKS_PER_BEAT)[0], note.pitch)
            for end, pitch in spans.items():
                assert pitch % 12 == bar.chords[end - 1].bass


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_all_notes_are_in_range(name: str, part: str) -> None:
    own = style(name).parts[part]
    for seed, level in enumerate(LEVELS):
        notes = join_bars(play(name, part, set_seed(LOOSE, seed), make_song_at(level)))
        assert notes
        if part == "drums":
            assert {note.pitch for note in notes} <= set(ROLES.values())
        else:
            assert all(own.low <= note.pitch <= own.high for note in notes)
        assert all(1 <= note.velocity <= 127 for note in notes)


@pytest.mark.parametrize(("name", "part"), BOTH)
@pytest.mark.parametrize("density", [0.0, 0.5])
def test_no_bar_is_silent_by_chance(name: str, part: str, density: float) -> None:
    for seed, level in enumerate(LEVELS):
        bars = make_song_at(level)
        for bar, notes in zip(
            bars, play(name, part, set_seed(replace(LOOSE, density=density), seed), bars), strict=True
        ):
            assert notes or any(chord.root < 0 for chord in bar.chords)


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_without_swing_and_humanise_all_is_on_the_grid(name: str, part: str) -> None:
    for seed, level in enumerate(LEVELS):
        for note in join_bars(
            play(name, part, set_seed(replace(LOOSE, swing=0.0, humanise=0.0), seed), make_song_at(level))
        ):
            assert note.tick % 120 == 0 or note.tick % 160 == 0
            assert note.end % 120 == 0 or note.end % 160 == 0 or note.ticks in (MUTED_TICKS, 60)


@pytest.mark.parametrize(("name", "part"), BOTH)
@pytest.mark.parametrize("controls", [STRAIGHT, LOOSE], ids=["straight", "loose"])
def test_no_note_is_doubled_or_hangs_over_its_bar(name: str, part: str, controls: PerformanceControls) -> None:
    for seed, level in enumerate(LEVELS):
        bars = make_song_at(level)
        played = play(name, part, set_seed(controls, seed), bars)
        for bar, notes in zip(bars, played, strict=True):
            assert all(note.tick >= 0 and note.ticks >= 1 and note.end <= bar.ticks for note in notes)
            assert notes == sorted(notes, key=lambda note: note.tick)
        until: dict[int, int] = defaultdict(int)
        for note in join_bars(played, bars):
            assert note.tick >= until[note.pitch]
            until[note.pitch] = note.end


@pytest.mark.parametrize(("name", "part"), BOTH)
@pytest.mark.parametrize("humanise", [0.0, 0.3])
def test_no_note_is_struck_twice_alike(name: str, part: str, humanise: float) -> None:
    for seed, level in enumerate(LEVELS):
        last: dict[int, int] = {}
        for note in join_bars(play(name, part, set_seed(replace(LOOSE, humanise=humanise), seed), make_song_at(level))):
            assert last.get(note.pitch) != note.velocity
            last[note.pitch] = note.velocity


def by_pitch(notes: list[ScoreNote]) -> dict[int, list[ScoreNote]]:
    found: dict[int, list[ScoreNote]] = defaultdict(list)
    for note in notes:
        found[note.pitch].append(note)
    return found


@pytest.mark.parametrize(("name", "part"), BOTH)
@pytest.mark.parametrize("swing", [0.0, 1.0])
def test_feel_moves_notes_but_loses_none_and_keeps_their_order(name: str, part: str, swing: float) -> None:
    for seed, level in enumerate(LEVELS):
        straight = play(name, part, set_seed(replace(LOOSE, swing=0.0, humanise=0.0), seed), make_song_at(level))
        loose = play(name, part, set_seed(replace(LOOSE, swing=swing), seed), make_song_at(level))
        for grid, moved in zip(straight, loose, strict=True):
            starts: dict[int, list[int]] = defaultdict(list)
            there = by_pitch(moved)
            for pitch, notes in by_pitch(grid).items():
                assert len(there[pitch]) == len(notes)
                for note, other in zip(notes, there[pitch], strict=True):
                    starts[note.tick].append(other.tick)
            firsts = [min(starts[tick]) for tick in sorted(starts)]
            assert all(a < b for a, b in pairwise(firsts))


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_the_same_seed_plays_the_same_and_another_does_not(name: str, part: str) -> None:
    assert play(name, part, LOOSE) == play(name, part, LOOSE)
    plain = replace(LOOSE, complexity=0.0)  # in which the choice of patterns has no luck
    assert play(name, part, plain) != play(name, part, set_seed(plain, 1))


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_a_bar_made_alone_is_the_bar_made_in_its_turn(name: str, part: str) -> None:
    memories, memory, played = [], PartState(), []
    for bar in song():
        memories.append(memory)
        notes, memory = PARTS[part](bar, style(name), LOOSE, memory)
        played.append(notes)
    for number in reversed(range(len(song()))):
        alone, _ = PARTS[part](song()[number], style(name), LOOSE, memories[number])
        assert alone == played[number]


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("part", CHORDS)
def test_voices_are_clear_below_and_move_little(name: str, part: str) -> None:
    voicing: tuple[int, ...] = ()
    moves = []
    memory = PartState()
    for bar in make_song_at(0.3) + make_song_at(0.8):
        _, memory = PARTS[part](bar, style(name), STRAIGHT, memory)
        for low, high in pairwise(memory.voicing):
            assert 2 <= high - low <= 12
            assert low >= 52 or high - low >= 5
            assert low >= 43 or high - low >= 7
        if len(voicing) == len(memory.voicing) and voicing != memory.voicing:
            moves.append(sum(abs(a - b) for a, b in zip(voicing, memory.voicing, strict=True)) / len(voicing))
        voicing = memory.voicing
    assert sum(moves) / len(moves) < 3.5
    assert max(moves) <= 8


@pytest.mark.parametrize("name", STYLES)
def test_a_fill_sounds_where_it_is_asked_for_and_changes_the_bars_end(name: str) -> None:
    differs = 0
    for bar in make_song_at(0.8):
        plain, _ = PARTS["drums"](replace(bar, fill=False), style(name), STRAIGHT, PartState())
        filled, _ = PARTS["drums"](replace(bar, fill=True), style(name), STRAIGHT, PartState())
        differs += {(n.tick, n.pitch) for n in plain} != {(n.tick, n.pitch) for n in filled}
    assert differs >= 0.9 * len(song())


@pytest.mark.parametrize("beats", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("part", PARTS)
def test_every_metre_is_played_to_its_end(part: str, beats: int) -> None:
    for name in STYLES:
        bar = replace(song()[5], chords=(song()[5].chords[0],) * beats, intensity=0.8)
        notes, _ = PARTS[part](bar, style(name), LOOSE, PartState())
        assert notes
        assert all(note.end <= bar.ticks for note in notes)
        if part == "drums":
            assert notes[-1].tick >= bar.ticks - TICKS_PER_BEAT - 20


def test_only_the_drummer_counts_in() -> None:
    bar = make_count_in(3, song()[0])
    for name in STYLES:
        sticks, _ = PARTS["drums"](bar, style(name), STRAIGHT, PartState())
        assert [(note.tick, note.pitch) for note in sticks] == [(480 * beat, ROLES["stick"]) for beat in range(3)]
        assert not any(PARTS[part](bar, style(name), STRAIGHT, PartState())[0] for part in PARTS if part != "drums")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_a_style_has_not_is_silent(part: str) -> None:
    memory = PartState(bass=40)
    assert PARTS[part](song()[0], replace(style("pop"), parts={}), STRAIGHT, memory) == ([], memory)
