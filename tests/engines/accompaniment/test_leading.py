"""A part that follows strikes where what it follows does, in every style, and stays playable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.parts.accent_bias import KICK, add_accents, bias_weight, measure_similarity
from engines.accompaniment.parts.pattern_selection import split_beats
from engines.accompaniment.parts.random_draws import draw
from engines.accompaniment.score import TWELFTHS, PerformanceControls, ScoreNote
from engines.accompaniment.style import ROLES, StepPattern
from tests.engines.accompaniment.playing import BOTH, STRAIGHT, make_song_at, play, set_seed

RHYTHM = (0, 18, 24, 42)
SIZE = 4 * TWELFTHS
ACCENTS = tuple(float(any((place - one) % SIZE in (SIZE - 1, 0, 1) for one in RHYTHM)) for place in range(SIZE))
SONG = "| C | Am | F | G | C | Am | F | G |"
LED = replace(STRAIGHT, accents=ACCENTS)
SEEDS = range(6)


def find_onsets(part: str, bars: list[list[ScoreNote]]) -> list[int]:
    """Where in their bars what follows was struck, in twelfths of a beat, each once a bar."""
    found: list[int] = []
    for bar in bars:
        own = [note for note in bar if part != "drums" or note.pitch == ROLES[KICK]]
        found += sorted({round(note.tick * TWELFTHS / TICKS_PER_BEAT) % SIZE for note in own})
    return found


def share(name: str, part: str, controls: PerformanceControls) -> tuple[float, float]:
    """Of the strokes how many lie on the rhythm, and of the rhythm how much is struck."""
    song = make_song_at(0.5, SONG)[:-1]  # the last is a fill
    bars = [bar for seed in SEEDS for bar in play(name, part, set_seed(controls, seed), song)]
    strokes = find_onsets(part, bars)
    on = [place for place in strokes if place in RHYTHM]
    return len(on) / max(len(strokes), 1), len(on) / (len(RHYTHM) * len(bars))


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_more_strokes_lie_on_the_rhythm_and_more_of_it_is_struck(name: str, part: str) -> None:
    by_itself, following = share(name, part, STRAIGHT), share(name, part, LED)
    assert following[0] > by_itself[0] or following[0] == 1.0
    assert following[1] > by_itself[1]
    assert following[1] > 0.6


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_notes_stay_within_their_bars_and_none_sounds_twice_at_once(name: str, part: str) -> None:
    for number, bar in enumerate(play(name, part, replace(LED, humanise=1.0, swing=1.0))):
        ends: dict[int, int] = {}
        for note in sorted(bar, key=lambda note: note.tick):
            assert note.tick >= ends.get(note.pitch, 0), number
            ends[note.pitch] = note.end
    assert all(note.velocity in range(1, 128) for note in bar)


def test_a_bar_s_first_beat_stays_and_others_move_with_the_accent() -> None:
    half = tuple(place / (SIZE - 1) for place in range(SIZE))
    assert bias_weight(9, 0, half) == 9
    weights = [bias_weight(5, place * 40, half) for place in range(1, SIZE)]
    assert weights == sorted(weights)
    assert (weights[0], weights[-1]) == (1, 9)
    assert bias_weight(5, 480, ()) == 5


def test_a_pattern_s_likeness_is_that_of_its_strokes() -> None:
    own = {"kick": "9.....9.9.....9.", "snare": "....9.......9..."}
    assert measure_similarity(own, range(4), ACCENTS) == pytest.approx(1.0)
    assert measure_similarity({"line": "R-----R-R-----R-"}, range(4), ACCENTS) == pytest.approx(1.0)
    assert measure_similarity({"kick": "..9...........9."}, range(4), ACCENTS) == pytest.approx(0.35, abs=0.01)
    assert measure_similarity({"kick": ".9.9"}, range(0), ACCENTS) == 0.0
    waltz = ACCENTS[: 3 * TWELFTHS]
    assert measure_similarity(own, (0, 1, 3), waltz) < 1.0


def test_no_kick_is_put_under_a_heavy_backbeat() -> None:
    beats = [{"kick": "....", "snare": "9..."}, {"kick": "....", "snare": "3..."}]
    kicks = [lanes["kick"] for lanes in add_accents("drums", beats, (1.0,) * 2 * TWELFTHS)]
    assert kicks == [".999", "9999"]
    assert add_accents("bass", [{"line": "R--."}], (1.0,) * TWELFTHS) == [{"line": "RRRR"}]
    assert add_accents("keys", [{"line": "x--."}], (1.0,) * TWELFTHS) == [{"line": "xXXX"}]
    # a drummer without a bass drum
    assert add_accents("drums", [{"triangle": "9..."}], (1.0,) * TWELFTHS) == [{"triangle": "9...", "kick": "9999"}]


def test_a_fill_is_the_drummer_s_own() -> None:
    bar = make_song_at(0.5, SONG)[0]
    pattern = StepPattern(0.5, {"kick": "9.......9......."})
    chance = draw(bar, STRAIGHT, "drums")
    plain, following = (split_beats(bar, "drums", pattern, controls, chance) for controls in (STRAIGHT, LED))
    assert plain != following
    assert split_beats(replace(bar, fill=True), "drums", pattern, LED, chance) == plain
