"""Tempo: players straighten and thin out as it gets faster; the whole band shares the drummer's timing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.offline.timed_sheet import measure_bar_tempi
from engines.accompaniment.parts import PARTS
from engines.accompaniment.parts.tempo import HIGHEST_RATIO, scale_swing, to_swing_ratio
from engines.accompaniment.score import Bar, PerformanceControls, ScoreNote
from tests.engines.accompaniment.playing import STRAIGHT, STYLES, make_song_at, play, style

SPEEDS = (0.7, 1.0, 1.5)
COMPARABLE = 0.5
"""The least timing deviation of a part as a share of the drums'."""


def bars_at(name: str, factor: float) -> tuple[Bar, ...]:
    return tuple(replace(bar, tempo=factor * style(name).tempo) for bar in make_song_at(0.6))


def test_swing_falls_with_tempo_to_straight_at_300() -> None:
    jazz = style("jazz")
    ratios = [to_swing_ratio(scale_swing(jazz.swing, tempo, jazz)) for tempo in range(40, 301, 20)]
    assert all(slow > fast for slow, fast in pairwise(ratios))
    assert to_swing_ratio(scale_swing(1.0, jazz.tempo, jazz)) == pytest.approx(2.0)
    assert ratios[0] > 2.5
    assert ratios[-1] == pytest.approx(1.0)
    assert to_swing_ratio(scale_swing(1.0, 400.0, jazz)) == 1.0
    assert max(to_swing_ratio(scale_swing(1.0, 20.0, style(name))) for name in STYLES) <= HIGHEST_RATIO + 1e-9
    assert all(scale_swing(0.0, tempo, jazz) == 0.0 for tempo in (50.0, 140.0, 300.0))


@pytest.mark.parametrize("tempo", [90.0, 140.0, 220.0])
def test_the_off_beats_are_played_where_the_tempo_puts_them(tempo: float) -> None:
    jazz, controls = style("jazz"), PerformanceControls(humanise=0.0, swing=1.0)
    bars = tuple(replace(bar, tempo=tempo) for bar in make_song_at(0.8))
    ratio = to_swing_ratio(scale_swing(1.0, tempo, jazz))
    offbeat = round(TICKS_PER_BEAT * ratio / (1 + ratio))
    places = {note.tick % TICKS_PER_BEAT for bar in play("jazz", "drums", controls, bars) for note in bar}
    assert offbeat in places
    assert TICKS_PER_BEAT // 2 not in places


def count_onsets(played: list[list[ScoreNote]]) -> int:
    return sum(len({note.tick for note in bar}) for bar in played)


@pytest.mark.parametrize("name", STYLES)
def test_a_faster_band_plays_fewer_notes_a_bar(name: str) -> None:
    slow, usual, fast = (
        sum(count_onsets(play(name, part, STRAIGHT, bars_at(name, speed))) for part in PARTS) for speed in SPEEDS
    )
    assert slow > 1.1 * fast
    assert slow > usual > fast


@pytest.mark.parametrize("name", ["jazz", "pop", "techno"])
def test_all_parts_share_the_drummers_timing(name: str) -> None:
    loose, exact = PerformanceControls(swing=0.0), PerformanceControls(swing=0.0, humanise=0.0)
    late: dict[str, dict[tuple[int, int, int], float]] = {}
    for part in PARTS:
        late[part] = {}
        for seed in range(2):
            bars = make_song_at(0.7)
            both = (play(name, part, replace(one, seed=seed), bars) for one in (exact, loose))
            for number, (grid, played) in enumerate(zip(*both, strict=True)):
                for a, b in zip(sorted(grid, key=by_pitch), sorted(played, key=by_pitch), strict=True):
                    place = seed, number, a.tick
                    late[part][place] = min(late[part].get(place, np.inf), b.tick - a.tick)
    drums = late["drums"]
    for part in PARTS:
        both_play = [place for place in late[part].keys() & drums.keys() if place[2]]
        own, theirs = np.array([(late[part][place], drums[place]) for place in both_play]).T
        assert own.std() >= COMPARABLE * theirs.std()
        assert own.std() <= theirs.std() / COMPARABLE
        assert np.corrcoef(own, theirs)[0, 1] > 0.15


def by_pitch(note: ScoreNote) -> tuple[int, int]:
    return note.pitch, note.tick


def test_a_bars_tempo_is_the_usual_one_around_it() -> None:
    starts = [0, 1920, 3840, 5760, 7680, 9600, 11520]
    assert measure_bar_tempi(starts, ((0, 500_000),)) == [120.0] * 6
    # one bar out of step changes nothing; a change of tempo that stays is followed
    assert measure_bar_tempi(starts, ((0, 500_000), (3840, 700_000), (5760, 500_000))) == [120.0] * 6
    assert measure_bar_tempi(starts, ((0, 500_000), (5760, 1_000_000)))[-1] == 60.0
