"""What the beat tracker is told of silence and of gaps."""

from __future__ import annotations

import numpy as np
import pytest

from engines.mir.learned.beat_tracker import UNHEARD, BeatPhase, BeatTracker
from engines.mir.learned.learned_mir import WEIGHTS
from engines.mir.learned.rhythm_chain import DEAF_S, RhythmChain
from engines.onnx import read_shipped

RATE = 44100


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every chance that a tracker is given."""
    chances: list[float] = []

    def hear(_: BeatTracker, chance: float) -> BeatPhase | None:
        chances.append(chance)
        return None

    monkeypatch.setattr(BeatTracker, "hear", hear)
    return chances


def test_silence_says_nothing_whatever_the_network_makes_of_it(told: list[float]) -> None:
    rhythm = RhythmChain(RATE, read_shipped(WEIGHTS, "mir-rhythm.onnx"))
    told.clear()  # what it compiles with
    noise = np.random.default_rng(1).normal(0, 0.1, rhythm.window).astype(np.float32)
    for step, loud in enumerate((1.0, 0.0, 1.0)):
        rhythm.hear(noise * np.float32(loud), 882 * (step + 1))
    assert [chance == UNHEARD for chance in told] == [False, True, False]


def test_what_comes_right_after_a_gap_says_nothing(told: list[float]) -> None:
    rhythm = RhythmChain(RATE, read_shipped(WEIGHTS, "mir-rhythm.onnx"))
    told.clear()  # what it compiles with
    noise = np.random.default_rng(1).normal(0, 0.1, rhythm.window).astype(np.float32)
    rhythm.deafen(10 * 882)
    for step in range(20):
        rhythm.hear(noise, 882 * (step + 1))
    first = int(10 + DEAF_S * 50)
    assert [chance == UNHEARD for chance in told] == [True] * first + [False] * (20 - first)
