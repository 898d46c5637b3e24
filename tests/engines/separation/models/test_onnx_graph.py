"""Opened graphs: broken files, missing tensors and wrong shapes are errors that name them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from bridge.errors import ModelError
from engines.separation.models.onnx_graph import open_graph
from tests.engines.separation.models import graphs
from tests.engines.separation.models.graphs import noise


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x09" * 500, b"<html>login</html>"])
def test_a_file_that_is_no_graph_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.onnx: (is empty|cannot be loaded)"):
        open_graph(tmp_path / "m.onnx")


def test_half_a_file_is_an_error(tmp_path: Path) -> None:
    path = graphs.write_stacked_graph(tmp_path / "m.onnx", "mix", (1, 2, 160), (0.1, 0.2))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match=r"m\.onnx: cannot be loaded"):
        open_graph(path)


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"m\.onnx: no such file"):
        open_graph(tmp_path / "m.onnx")


def test_weights_in_a_file_beside_that_is_not_there_are_an_error(tmp_path: Path) -> None:
    path = graphs.write_stacked_graph(tmp_path / "m.onnx", "mix", (1, 2, 160), [0.1] * 400)
    onnx.save(onnx.load(str(path)), str(path), save_as_external_data=True, location="m.onnx.data", size_threshold=100)
    (tmp_path / "m.onnx.data").unlink()
    with pytest.raises(ModelError, match=r"in one piece \(no \.onnx\.data beside it\)"):
        open_graph(path)


def test_a_wrong_shape_is_reported_with_file_tensor_and_both_shapes(tmp_path: Path) -> None:
    graph = open_graph(graphs.write_stacked_graph(tmp_path / "m.onnx", "mix", (1, 2, "frames"), (0.1,)))
    assert graph.run({"mix": noise(7)[np.newaxis]})["stems"].shape == (1, 1, 2, 7)
    with pytest.raises(ModelError, match=r"m\.onnx: input mix: expected \(1, 2, any\), found \(2, 7\)"):
        graph.run({"mix": noise(7)})


def test_an_input_that_nobody_gives_is_reported(tmp_path: Path) -> None:
    graph = open_graph(graphs.pair(tmp_path / "m.onnx", (1, 2, 33, 21), (0.1,)))
    with pytest.raises(ModelError, match=r"m\.onnx: input spec_real \(1, 2, 33, 21\) is not given"):
        graph.run({"spec_imag": np.zeros((1, 2, 33, 21), np.float32)})


def test_a_graph_that_fails_as_it_runs_is_an_error_and_nothing_else_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    builder = graphs.Builder()
    value = builder.find_input("mix", (1, 2, "frames"))
    builder.output("out", builder.node("Reshape", value, builder.constant([7], np.int64)), (7,))
    graph = open_graph(builder.write(tmp_path / "m.onnx"))
    with pytest.raises(ModelError, match=r"m\.onnx: cannot be run"):
        graph.run({"mix": noise(9)[np.newaxis]})
    assert capfd.readouterr().err == ""


def test_a_tensor_of_an_unknown_kind_is_an_error(tmp_path: Path) -> None:
    builder = graphs.Builder()
    builder.output("out", builder.find_input("text", (1,), TensorProto.STRING), (1,), TensorProto.STRING)
    with pytest.raises(ModelError, match=r"text is a tensor\(string\)"):
        open_graph(builder.write(tmp_path / "m.onnx"))


def test_a_graph_in_half_precision_is_given_and_gives_float32(tmp_path: Path) -> None:
    builder = graphs.Builder()
    builder.output("out", builder.find_input("mix", (1, 2, 4), TensorProto.FLOAT16), (1, 2, 4), TensorProto.FLOAT16)
    out = open_graph(builder.write(tmp_path / "m.onnx")).run({"mix": noise(4)[np.newaxis]})["out"]
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[0], noise(4), atol=1e-3)
