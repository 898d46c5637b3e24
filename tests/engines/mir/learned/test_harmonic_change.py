"""Harmonic change detector, and bars found by it."""

from __future__ import annotations

import numpy as np
import pytest

from engines.mir.learned.bar_counter import BarCounter
from engines.mir.learned.harmonic_change import CONTEXT_END_S, MAX_PENDING_BEATS, HarmonicChangeDetector

RATE = 44100
STEP = RATE // 10
PERIOD = RATE / 2


def peak_at(root: int, confidence: float = 0.9) -> np.ndarray:
    probabilities = np.full(13, (1.0 - confidence) / 12)
    probabilities[root] = confidence
    return probabilities


def run_detector(
    detector: HarmonicChangeDetector, root_at: dict[float, int], beats: list[float], seconds: float
) -> list[tuple[float, int, float]]:
    """The changes while the roots from these seconds on are pushed: (second, beats ago, change)."""
    changes, pending, starts = [], list(beats), sorted(root_at)
    for step in range(1, int(seconds * 10)):
        now = step / 10
        while pending and pending[0] <= now + 0.6:  # a step refers to the past, so beats are pushed before it
            detector.push_beat(round(pending.pop(0) * RATE), PERIOD)
        root = root_at[max(start for start in starts if start <= now)]
        changes += [(now, beats_ago, change) for beats_ago, change in detector.update(peak_at(root), step * STEP)]
    return changes


def test_each_beat_is_judged_once_as_soon_as_what_follows_it_was_detected() -> None:
    beats = [0.5 * i for i in range(1, 17)]
    changes = run_detector(HarmonicChangeDetector(RATE), {0.0: 0, 2.0: 5, 6.0: 7}, beats, 9.0)
    assert len(changes) == len(beats)
    for (now, beats_ago, change), beat in zip(changes, beats, strict=True):
        assert beat + 0.25 + CONTEXT_END_S <= now < beat + 0.25 + CONTEXT_END_S + 0.15  # half a period later, too
        assert (change > 0.5) == (beat in (2.0, 6.0))
        assert beats_ago == sum(beat < later <= now + 0.6 for later in beats)


def test_where_no_chord_sounds_nothing_is_reported() -> None:
    assert not run_detector(HarmonicChangeDetector(RATE), {0.0: 12}, [1.0, 2.0], 4.0)
    assert not run_detector(HarmonicChangeDetector(RATE), {0.0: 3, 1.0: 12}, [1.0], 4.0)


def test_more_beats_than_there_is_room_for_drop_the_oldest() -> None:
    detector = HarmonicChangeDetector(RATE)
    for beat in range(MAX_PENDING_BEATS + 3):
        detector.push_beat(beat * RATE, PERIOD)
    assert detector.count == MAX_PENDING_BEATS
    assert detector.beats[0] == 3 * RATE


def test_state_goes_on_where_it_was() -> None:
    one, other = HarmonicChangeDetector(RATE), HarmonicChangeDetector(RATE)
    run_detector(one, {0.0: 0, 1.0: 5}, [0.5, 1.0, 1.5], 1.2)
    other.restore(one.state())
    assert one.update(peak_at(5), 2 * RATE) == other.update(peak_at(5), 2 * RATE) != []


def test_harmonic_changes_between_beats_show_a_half_beat_error() -> None:
    roots = {float(second): (0, 5, 7, 9)[second % 4] for second in range(0, 40, 2)}
    on, half_beat_off = HarmonicChangeDetector(RATE), HarmonicChangeDetector(RATE)
    run_detector(on, roots, [0.5 * i for i in range(1, 60)], 30.0)
    run_detector(half_beat_off, roots, [0.25 + 0.5 * i for i in range(1, 60)], 30.0)
    assert not on.pop_half_beat_error()
    assert half_beat_off.pop_half_beat_error()
    assert not half_beat_off.pop_half_beat_error()  # it counts as corrected


@pytest.mark.parametrize("late", [0, 1, 2])
@pytest.mark.parametrize("first", [0, 1, 3])
def test_bars_are_found_by_the_harmony_alone_however_late_it_is_reported(first: int, late: int) -> None:
    counter, counted = BarCounter(), []
    for beat in range(48):
        counted.append(counter.advance()[:2])
        counter.push_downbeat(0.1)
        if beat >= late:
            counter.push_harmonic_change(late, 0.9 if (beat - late + first) % 4 == 0 else 0.05)
    assert counted[-8:] == [((beat + first) % 4, 4) for beat in range(40, 48)]
