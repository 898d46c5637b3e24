"""Beats to frames and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.time import BlockTime, TempoChange, TempoMap

RATE = 48000
MAP = TempoMap([TempoChange(0, 120), TempoChange(4, 60), TempoChange(6, 240)], RATE)


def test_a_rolling_block_knows_the_beat_of_each_frame() -> None:
    at = BlockTime(1000, RATE, beat=8.0, tempo=120.0, rolling=True)
    assert at.frames_per_beat == 24000
    assert at.beat_at(1000) == 8.0
    assert at.beat_at(13000) == 8.5
    assert at.frame_at(9.0) == 25000


def test_while_the_transport_stands_the_beat_does_too() -> None:
    at = BlockTime(1000, RATE, beat=8.0, tempo=120.0, rolling=False)
    assert at.beat_at(100_000) == 8.0
    assert at.moved_to(5000) == BlockTime(5000, RATE, 8.0, 120.0, False)


@given(
    frame=st.integers(0, 10**9), beat=st.floats(0, 10**4), tempo=st.floats(20, 400), step=st.integers(-(10**6), 10**6)
)
@settings(deadline=None)
def test_the_same_timeline_seen_from_another_frame_says_the_same(
    frame: int, beat: float, tempo: float, step: int
) -> None:
    at = BlockTime(frame, RATE, beat, tempo, True)
    moved = at.moved_to(frame + step)
    assert moved.frame == frame + step
    assert moved.beat_at(frame) == pytest.approx(beat, abs=1e-6)
    assert moved.frame_at(at.beat) == pytest.approx(frame, abs=1e-2)


@pytest.mark.parametrize(("beat", "frame"), [(0, 0), (2, 48000), (4, 96000), (5, 144000), (6, 192000), (8, 216000)])
def test_a_tempo_map_adds_up_its_stretches(beat: float, frame: float) -> None:
    assert MAP.frame_at(beat) == frame
    assert MAP.beat_at(frame) == beat


@given(beat=st.floats(0, 1000))
@settings(deadline=None)
def test_a_tempo_map_there_and_back_is_where_it_was(beat: float) -> None:
    assert MAP.beat_at(MAP.frame_at(beat)) == pytest.approx(beat)


def test_a_change_of_tempo_holds_from_its_own_beat_on() -> None:
    assert [MAP.tempo_at(beat) for beat in (0, 3.999, 4, 6, 100)] == [120, 120, 60, 240, 240]


def test_before_the_song_the_first_tempo_holds() -> None:
    assert MAP.frame_at(-2) == -48000
    assert MAP.beat_at(-48000) == -2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([], "starts at beat 0"),
        ([TempoChange(1, 120)], "starts at beat 0"),
        ([TempoChange(0, 0)], "above 0"),
        ([TempoChange(0, 120), TempoChange(4, -1)], "above 0"),
        ([TempoChange(0, 120), TempoChange(4, 90), TempoChange(4, 60)], "must ascend"),
    ],
)
def test_an_impossible_tempo_map_is_refused(changes: list[TempoChange], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TempoMap(changes, RATE)
