"""Chords and keys out of chances."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.events import QUALITIES
from engines.mir.learned.chord_tracker import CLASSES, PATIENCE, ChordTracker, KeyTracker, chances

NONE = CLASSES


def said(root: int, quality: int = 0, bass: int | None = None, sure: float = 0.8) -> tuple[np.ndarray, ...]:
    """Chances of a network that is ``sure`` of this chord."""

    def peaked(at: int, size: int) -> np.ndarray:
        told = np.full(size, (1.0 - sure) / (size - 1))
        told[at] = sure
        return told

    low = bass if bass is not None else root
    qualities = np.tile(peaked(quality, len(QUALITIES)), (CLASSES, 1))
    return peaked(root, CLASSES + 1), qualities, peaked(low, CLASSES + 1)


def test_a_chord_is_told_once_when_it_begins() -> None:
    tracker = ChordTracker()
    told = [tracker.hear(*said(9, 1)) for _ in range(20)]
    found = [(i, one) for i, one in enumerate(told) if one is not None]
    assert len(found) == 1
    look, (chord, ago) = found[0]
    assert chord.label == "Am"
    assert look - ago == 0


def test_a_cadence_is_told_with_the_looks_at_which_its_chords_began() -> None:
    tracker, told = ChordTracker(), []
    for look in range(80):
        root, quality = [(0, 0), (5, 0), (7, 2), (0, 0)][look // 20]
        one = tracker.hear(*said(root, quality))
        if one is not None:
            told.append((one[0].label, look - one[1]))
    assert [label for label, _ in told] == ["C", "F", "G7", "C"]
    assert all(abs(began - 20 * i) <= 1 for i, (_, began) in enumerate(told))


def test_a_passing_doubt_of_two_looks_changes_nothing() -> None:
    tracker = ChordTracker()
    for _ in range(20):
        tracker.hear(*said(0))
    told = [tracker.hear(*said(5, sure=0.5)) for _ in range(2)] + [tracker.hear(*said(0)) for _ in range(10)]
    assert told == [None] * 12


def test_the_beginning_is_never_said_to_be_earlier_than_declared() -> None:
    tracker, random = ChordTracker(), np.random.default_rng(2)
    for _ in range(600):
        one = tracker.hear(*said(int(random.integers(12)), int(random.integers(8)), sure=0.5))
        assert one is None or 0 <= one[1] < PATIENCE


def test_an_inversion_is_told_with_its_bass() -> None:
    tracker = ChordTracker()
    for _ in range(20):
        tracker.hear(*said(NONE))
    told = [one for one in (tracker.hear(*said(0, 0, bass=4)) for _ in range(20)) if one is not None]
    assert [chord.label for chord, _ in told] in (["C/E"], ["C"])
    tracker.reset()
    low = [tracker.hear(*said(0, 0, bass=4, sure=0.95)) for _ in range(20)]
    assert any(one is not None and one[0].root == 0 for one in low)


def test_no_chord_is_told_when_the_music_stops() -> None:
    tracker = ChordTracker()
    for _ in range(20):
        tracker.hear(*said(2))
    told = [one for one in (tracker.hear(*said(NONE)) for _ in range(20)) if one is not None]
    assert [chord.label for chord, _ in told] == ["N"]


def key_said(key: int, sure: float = 0.7, root: int | None = None) -> tuple[np.ndarray, ...]:
    """Chances of a network that is ``sure`` of this key while its chord sounds, or one on ``root``."""
    told = np.full(24, (1 - sure) / 23)
    told[key] = sure
    return told, *said(key % 12 if root is None else root, key // 12)[:2]


def test_a_key_is_told_after_some_seconds_and_once() -> None:
    tracker = KeyTracker()
    told = [(look, tracker.hear(*key_said(7))) for look in range(300)]
    found = [(look, key) for look, key in told if key is not None]
    assert [key.label for _, key in found] == ["G major"]
    assert found[0][0] >= 39


def test_a_modulation_is_told_within_half_a_minute() -> None:
    tracker = KeyTracker()
    for _ in range(600):
        tracker.hear(*key_said(7))
    told = [key for key in (tracker.hear(*key_said(21)) for _ in range(300)) if key is not None]
    assert [key.label for key in told] == ["A minor"]


def test_of_two_keys_of_the_same_notes_that_is_told_whose_chord_sounds() -> None:
    """Eb major, by the chords; the network says C minor a little more."""
    doubt = np.full(24, 0.005)
    doubt[[3, 12]] = 0.4, 0.49
    tracker = KeyTracker()
    told = [tracker.hear(doubt, *said((3, 8, 10, 3)[look // 12 % 4])[:2]) for look in range(300)]
    assert [key.label for key in told if key is not None] == ["Eb major"]


def test_without_anything_tonal_there_is_no_key() -> None:
    tracker = KeyTracker()
    assert all(tracker.hear(*key_said(7, root=NONE)) is None for _ in range(300))


def test_chances_of_large_logits_are_finite_and_sum_to_one() -> None:
    told = chances(np.array([1000.0, 999.0, -1000.0]))
    assert told.sum() == pytest.approx(1.0)
    assert np.isfinite(told).all()
