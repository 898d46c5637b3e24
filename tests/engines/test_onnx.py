"""A model is loaded as it is meant to be, or refused with what to do about it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper

from bridge.errors import EngineError
from engines.onnx import CPU, BoundSession, open_session, read_model, read_shapes, read_shipped
from tests.engines.separation.tiny import MASKS, POWER, STATE, remember, save, write_remembering


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_remembering(tmp_path / "model.onnx")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"gone\.onnx: no such model"):
        read_model(tmp_path / "gone.onnx")


def test_a_folder_in_a_models_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        read_model(tmp_path)


def test_a_changed_file_is_refused_by_its_hash(model: Path) -> None:
    right = hashlib.sha256(model.read_bytes()).hexdigest()
    assert read_model(model, right.upper()) == model.read_bytes()
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(EngineError, match=f"SHA-256 is .*, not {right}"):
        read_model(model, right)


def test_a_shipped_model_needs_its_line_in_the_sums(model: Path) -> None:
    sums = model.with_name("SHA256SUMS")
    with pytest.raises(EngineError, match=r"no line for model\.onnx; run: sha256sum"):
        read_shipped(model.parent, model.name)
    sums.write_text(f"{'0' * 64}  other.onnx\n\n{hashlib.sha256(model.read_bytes()).hexdigest()}  model.onnx\n")
    assert read_shipped(model.parent, model.name) == model.read_bytes()
    sums.write_text(f"{'0' * 64} *model.onnx\n")
    with pytest.raises(EngineError, match="SHA-256"):
        read_shipped(model.parent, model.name)


def test_a_shipped_model_that_is_not_there_is_missing_not_unlisted(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no such model"):
        read_shipped(tmp_path, "model.onnx")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_model_cut_short_is_refused_by_name(share: float, model: Path) -> None:
    whole = model.read_bytes()
    with pytest.raises(EngineError, match=r"cut\.onnx: not a model"):
        open_session(whole[: int(share * len(whole))], "cut.onnx")


def test_a_provider_that_this_build_lacks_is_refused(model: Path) -> None:
    with pytest.raises(EngineError, match="CUDAExecutionProvider"):
        open_session(model.read_bytes(), "model.onnx", "CUDAExecutionProvider")


def test_shapes_come_by_name(model: Path) -> None:
    session = open_session(model.read_bytes(), "model.onnx")
    assert session.get_providers() == [CPU]
    assert read_shapes(session) == ({"power": POWER, "state": STATE}, {"masks": MASKS, "after": STATE})


def test_a_bound_run_reads_and_writes_the_arrays_where_they_are(model: Path) -> None:
    power, state, after = np.zeros(POWER, np.float32), np.zeros(STATE, np.float32), np.zeros(STATE, np.float32)
    masks = np.zeros(MASKS, np.float32)
    bound = BoundSession(
        open_session(model.read_bytes(), "model.onnx"),
        {"power": power, "state": state},
        {"masks": masks, "after": after},
    )
    for seed in range(3):
        power[:] = np.random.default_rng(seed).uniform(0, 1, POWER)
        before = state.astype(np.float64)
        bound.run()
        expected, memory = remember(power[0, 0].astype(np.float64), before)
        np.testing.assert_allclose(masks[0, 0], expected, atol=1e-4)
        np.testing.assert_allclose(after, memory, atol=1e-5)
        state[:] = after


@pytest.mark.parametrize("wrong", [np.zeros(POWER), np.zeros((1, 1, 3, 480), np.float32)[..., ::2]])
def test_arrays_that_cannot_be_bound_are_refused(wrong: NDArray[np.float32], model: Path) -> None:
    with pytest.raises(EngineError, match=r"power.*contiguous float32"):
        BoundSession(open_session(model.read_bytes(), "model.onnx"), {"power": wrong}, {})


def test_a_model_that_loads_but_cannot_run_says_so(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Gather", ["state", "beyond"], ["after"], axis=3),
        helper.make_node("Identity", ["quarters"], ["masks"]),
    ]
    arrays = {"beyond": np.full(4, 99), "quarters": np.zeros(MASKS, np.float32)}
    session = open_session(save(tmp_path / "model.onnx", nodes, arrays).read_bytes(), "model.onnx")
    inputs, outputs = (
        {name: np.zeros(shape, np.float32) for name, shape in ports.items()} for ports in read_shapes(session)
    )
    with pytest.raises(EngineError, match="loads but does not run"):
        BoundSession(session, inputs, outputs).run()
