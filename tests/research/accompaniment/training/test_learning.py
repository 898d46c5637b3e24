"""The network that foresees chords learns, and its file says what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from engines.accompaniment.harmony.predictor import FILE, ChordPredictor  # noqa: E402
from engines.onnx import read_shipped  # noqa: E402
from research.accompaniment.training.learn import compute_loss, learn, make_all_examples  # noqa: E402
from research.accompaniment.training.network import ForesightNetwork, export  # noqa: E402
from research.accompaniment.training.progressions import Progression  # noqa: E402

ROOTS = (0, 9 + 12, 5, 7)


def songs() -> list[Progression]:
    states = np.tile(np.repeat(ROOTS, 4), 8)
    return [Progression("001", states, np.zeros(len(states), np.int64), 4)]


def test_it_learns_that_a_loop_goes_on_and_the_file_says_so(tmp_path: Path) -> None:
    examples = make_all_examples(songs(), [], 0)
    said: list[str] = []
    torch.manual_seed(0)
    everything = np.arange(len(examples))
    before = float(compute_loss(ForesightNetwork().eval(), examples, everything).detach())
    network = learn(examples, 40, 0, said.append)
    assert len(said) == 40
    assert float(compute_loss(network.eval(), examples, everything).detach()) < 0.5 * before
    export(network, tmp_path)
    predictor = ChordPredictor(read_shipped(tmp_path, FILE))
    recognised = songs()[0].states[:50]
    loops, habit = predictor.predict(recognised, 50 % 4, 0, 4)
    np.testing.assert_array_equal((loops + habit).argmax(1)[:14], songs()[0].states[50:64])


def test_the_same_seed_learns_the_same() -> None:
    examples = make_all_examples(songs(), [], 0)
    one, other = (learn(examples, 1, 7, lambda _: None).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
