"""The look-ahead separator: aligned, whole, of any length, and honest about what it cannot take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from bridge.core.audio import STEMS, Audio
from bridge.errors import EngineError
from engines.separation.frequency_grid import POINTS
from engines.separation.lookahead_separator import BLOCK_STEPS, MOST_STEPS, STRIDE, LookaheadSeparator
from tests.engines.networks import IR_VERSION, OPEN, OPSET, make_network

RATE = 44100
SHAPES = {"power": (1, OPEN, 3, POINTS)}, {"masks": (1, OPEN, len(STEMS), 2, POINTS)}


def write_gains(path: Path, gains: tuple[float, ...]) -> Path:
    """A network whose masks are ``gains`` of the four stems, at every step and point."""
    table = np.tile(np.asarray(gains, np.float32)[None, None, :, None, None], (1, 1, 1, 2, POINTS))
    nodes = [
        helper.make_node("Shape", ["power"], ["size"]),
        helper.make_node("Gather", ["size", "one"], ["steps"], axis=0),
        helper.make_node("Concat", ["unit", "steps", "rest"], ["shape"], axis=0),
        helper.make_node("Expand", ["table", "shape"], ["masks"]),
    ]
    constants = {"one": np.array([1]), "unit": np.array([1]), "rest": np.array([len(STEMS), 2, POINTS]), "table": table}
    takes, gives = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ports.items()]
        for ports in SHAPES
    )
    initial = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "gains", takes, gives, initial)
    model = helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="module")
def separator(tmp_path_factory: pytest.TempPathFactory) -> LookaheadSeparator:
    return LookaheadSeparator(write_gains(tmp_path_factory.mktemp("gains") / "gains.onnx", (0.5, 0.2, 0.1, 0.2)))


def noise(frames: int) -> Audio:
    return (0.2 * np.random.default_rng(frames).normal(size=(2, frames))).astype(np.float32)


@pytest.mark.parametrize("frames", [0, 1, 511, STRIDE, STRIDE * BLOCK_STEPS + 7])
def test_stems_are_aligned_with_the_mix_and_sum_to_it(separator: LookaheadSeparator, frames: int) -> None:
    mix = noise(frames)
    stems = separator.separate(mix, RATE)
    assert stems.shape == (len(STEMS), 2, frames)
    for stem, gain in zip(stems, (0.5, 0.2, 0.1, 0.2), strict=True):
        np.testing.assert_allclose(stem, gain * mix, atol=2e-6)
    np.testing.assert_allclose(stems.sum(0), mix, atol=1e-6)


def test_samples_that_are_no_number_count_as_silence(separator: LookaheadSeparator) -> None:
    mix = noise(5000)
    mix[0, 100], mix[1, 200] = np.nan, np.inf
    stems = separator.separate(mix, RATE)
    assert np.isfinite(stems).all()
    assert stems[:, 0, 100].sum() == pytest.approx(0.0, abs=1e-6)


def test_another_rate_and_a_piece_too_long_are_refused(separator: LookaheadSeparator) -> None:
    with pytest.raises(EngineError, match="rate 96000 Hz; it runs at 44100 and 48000"):
        separator.separate(noise(10), 96000)
    with pytest.raises(EngineError, match="give shorter pieces"):
        separator._estimate_masks(np.broadcast_to(np.float32(0.0), (2 * MOST_STEPS + 1, 3, POINTS)))


def test_a_network_of_another_shape_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(make_network(SHAPES[0], {"masks": (1, OPEN, 3, 2, POINTS)}))
    with pytest.raises(EngineError, match="output 'masks'"):
        LookaheadSeparator(wrong)
