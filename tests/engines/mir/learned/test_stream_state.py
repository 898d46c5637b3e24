"""Streaming state of the learned analysis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.events import Chord, Key, Note, TimedEvent
from engines.mir.learned.rhythm_chain import BeatSchedule, OnsetPeakPicker
from engines.mir.learned.stream_state import AudioHistory, DelayedEvents


@given(st.lists(st.integers(0, 500), max_size=40), st.lists(st.integers(0, 600), max_size=6))
def test_delayed_events_leave_in_order_and_once(frames: list[int], until: list[int]) -> None:
    delayed = DelayedEvents((Chord, Key))
    for i, frame in enumerate(frames):
        delayed.push(frame, Key(i % 12, i % 2, 0.5) if i % 3 else Chord(i % 12, 1, 0, 0.25))
    events: list[TimedEvent] = []
    for before in sorted(until):
        due = delayed.pop_before(before)
        assert all(event.frame < before for event in due)
        events += due
    events += delayed.pop_before(10_000)
    assert [event.frame for event in events] == sorted(frames)


def test_delayed_events_keep_type_and_values() -> None:
    delayed = DelayedEvents((Chord, Note))
    delayed.push(7, Note(1, 60.25, 99, 0.5))
    delayed.push(3, Chord(2, 4, 9, 0.75))
    assert delayed.pop_before(100) == [TimedEvent(3, Chord(2, 4, 9, 0.75)), TimedEvent(7, Note(1, 60.25, 99, 0.5))]


def test_delayed_events_survive_a_restore() -> None:
    one, other = DelayedEvents((Chord,)), DelayedEvents((Chord,))
    one.push(5, Chord(1, 2, 3, 0.5))
    other.restore(one.state())
    assert other.pop_before(6) == one.pop_before(6) != []


@pytest.mark.parametrize("hop", [1, 64, 300, 512])
def test_a_window_holds_the_frames_before_its_end(hop: int) -> None:
    history = AudioHistory(2, 1000, 512)
    audio = np.stack([np.arange(4000), -np.arange(4000)]).astype(np.float32)
    for start in range(0, 3600, hop):
        history.push(audio[:, start : start + hop])
        end = history.frames - min(hop, 512) // 2
        if end >= 1000:
            np.testing.assert_array_equal(history.read_window(1, 900, end), audio[1, end - 900 : end])


def test_an_onset_is_a_peak_of_its_probability_and_as_strong_as_the_growth_there() -> None:
    peaks = OnsetPeakPicker()
    probabilities = np.full(200, 0.05)
    probabilities[49::40], probabilities[50::40], probabilities[51::40] = 0.5, 0.9, 0.6
    outputs = [
        (step, peaks.update(float(probability), 0.1 * (step == 50))) for step, probability in enumerate(probabilities)
    ]
    events = [(step, onset) for step, onset in outputs if onset is not None]
    assert [step for step, _ in events] == [51, 91, 131, 171]
    assert [onset.strength for _, onset in events] == [0.5, 0.0, 0.0, 0.0]


def test_a_beat_is_not_reported_twice_when_the_phase_moves_back() -> None:
    schedule = BeatSchedule()
    schedule.beat, schedule.period, schedule.reported = 1000.0, 500.0, 2000.0
    assert schedule.find_next_beat(2000) == 2500
    schedule.beat = 1100.0  # now the reported beat should have been later
    assert schedule.find_next_beat(2000) == 2600
    schedule.beat = 1400.0  # and now the next is so near that it is the same
    assert schedule.find_next_beat(2000) == 2400
