"""The lookahead that the band takes by itself: the least with which it is on time, and no hurry to try less."""

from __future__ import annotations

from engines.accompaniment.auto_lookahead import FIRST, LOOKAHEADS, PATIENCE_BEATS, AutoLookahead


def plan_beats(pace: AutoLookahead, first: int, count: int, moved: float) -> int:
    """So many beats of which the timeline moves each by ``moved`` beats at most; the next beat."""
    for beat in range(first, first + count):
        pace.record(beat, pace.beats - moved)
    return first + count


def test_where_the_timeline_is_steady_it_comes_down_to_none() -> None:
    pace = AutoLookahead()
    pace.restart(0)
    assert pace.beats == LOOKAHEADS[FIRST] == 1.0
    plan_beats(pace, 0, 5 * PATIENCE_BEATS, 0.0)
    assert pace.beats == 0.0


def test_a_beat_that_came_too_late_takes_it_up_at_once_as_far_as_it_was_late() -> None:
    pace = AutoLookahead()
    plan_beats(pace, 0, 5 * PATIENCE_BEATS, 0.0)
    pace.record(300, -0.3)
    assert pace.beats == 0.5
    pace.record(310, -1.7)
    assert pace.beats == 4.0


def test_it_stays_where_less_would_be_too_late() -> None:
    pace = AutoLookahead()
    at = plan_beats(pace, 0, 20 * PATIENCE_BEATS, 0.3)
    assert pace.beats == 0.5
    for beat in range(at, at + 20 * PATIENCE_BEATS):
        plan_beats(pace, beat, 1, 0.3)
        assert pace.beats == 0.5


def test_after_less_proved_too_little_it_waits_longer_before_it_tries_again() -> None:
    pace, tried = AutoLookahead(), []
    beat = 0
    for _ in range(6):
        began = beat
        while pace.beats > 0.0:
            beat = plan_beats(pace, beat, 1, 0.0)
        tried.append(beat - began)
        pace.record(beat, -0.1)
        beat += 1
    assert tried[1] < tried[2] < tried[3]
    assert tried[-1] < 300 + PATIENCE_BEATS


def test_beats_that_were_decided_all_at_once_at_a_start_tell_nothing() -> None:
    pace = AutoLookahead()
    pace.restart(10)
    pace.record(10, -0.05)
    pace.record(11, -0.05)
    assert pace.beats == 1.0
    pace.record(12, -0.05)
    assert pace.beats == 2.0


def test_from_its_state_it_goes_on_to_the_same() -> None:
    one, other = AutoLookahead(), AutoLookahead()
    plan_beats(one, 0, 40, 0.2)
    other.restore(one.state())
    assert plan_beats(one, 40, 60, 0.1) == plan_beats(other, 40, 60, 0.1)
    assert one.state() == other.state()
