from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from research.mir.evaluation.reference_trackers import (
    CHORD_STAY,
    compute_chord_likelihoods,
    decode_path,
    estimate_key,
    make_librosa_tracker,
    spans,
)
from research.mir.evaluation.scores import score_song
from research.mir.evaluation.truth import SongAnnotation
from tests.engines.mir.signals import CADENCE, RATE, clicks, tones


def test_triads_are_distinguished_and_silence_is_no_chord() -> None:
    chroma = np.zeros((12, 60))
    chroma[[9, 0, 4], :20] = 1.0
    chroma[[5, 9, 0], 20:40] = 1.0
    chroma[:, 40:] = 0.3
    loudness = np.repeat([1.0, 1.0, 0.001], 20)
    chords = spans(decode_path(compute_chord_likelihoods(chroma, loudness)), np.arange(61) / 10)
    assert chords.labels == ("A:min", "F:maj", "N")
    assert chords.intervals.tolist() == [[0, 2], [2, 4], [4, 6]]


def test_a_frame_that_stands_alone_does_not_change_the_chord() -> None:
    chroma = np.zeros((12, 41))
    chroma[[0, 4, 7]] = 1.0
    chroma[:, 20] = np.roll(chroma[:, 0], 1)
    assert set(decode_path(compute_chord_likelihoods(chroma, np.ones(41)))) == {0}


def test_the_best_path_is_the_best_of_all_paths() -> None:
    likelihoods = np.random.default_rng(1).normal(0, 3, (3, 6))

    def worth(path: tuple[int, ...]) -> float:
        moves = sum(np.log(CHORD_STAY if a == b else (1 - CHORD_STAY) / 2) for a, b in pairwise(path))
        return float(sum(likelihoods[state, i] for i, state in enumerate(path)) + moves)

    assert tuple(decode_path(likelihoods)) == max(product(range(3), repeat=6), key=worth)


@pytest.mark.parametrize(
    ("notes", "key"), [((0, 2, 4, 5, 7, 9, 11, 0, 4, 7), "C major"), ((7, 10, 2, 7, 9, 3), "G minor")]
)
def test_the_key_is_the_profile_that_fits(notes: tuple[int, ...], key: str) -> None:
    assert estimate_key(np.bincount(notes, minlength=12).astype(np.float64)) == key


def test_flat_chroma_has_no_key() -> None:
    assert estimate_key(np.ones(12)) == ""


def test_librosa_itself_is_right_about_clicks_and_cadences() -> None:
    pytest.importorskip("librosa")
    beats = np.arange(0.5, 12, 0.5)
    detected = make_librosa_tracker().track(clicks(beats.tolist(), 12), RATE)
    assert score_song(SongAnnotation(beats), detected)["beat_f"] > 0.9
    prediction = make_librosa_tracker().track(tones(CADENCE, 2.0), RATE)
    assert prediction.chords is not None
    assert prediction.chords.labels == ("C:maj", "F:maj", "G:maj", "C:maj")
    assert prediction.key == "C major"
