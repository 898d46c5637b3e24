"""What the learned analysis keeps between blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.events import Chord, Key, Note, TimedEvent
from engines.mir.learned.rhythm_chain import BeatSchedule, OnsetPeakPicker
from engines.mir.learned.stream_state import AudioHistory, DelayedEvents


@given(st.lists(st.integers(0, 500), max_size=40), st.lists(st.integers(0, 600), max_size=6))
def test_what_waits_is_told_in_order_once_due_and_once(frames: list[int], until: list[int]) -> None:
    waiting = DelayedEvents((Chord, Key))
    for i, frame in enumerate(frames):
        waiting.add(frame, Key(i % 12, i % 2, 0.5) if i % 3 else Chord(i % 12, 1, 0, 0.25))
    told: list[TimedEvent] = []
    for before in sorted(until):
        due = waiting.due(before)
        assert all(event.frame < before for event in due)
        told += due
    told += waiting.due(10_000)
    assert [event.frame for event in told] == sorted(frames)


def test_what_waits_keeps_its_type_and_values() -> None:
    waiting = DelayedEvents((Chord, Note))
    waiting.add(7, Note(1, 60.25, 99, 0.5))
    waiting.add(3, Chord(2, 4, 9, 0.75))
    assert waiting.due(100) == [TimedEvent(3, Chord(2, 4, 9, 0.75)), TimedEvent(7, Note(1, 60.25, 99, 0.5))]


def test_what_waits_survives_a_restore() -> None:
    one, other = DelayedEvents((Chord,)), DelayedEvents((Chord,))
    one.add(5, Chord(1, 2, 3, 0.5))
    other.restore(one.state())
    assert other.due(6) == one.due(6) != []


@pytest.mark.parametrize("hop", [1, 64, 300, 512])
def test_a_window_holds_the_frames_before_its_end(hop: int) -> None:
    listening = AudioHistory(2, 1000, 512)
    audio = np.stack([np.arange(4000), -np.arange(4000)]).astype(np.float32)
    for start in range(0, 3600, hop):
        listening.take(audio[:, start : start + hop])
        end = listening.frames - min(hop, 512) // 2
        if end >= 1000:
            np.testing.assert_array_equal(listening.window(1, 900, end), audio[1, end - 900 : end])


def test_an_onset_is_where_its_chance_peaks_and_as_strong_as_what_grew_there() -> None:
    peaks = OnsetPeakPicker()
    chances = np.full(200, 0.05)
    chances[49::40], chances[50::40], chances[51::40] = 0.5, 0.9, 0.6
    said = [(step, peaks.hear(float(chance), 0.1 * (step == 50))) for step, chance in enumerate(chances)]
    told = [(step, onset) for step, onset in said if onset is not None]
    assert [step for step, _ in told] == [51, 91, 131, 171]
    assert [onset.strength for _, onset in told] == [0.5, 0.0, 0.0, 0.0]


def test_a_beat_is_not_told_twice_when_the_phase_moves_back() -> None:
    telling = BeatSchedule()
    telling.beat, telling.period, telling.told = 1000.0, 500.0, 2000.0
    assert telling.due(2000) == 2500
    telling.beat = 1100.0  # now the beat that was told should have been later
    assert telling.due(2000) == 2600
    telling.beat = 1400.0  # and now the next is so near that it is the same
    assert telling.due(2000) == 2400
