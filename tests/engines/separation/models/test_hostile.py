"""Models that ask for what no machine has, or are no models: clear errors before anything is taken."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from bridge.errors import ModelError
from engines.separation.models.bounds import MOST_HOP, MOST_NUMBERS
from engines.separation.models.onnx_graph import open_graph
from engines.separation.models.pipe_messages import MessageHeader, read_message, write_message
from engines.separation.models.store import copy_file
from engines.separation.models.torch_stft import Stft
from tests.engines.separation.models import graphs
from tests.engines.separation.models.graphs import Builder, noise, open_separator
from tests.engines.separation.models.test_streaming import open_streaming


def save_graph(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    opsets: Sequence[tuple[str, int]] = (("", 17),),
    ir_version: int = 9,
    shape: Sequence[int | str] = (1, 2, 160),
    constants: Sequence[onnx.TensorProto] = (),
) -> Path:
    """A graph from ``mix`` to ``out``, unchecked: no exporter would write it."""
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name in ("mix", "out")]
    made = helper.make_graph(list(nodes), "test", tensors[:1], tensors[1:], list(constants))
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets]
    path.write_bytes(helper.make_model(made, opset_imports=imports, ir_version=ir_version).SerializeToString())
    return path


SAME = helper.make_node("Identity", ["mix"], ["out"])


@pytest.mark.parametrize("shape", [(1, 2, 1 << 41), (1, 1 << 20, 1 << 20), (MOST_NUMBERS + 1,)])
def test_a_tensor_declared_larger_than_memory_is_refused_before_it_is_made(tmp_path: Path, shape: list[int]) -> None:
    with pytest.raises(ModelError, match=r"mix \(.*: declares more than 67,108,864 numbers"):
        open_graph(save_graph(tmp_path / "m.onnx", [SAME], shape=shape))


def test_an_axis_of_no_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"mix \(1, 2, 0\): has an axis of no length"):
        open_graph(save_graph(tmp_path / "m.onnx", [SAME], shape=(1, 2, 0)))


@pytest.mark.parametrize(
    ("nodes", "more", "said"),
    [
        (
            [helper.make_node("Magic", ["mix"], ["out"], domain="com.example")],
            {"opsets": (("", 17), ("com.example", 1))},
            "needs the operator com.example:Magic, which ONNX Runtime does not have",
        ),
        ([helper.make_node("Magic", ["mix"], ["out"])], {}, "Magic"),
        ([SAME], {"opsets": (("", 999),)}, "of a version of ONNX that ONNX Runtime"),
        ([SAME], {"ir_version": 999}, "of a version of ONNX that ONNX Runtime"),
        ([helper.make_node("Identity", ["absent"], ["out"])], {}, "cannot be loaded"),
    ],
)
def test_a_graph_that_cannot_be_loaded_says_why(
    tmp_path: Path, nodes: list[onnx.NodeProto], more: dict[str, object], said: str
) -> None:
    with pytest.raises(ModelError) as caught:
        open_graph(save_graph(tmp_path / "m.onnx", nodes, **more))  # type: ignore[arg-type]
    assert caught.value.message.startswith(f"{tmp_path / 'm.onnx'}: cannot be loaded")
    assert said in caught.value.message
    assert "/onnxruntime" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("place", ["../outside.bin", "/etc/passwd", "beside.bin", "absent.bin"])
def test_no_other_file_is_read_wherever_a_graph_says_that_its_weights_are(tmp_path: Path, place: str) -> None:
    (tmp_path / "in").mkdir()
    for file in (tmp_path / "outside.bin", tmp_path / "in" / "beside.bin"):
        file.write_bytes(bytes(640))
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[160], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", place), ("offset", "0"), ("length", "640")):
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    path = save_graph(tmp_path / "in" / "m.onnx", [helper.make_node("Add", ["mix", "w"], ["out"])], constants=[weights])
    with pytest.raises(ModelError, match="keeps weights in a second file; export it in one piece"):
        open_graph(path)


def test_a_file_that_no_model_can_be_is_neither_read_nor_copied(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").touch()
    os.truncate(tmp_path / "m.onnx", 1 << 31)  # a hole: it takes no space
    with pytest.raises(ModelError, match="larger than 2 GiB"):
        open_graph(tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="larger than 2 GiB"):
        copy_file(tmp_path / "m.onnx", tmp_path / "copy.onnx")
    with pytest.raises(ModelError, match="not a file"):
        copy_file(tmp_path, tmp_path / "copy.onnx")
    assert not (tmp_path / "copy.onnx").exists()


@pytest.mark.parametrize(("columns", "frames"), [(1 << 20, "1,073,740,800"), (1, "0")])
def test_pieces_that_are_too_long_or_empty_are_refused(tmp_path: Path, columns: int, frames: str) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "mix", (1, 4, 8, columns), 1.0)
    with pytest.raises(ModelError, match=f"takes pieces of {frames} frames"):
        open_separator(path, "mdxnet", ["vocals"], window=6144)


def test_a_hop_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = graphs.write_delaying_graph(tmp_path / "m.onnx", 2 * MOST_HOP, 4, (0.5, 0.5))
    with pytest.raises(ModelError, match="a hop of 2,097,152 frames"):
        open_streaming(path, ("drums", "bass"))


def test_a_spectrum_larger_than_memory_is_refused_before_it_is_made() -> None:
    with pytest.raises(ModelError, match=r"window 65536 and hop 1 over 1,000,000 frames"):
        Stft(65536, 1).analyse(np.zeros((2, 1_000_000), np.float32))


def test_a_memory_that_grows_from_step_to_step_is_refused(tmp_path: Path) -> None:
    builder = Builder()
    history, chunk = builder.find_input("history", ("any", 2, 4)), builder.find_input("audio_chunk", (1, 2, 4))
    stems = builder.axis(chunk, 1)
    builder.output("separated_chunk", stems, (1, 1, 2, 4))
    builder.output("next_history", builder.node("Concat", history, chunk, axis=0), ("more", 2, 4))
    separator = open_streaming(builder.write(tmp_path / "m.onnx"), ("drums",))
    with pytest.raises(ModelError, match=r"output next_history: expected \(1, 2, 4\), found \(2, 2, 4\)"):
        separator.separate(noise(8), 44100)


def test_a_graph_whose_output_has_another_shape_each_time_is_refused(tmp_path: Path) -> None:
    builder = Builder()
    value = builder.find_input("mix", (1, 2, 160))
    loud = builder.node("Cast", builder.node("Greater", value, builder.constant(0.0)), to=TensorProto.INT64)
    count = builder.node("ReduceSum", loud, keepdims=0)
    many = builder.node("Concat", *(builder.axis(count, 0), builder.constant([2, 2, 160], np.int64)), axis=0)
    builder.output("stems", builder.node("Expand", builder.axis(value, 1), many), ("any", 2, 2, 160))
    separator = open_separator(builder.write(tmp_path / "m.onnx"), "htdemucs", ["drums", "bass"])
    one = np.full((2, 160), -0.1, np.float32)
    one[0, 0] = 0.1
    assert separator.separate(one, 44100).shape == (3, 2, 160)
    with pytest.raises(ModelError, match=r"no waveform output \(1, 2, 2, 160\); it gave stems \("):
        separator.separate(np.abs(one), 44100)


def test_frames_come_back_as_they_were_sent_and_no_others_are_taken() -> None:
    arrays = {"a": noise(3), "b": np.array(True), "c": np.zeros((0, 2), np.int64), "d": np.array([[1.5]], np.float16)}
    pipe = io.BytesIO()
    write_message(pipe, MessageHeader(error="e", fix="f"), arrays)
    pipe.seek(0)
    header, again = read_message(pipe)
    assert (header.error, header.fix) == ("e", "f")
    assert {name: (array.dtype, array.shape) for name, array in again.items()} == {
        name: (array.dtype, array.shape) for name, array in arrays.items()
    }
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)
    with pytest.raises(EOFError):
        read_message(pipe)
    with pytest.raises(ValueError, match="a header of"):
        read_message(io.BytesIO(b"\xff\xff\xff\xff"))
    with pytest.raises(ValueError, match="numbers, or none"):
        write_message(io.BytesIO(), MessageHeader(), {"a": np.array("text")})
    with pytest.raises(ValueError, match="more than 268,435,456 numbers"):
        write_message(
            io.BytesIO(), MessageHeader(), {"a": np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 29,), (0,))}
        )
