"""Chord tracker and key tracker on probabilities with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.chords import PITCH_CLASSES, QUALITIES
from engines.mir.learned.chord_tracker import CONFIRM_STEPS, ChordTracker, KeyTracker, softmax

NONE = PITCH_CLASSES


def peaked_outputs(
    root: int, quality: int = 0, bass: int | None = None, confidence: float = 0.8
) -> tuple[np.ndarray, ...]:
    """Outputs of a network with this ``confidence`` in a chord."""

    def make_peak(at: int, size: int) -> np.ndarray:
        results = np.full(size, (1.0 - confidence) / (size - 1))
        results[at] = confidence
        return results

    low = bass if bass is not None else root
    qualities = np.tile(make_peak(quality, len(QUALITIES)), (PITCH_CLASSES, 1))
    return make_peak(root, PITCH_CLASSES + 1), qualities, make_peak(low, PITCH_CLASSES + 1)


def test_a_chord_is_reported_once_when_it_begins() -> None:
    tracker = ChordTracker()
    results = [tracker.update(*peaked_outputs(9, 1)) for _ in range(20)]
    found = [(i, one) for i, one in enumerate(results) if one is not None]
    assert len(found) == 1
    step, (chord, steps_ago) = found[0]
    assert chord.label == "Am"
    assert step - steps_ago == 0


def test_a_cadence_is_reported_with_the_steps_at_which_its_chords_begin() -> None:
    tracker, results = ChordTracker(), []
    for step in range(80):
        root, quality = [(0, 0), (5, 0), (7, 2), (0, 0)][step // 20]
        one = tracker.update(*peaked_outputs(root, quality))
        if one is not None:
            results.append((one[0].label, step - one[1]))
    assert [label for label, _ in results] == ["C", "F", "G7", "C"]
    assert all(abs(start - 20 * i) <= 1 for i, (_, start) in enumerate(results))


def test_two_uncertain_steps_change_nothing() -> None:
    tracker = ChordTracker()
    for _ in range(20):
        tracker.update(*peaked_outputs(0))
    results = [tracker.update(*peaked_outputs(5, confidence=0.5)) for _ in range(2)] + [
        tracker.update(*peaked_outputs(0)) for _ in range(10)
    ]
    assert results == [None] * 12


def test_the_beginning_is_never_reported_earlier_than_declared() -> None:
    tracker, random = ChordTracker(), np.random.default_rng(2)
    for _ in range(600):
        one = tracker.update(*peaked_outputs(int(random.integers(12)), int(random.integers(8)), confidence=0.5))
        assert one is None or 0 <= one[1] < CONFIRM_STEPS


def test_an_inversion_is_reported_with_its_bass() -> None:
    tracker = ChordTracker()
    for _ in range(20):
        tracker.update(*peaked_outputs(NONE))
    results = [one for one in (tracker.update(*peaked_outputs(0, 0, bass=4)) for _ in range(20)) if one is not None]
    assert [chord.label for chord, _ in results] in (["C/E"], ["C"])
    tracker.reset()
    low = [tracker.update(*peaked_outputs(0, 0, bass=4, confidence=0.95)) for _ in range(20)]
    assert any(one is not None and one[0].root == 0 for one in low)


def test_no_chord_is_reported_when_the_music_stops() -> None:
    tracker = ChordTracker()
    for _ in range(20):
        tracker.update(*peaked_outputs(2))
    results = [one for one in (tracker.update(*peaked_outputs(NONE)) for _ in range(20)) if one is not None]
    assert [chord.label for chord, _ in results] == ["N"]


def test_between_beats_it_takes_more_to_change_a_chord() -> None:
    def count_changes(at_beat: bool) -> int:
        tracker = ChordTracker()
        for _ in range(20):
            tracker.update(*peaked_outputs(0))
        steps = [peaked_outputs(9, 1, confidence=0.6) for _ in range(2)] + [peaked_outputs(0) for _ in range(8)]
        return sum(tracker.update(*step, at_beat=at_beat) is not None for step in steps)

    assert (count_changes(True), count_changes(False)) == (2, 0)


def peaked_key_outputs(key: int, confidence: float = 0.7, root: int | None = None) -> tuple[np.ndarray, ...]:
    """Outputs of a network with this ``confidence`` in a key while its chord sounds, or one on ``root``."""
    results = np.full(24, (1 - confidence) / 23)
    results[key] = confidence
    return results, *peaked_outputs(key % 12 if root is None else root, key // 12)[:2]


def test_a_key_is_reported_after_some_seconds_and_once() -> None:
    tracker = KeyTracker()
    results = [(step, tracker.update(*peaked_key_outputs(7))) for step in range(300)]
    found = [(step, key) for step, key in results if key is not None]
    assert [key.label for _, key in found] == ["G major"]
    assert found[0][0] >= 39


def test_a_modulation_is_reported_within_half_a_minute() -> None:
    tracker = KeyTracker()
    for _ in range(600):
        tracker.update(*peaked_key_outputs(7))
    results = [key for key in (tracker.update(*peaked_key_outputs(21)) for _ in range(300)) if key is not None]
    assert [key.label for key in results] == ["A minor"]


def test_of_two_keys_of_the_same_notes_that_is_reported_whose_chord_sounds() -> None:
    """Eb major, by the chords; the network rates C minor a little higher."""
    key_probabilities = np.full(24, 0.005)
    key_probabilities[[3, 12]] = 0.4, 0.49
    tracker = KeyTracker()
    results = [
        tracker.update(key_probabilities, *peaked_outputs((3, 8, 10, 3)[step // 12 % 4])[:2]) for step in range(300)
    ]
    assert [key.label for key in results if key is not None] == ["Eb major"]


@pytest.mark.parametrize(("minor", "label"), [(0, "C major"), (1, "C minor")])
def test_the_mode_is_that_of_the_thirds_of_the_chords(minor: int, label: str) -> None:
    """The network rates the parallel key higher; the chords are I, IV, V, vi or i, iv, V, VI."""
    key_probabilities = np.full(24, 0.005)
    key_probabilities[12 * minor], key_probabilities[12 * (1 - minor)] = 0.3, 0.59
    chords = ((0, 0), (5, 0), (7, 0), (9, 1)) if not minor else ((0, 1), (5, 1), (7, 0), (8, 0))
    tracker = KeyTracker()
    results = [tracker.update(key_probabilities, *peaked_outputs(*chords[step // 10 % 4])[:2]) for step in range(300)]
    assert [key.label for key in results if key is not None] == [label]


def test_without_anything_tonal_there_is_no_key() -> None:
    tracker = KeyTracker()
    assert all(tracker.update(*peaked_key_outputs(7, root=NONE)) is None for _ in range(300))


def test_probabilities_of_large_logits_are_finite_and_sum_to_one() -> None:
    results = softmax(np.array([1000.0, 999.0, -1000.0]))
    assert results.sum() == pytest.approx(1.0)
    assert np.isfinite(results).all()
