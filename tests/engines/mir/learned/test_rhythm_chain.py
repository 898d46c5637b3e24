"""The rhythm chain in silence and after gaps."""

from __future__ import annotations

import numpy as np
import pytest

from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY, BeatPhase, BeatTracker
from engines.mir.learned.rhythm_chain import IGNORE_AFTER_GAP_S, RhythmChain
from engines.onnx import read_shipped
from engines.weights import WEIGHTS

RATE = 44100


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every probability that is pushed to a tracker."""
    probabilities: list[float] = []

    def update(_: BeatTracker, probability: float) -> BeatPhase | None:
        probabilities.append(probability)
        return None

    monkeypatch.setattr(BeatTracker, "update", update)
    return probabilities


def test_silence_is_uninformative_whatever_the_network_outputs(pushed: list[float]) -> None:
    rhythm = RhythmChain(RATE, read_shipped(WEIGHTS, "mir-rhythm.onnx"))
    pushed.clear()  # the compilation call
    noise = np.random.default_rng(1).normal(0, 0.1, rhythm.window).astype(np.float32)
    for step, loud in enumerate((1.0, 0.0, 1.0)):
        rhythm.process(noise * np.float32(loud), 882 * (step + 1))
    assert [probability == UNINFORMATIVE_PROBABILITY for probability in pushed] == [False, True, False]


def test_steps_right_after_a_gap_are_ignored(pushed: list[float]) -> None:
    rhythm = RhythmChain(RATE, read_shipped(WEIGHTS, "mir-rhythm.onnx"))
    pushed.clear()  # the compilation call
    noise = np.random.default_rng(1).normal(0, 0.1, rhythm.window).astype(np.float32)
    rhythm.ignore_after_gap(10 * 882)
    for step in range(20):
        rhythm.process(noise, 882 * (step + 1))
    first = int(10 + IGNORE_AFTER_GAP_S * 50)
    assert [probability == UNINFORMATIVE_PROBABILITY for probability in pushed] == [True] * first + [False] * (
        20 - first
    )
