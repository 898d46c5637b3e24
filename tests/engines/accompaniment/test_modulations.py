"""The band goes on with a song that goes on in another key."""

from __future__ import annotations

import pytest

from bridge.core.events import CHORD_SOURCES
from engines.accompaniment.timeline import LOOKAHEAD
from tests.engines.accompaniment.streaming import Played, delay_events, host, make_chords, stream

NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
TURN_BARS = 8
LOOPS = [
    (("", 0), ("m", 9), ("", 5), ("", 7)),
    (("m", 9), ("", 5), ("", 0), ("", 7)),
    (("m7", 2), ("7", 7), ("maj7", 0), ("m7", 9)),
]


def labels(loop: tuple[tuple[str, int], ...], up: int) -> list[str]:
    """Chords of four beats: the loop twice, then twice so much higher."""
    return [NAMES[(root + raised) % 12] + quality for raised in (0, 0, up, up) for quality, root in loop]


def root_of(label: str) -> int:
    return NAMES.index(label[: 2 if label[1:2] == "b" else 1])


def right_bars(played: Played, names: list[str]) -> list[bool]:
    """Of each bar whether the bass stands on its root as it begins."""
    roots = [root_of(name) for name in names]
    found: dict[int, bool] = {}
    for on, _, channel, pitch in played.notes():
        beat = played.beat_at(on) + 0.05
        if channel == 0 and beat % 4 < 0.2 and int(beat) // 4 < len(roots):
            found.setdefault(int(beat) // 4, pitch % 12 == roots[int(beat) // 4])
    return [found.get(bar, False) for bar in range(len(roots))]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("up", [1, 2])
@pytest.mark.parametrize("late_s", [0.0, 0.59])
def test_a_loop_that_goes_on_higher_is_right_again_within_two_bars(
    loop: tuple[tuple[str, int], ...], up: int, late_s: float
) -> None:
    names = labels(loop, up)
    cycles = host(("roll", len(names) * 2.0, 120), ("stop", 1, 0))
    played = stream(
        cycles, {"chords": delay_events(make_chords(cycles, names), lambda _: late_s)}, lambda _: {LOOKAHEAD.name: 1.0}
    )
    right = right_bars(played, names)
    assert all(right[5:TURN_BARS])
    assert not right[TURN_BARS]  # nobody reported
    assert all(right[TURN_BARS + 2 :])


def test_a_modulation_to_a_distant_key_is_followed_once_its_loop_was_detected() -> None:
    names = labels(LOOPS[0], 6)
    cycles = host(("roll", len(names) * 2.0, 120), ("stop", 1, 0))
    played = stream(
        cycles, {"chords": delay_events(make_chords(cycles, names), lambda _: 0.59)}, lambda _: {LOOKAHEAD.name: 1.0}
    )
    assert all(right_bars(played, names)[TURN_BARS + 5 :])
    assert {CHORD_SOURCES[commit.source] for _, commit in played.commits} >= {"loop", "habit"}
