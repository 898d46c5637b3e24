"""New drums to a groove: what they keep of it, and what they take from a style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engines.accompaniment.arranger import arrange
from engines.accompaniment.groove_matching import (
    Groove,
    find_nearest_style,
    match_grooves,
    measure_distance,
    to_strengths,
)
from engines.accompaniment.score import Bar, PerformanceControls
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.style import ROLES, load_style
from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style

STYLES = [load_style(find_style(name)) for name in SHIPPED_STYLES]
EXACT = PerformanceControls(humanise=0.0)


def groove(kick: str, snare: str, cymbals: str) -> Groove:
    """Digits as in a style; 9 is 1.0."""
    return Groove(np.array([[int(letter.replace(".", "0")) / 9 for letter in line] for line in (kick, snare, cymbals)]))


ROCK = groove("9...9.....9.....", "....9.......9...", "9.9.9.9.9.9.9.9.")
FOUR = groove("9...9...9...9...", "....9.......9...", "..9...9...9...9.")


def bars(count: int = 2, sheet: str = "[verse]\n| C |") -> tuple[Bar, ...]:
    return arrange(read_sheet(sheet), count)


def find_hits(notes: Sequence[object], *roles: str) -> list[int]:
    wanted = {ROLES[role] for role in roles}
    return [note.tick // 120 for note in notes if note.pitch in wanted]  # type: ignore[attr-defined]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_kicks_and_snares_are_where_the_song_has_them_in_every_style(style: object) -> None:
    part = match_grooves(bars(), [ROCK, FOUR], style, EXACT)  # type: ignore[arg-type]
    assert find_hits(part.bars[0], "kick") == [0, 4, 10]
    assert find_hits(part.bars[1], "kick") == [0, 4, 8, 12]
    for bar in part.bars:
        assert find_hits(bar, "snare", "stick", "clap") == [4, 12]


def test_accents_are_kept() -> None:
    soft = groove("9.......3.......", "................", "................")
    notes = {note.tick: note.velocity for note in match_grooves(bars(1), [soft], STYLES[0], EXACT).bars[0]}
    assert notes[0] > notes[960] + 15


def test_there_are_as_many_hats_as_the_song_has_and_more_or_fewer_by_density() -> None:
    def hats(groove: Groove, density: float = 0.5) -> int:
        (bar,) = match_grooves(
            bars(1), [groove], load_style(find_style("rock")), PerformanceControls(humanise=0.0, density=density)
        ).bars
        return len(set(find_hits(bar, "closed", "open", "ride", "pedal", "tambourine", "shaker", "cowbell", "crash")))

    quarters, none = (
        groove("9.......9.......", "....9.......9...", "9...9...9...9..."),
        groove("9" + "." * 15, "." * 16, "." * 16),
    )
    assert hats(none) == 0
    assert hats(quarters) == 4
    assert hats(ROCK) == 8
    assert hats(ROCK, 0.1) < hats(ROCK)


def test_bars_without_drums_stay_without() -> None:
    silent = groove("." * 16, "." * 16, "." * 16)
    part = match_grooves(bars(3), [silent, ROCK, silent], STYLES[0], EXACT)
    assert [bool(bar) for bar in part.bars] == [False, True, False]


def test_bars_of_three_and_seven_beats_are_played_whole() -> None:
    for beats in (3, 7):
        steps = 4 * beats
        here = Groove(
            np.stack([np.arange(steps) % 4 == 0, np.arange(steps) == steps - 1, np.ones(steps)]).astype(float)
        )
        (bar,) = match_grooves(bars(1, f"metre: {beats}/4\n| C |"), [here], STYLES[0], EXACT).bars
        assert find_hits(bar, "kick") == list(range(0, steps, 4))
        assert find_hits(bar, "snare", "stick", "clap") == [steps - 1]


def test_the_nearest_style_is_the_one_that_plays_this() -> None:
    techno, jazz = load_style(find_style("techno")), load_style(find_style("jazz"))
    for style in (techno, jazz):
        pattern = style.parts["drums"].patterns[0]
        assert measure_distance(to_strengths(pattern, 4), pattern) == pytest.approx(0.0, abs=1e-9)
        found = find_nearest_style([Groove(to_strengths(pattern, 4))], STYLES)
        assert min(measure_distance(to_strengths(pattern, 4), one) for one in found.parts["drums"].patterns) < 1e-9


def test_no_style_without_a_drum_set_is_the_nearest() -> None:
    timpani = load_style(find_style("orchestral")).parts["drums"].patterns[3]
    found = find_nearest_style([Groove(to_strengths(timpani, 4))], STYLES)
    assert found.name not in ("orchestral", "classical")
    assert (
        find_nearest_style([Groove(to_strengths(timpani, 4))], [load_style(find_style("orchestral"))]).name
        == "orchestral"
    )


def test_a_section_keeps_to_one_pattern_and_the_next_may_have_another() -> None:
    sheet = "[verse x2]\n| C | C |\n[chorus x2]\n| C | C |"
    quiet = groove("9.......9.......", "................", "9...9...9...9...")
    part = match_grooves(bars(8, sheet), [quiet] * 4 + [ROCK] * 4, load_style(find_style("pop")), EXACT)
    others = [[(note.tick, note.pitch) for note in bar if note.pitch not in (36, 37, 38, 39, 49)] for bar in part.bars]
    assert others[1] == others[2] == others[3]
    assert others[5] == others[6] == others[7]
    assert others[3] != others[5]


def test_the_same_seed_is_the_same_part_and_swing_delays_off_beats() -> None:
    loose = PerformanceControls(humanise=0.6, seed=4)
    assert match_grooves(bars(), [ROCK] * 2, STYLES[0], loose) == match_grooves(bars(), [ROCK] * 2, STYLES[0], loose)
    (bar,) = match_grooves(
        bars(1), [groove("9.9.............", "." * 16, "." * 16)], STYLES[0], PerformanceControls(humanise=0, swing=1)
    ).bars
    assert [note.tick for note in bar] == [0, 320]
